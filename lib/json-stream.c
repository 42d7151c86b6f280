/* SPDX-License-Identifier: MIT */
#include "json-stream.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

static void put(struct json_stream *stream, const char *text)
{
	fputs_unlocked(text, stream->out);
}

static void lead_in(struct json_stream *stream, const char *key)
{
	if (stream->rest)
		putc_unlocked(',', stream->out);
	stream->rest = true;
	if (key == NULL)
		return;
	putc_unlocked('"', stream->out);
	put(stream, key);
	put(stream, "\":");
}

void json_begin(struct json_stream *stream, const char *key, char bracket)
{
	lead_in(stream, key);
	putc_unlocked(bracket, stream->out);
	stream->rest = false;
}

void json_end(struct json_stream *stream, char bracket)
{
	putc_unlocked(bracket, stream->out);
	stream->rest = true;
}

void json_number(struct json_stream *stream, const char *key, int64_t number)
{
	char digits[24], *at = digits + sizeof digits;
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	*--at = '\0';
	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--at = '-';
	lead_in(stream, key);
	put(stream, at);
}

static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f || *text == '"' ||
		    *text == '\\')
			return false;
	return true;
}

void json_text(struct json_stream *stream, const char *key, const char *text)
{
	lead_in(stream, key);
	if (is_plain(text)) {
		putc_unlocked('"', stream->out);
		put(stream, text);
		putc_unlocked('"', stream->out);
	} else {
		json_t *value = json_string(text);
		OWN_MEM char *escaped = json_dumps(value, JSON_ENCODE_ANY);

		/* What is no UTF-8 is not to be shown; who calls has made it harmless. */
		put(stream, escaped != NULL ? escaped : "null");
		json_decref(value);
	}
}

void json_truth(struct json_stream *stream, const char *key, bool value)
{
	lead_in(stream, key);
	put(stream, value ? "true" : "false");
}

void json_nothing(struct json_stream *stream, const char *key)
{
	lead_in(stream, key);
	put(stream, "null");
}

void json_line(struct json_stream *stream)
{
	putc_unlocked('\n', stream->out);
}
