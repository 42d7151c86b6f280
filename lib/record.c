/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char *const frame_names[] = {
	[FRAME_LINE] = "line", [FRAME_NUL] = "nul",     [FRAME_NETSTRING] = "netstring",
	[FRAME_JSON] = "json", [FRAME_WHOLE] = "whole",
};

static const char *const labels[] = { "priority", "type" };

/* Longer than the header of any netstring whose length fits a size_t. */
enum { NETSTRING_HEADER = 24 };

int record_frame(const char *name)
{
	for (size_t i = 0; i < sizeof frame_names / sizeof *frame_names; i++)
		if (strcmp(name, frame_names[i]) == 0)
			return (int)i;
	return -1;
}

static enum record_found broken(struct record_parser *parser, const char *phrase, size_t at)
{
	parser->phrase = phrase;
	parser->at = at;
	return RECORD_BROKEN;
}

static enum record_found parse_ended(struct record_parser *parser, const char *bytes, size_t length,
				     bool last, char end, struct record *record)
{
	const char *found = memchr(bytes + parser->searched, end, length - parser->searched);

	if (found == NULL && !last) {
		parser->searched = length;
		return RECORD_PARTIAL;
	}
	parser->searched = 0;
	if (found == NULL && length == 0)
		return RECORD_END;
	record->data = bytes;
	record->length = found != NULL ? (size_t)(found - bytes) : length;
	parser->consumed = record->length + (found != NULL);
	return RECORD_FOUND;
}

static enum record_found parse_netstring(struct record_parser *parser, const char *bytes,
					 size_t length, bool last, struct record *record)
{
	size_t at = 0, size = 0;

	if (length == 0 && last)
		return RECORD_END;
	for (; at < length && bytes[at] >= '0' && bytes[at] <= '9'; at++)
		if (__builtin_mul_overflow(size, 10, &size) ||
		    __builtin_add_overflow(size, (size_t)(bytes[at] - '0'), &size) ||
		    size > SSIZE_MAX - NETSTRING_HEADER)
			return broken(parser, "has a length that is too large", at);
	if (at > 1 && bytes[0] == '0')
		return broken(parser, "has a length with a leading zero", 0);
	if (at < length && bytes[at] != ':')
		return broken(parser, "is no netstring: a digit or a colon is wanted here", at);
	if (at == 0 && length > 0)
		return broken(parser, "is no netstring: a digit is wanted here", 0);
	if (at == length)
		return last ? broken(parser, "ends in its length", length) : RECORD_PARTIAL;
	at++;
	parser->consumed = at + size + 1;
	record->length = size;
	if (length < parser->consumed)
		return last ? broken(parser, "ends before its length", length) : RECORD_PARTIAL;
	if (bytes[at + size] != ',')
		return broken(parser, "has no comma at its end", at + size);
	record->data = bytes + at;
	return RECORD_FOUND;
}

static enum record_found parse_json(struct record_parser *parser, const char *bytes, size_t length,
				    bool last, struct record *record)
{
	struct json_bytes object;
	enum record_found found = parse_ended(parser, bytes, length, last, '\n', record);
	const char *wrong;

	if (found != RECORD_FOUND)
		return found;
	wrong = json_read(record->data, record->length, parser->unlabelled ? NULL : labels, &object,
			  &parser->storage, &parser->at);
	if (wrong != NULL) {
		record->length = 0; /* That of the line says nothing of a record. */
		return broken(parser, wrong, parser->at);
	}
	record->data = object.bytes;
	record->length = object.length;
	if (object.label != NULL) {
		record->label = object.label == labels[0] ? RECORD_PRIORITY : RECORD_TYPE;
		record->label_value = object.label_value;
	}
	return RECORD_FOUND;
}

enum record_found record_parse(struct record_parser *parser, const char *bytes, size_t length,
			       bool last, struct record *record)
{
	*record = (struct record){ 0 };
	parser->consumed = 0;
	switch (parser->frame) {
	case FRAME_LINE:
		return parse_ended(parser, bytes, length, last, '\n', record);
	case FRAME_NUL:
		return parse_ended(parser, bytes, length, last, '\0', record);
	case FRAME_NETSTRING:
		return parse_netstring(parser, bytes, length, last, record);
	case FRAME_JSON:
		return parse_json(parser, bytes, length, last, record);
	case FRAME_WHOLE:
		break;
	}
	if (!last)
		return RECORD_PARTIAL;
	record->data = bytes;
	record->length = length;
	parser->consumed = length;
	return RECORD_FOUND;
}

static ssize_t write_ended(const struct record *record, char end, char *out, size_t size)
{
	if (memchr(record->data, end, record->length) != NULL) {
		errno = EILSEQ;
		return -1;
	}
	if (record->length < size) {
		memcpy(out, record->data, record->length);
		out[record->length] = end;
	}
	return (ssize_t)record->length + 1;
}

static ssize_t write_netstring(const struct record *record, char *out, size_t size)
{
	char header[NETSTRING_HEADER];
	size_t head = (size_t)sprintf(header, "%zu:", record->length);
	size_t whole = head + record->length + 1;

	if (whole <= size) {
		memcpy(out, header, head);
		memcpy(out + head, record->data, record->length);
		out[whole - 1] = ',';
	}
	return (ssize_t)whole;
}

static ssize_t write_json(const struct record *record, char *out, size_t size)
{
	const struct json_bytes object = {
		.bytes = record->data,
		.length = record->length,
		.label = record->label == RECORD_NO_LABEL
				 ? NULL
				 : labels[record->label != RECORD_PRIORITY],
		.label_value = record->label_value,
		.ref = record->ref,
	};
	ssize_t length = json_write(&object, out, size);

	if (length >= 0 && (size_t)length < size)
		out[length] = '\n';
	return length < 0 ? -1 : length + 1;
}

ssize_t record_write(enum frame frame, const struct record *record, char *out, size_t size)
{
	switch (frame) {
	case FRAME_LINE:
		return write_ended(record, '\n', out, size);
	case FRAME_NUL:
		return write_ended(record, '\0', out, size);
	case FRAME_NETSTRING:
		return write_netstring(record, out, size);
	case FRAME_JSON:
		return write_json(record, out, size);
	case FRAME_WHOLE:
		break;
	}
	if (record->length <= size)
		memcpy(out, record->data, record->length);
	return (ssize_t)record->length;
}
