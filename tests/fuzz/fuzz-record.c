/* SPDX-License-Identifier: MIT */
/* Records: found inside the bytes at hand, and the same after writing and reading. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

static void write_and_parse(enum frame frame, const struct record *record)
{
	struct record_parser parser = { .frame = frame };
	struct record again;
	ssize_t length = record_write(frame, record, NULL, 0);
	char *out;

	assert(length > 0);
	out = malloc((size_t)length);
	if (out == NULL)
		return;
	assert(record_write(frame, record, out, (size_t)length) == length);
	assert(record_parse(&parser, out, (size_t)length, false, &again) == RECORD_FOUND);
	assert(parser.consumed == (size_t)length);
	assert(again.length == record->length);
	assert(memcmp(again.data, record->data, record->length) == 0);
	if (frame == FRAME_JSON) {
		assert(again.label == record->label);
		assert(again.label_value == record->label_value);
	}
	free(parser.storage.bytes);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_parser parser = { 0 };
	struct record record;
	size_t at = 0, length = size - 1;
	char *bytes;

	if (size == 0 || (bytes = malloc(length)) == NULL)
		return 0;
	memcpy(bytes, data + 1, length);
	parser.frame = (data[0] & 127) % (FRAME_WHOLE + 1);
	while (record_parse(&parser, bytes + at, length - at, data[0] & 128, &record) ==
	       RECORD_FOUND) {
		assert(parser.consumed <= length - at);
		if (parser.frame != FRAME_JSON) {
			assert(record.data >= bytes + at);
			assert(record.length <= parser.consumed);
			assert(record.data + record.length <= bytes + at + parser.consumed);
		}
		write_and_parse(FRAME_NETSTRING, &record);
		write_and_parse(FRAME_JSON, &record);
		at += parser.consumed;
		if (parser.frame == FRAME_WHOLE)
			break;
	}
	free(parser.storage.bytes);
	free(bytes);
	return 0;
}
