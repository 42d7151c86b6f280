/* SPDX-License-Identifier: MIT */
/* Messages of calls: what is accepted is in range; what is written is read the same. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "call-stream.h"
#include "call.h"

static void accept(const char *wrong, const struct call_header *header, size_t length)
{
	char again[CALL_HEADER_SIZE];
	struct call_header copy = *header;

	if (wrong != NULL)
		return;
	assert(header->length == length - CALL_HEADER_SIZE);
	assert(header->pid > 0);
	assert(header->sequence > 0 && header->sequence << 2 >> 2 == header->sequence);
	call_write(&copy, again);
	assert(memcmp(again, header, sizeof again) == 0);
}

/* Whatever the other side leaves in a stream, no byte outside of it is pointed to. */
static void look(const uint64_t *numbers)
{
	static char bytes[CALL_STREAM_SIZE];
	struct call_stream stream = { .in = numbers[0], .out = numbers[1] };
	struct call_end end = {
		.stream = &stream, .bytes = bytes, .own = numbers[2], .writes = numbers[0] & 1
	};
	char *at = NULL;
	ssize_t count = call_end_look(&end, &at);

	if (count >= 0)
		assert(at >= bytes && at + count <= bytes + sizeof bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct call_header header;
	uint64_t numbers[3];
	char *bytes = malloc(size);
	const char *wrong;

	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	/* So that not all is refused for its first bytes. */
	if (size > CALL_HEADER_SIZE && data[size - 1] & 1) {
		uint64_t length = size - CALL_HEADER_SIZE;

		memcpy(bytes, CALL_MAGIC "\1", 5);
		memcpy(bytes + 56, &length, sizeof length);
	}
	wrong = call_read_request(bytes, size, &header);
	accept(wrong, &header, size);
	if (wrong == NULL) {
		assert(header.kind == CALL_REQUEST && header.desk >= 0 && header.reply >= 0);
		if (header.reply >= CALL_TYPE_LEAST)
			assert(call_type_pid(header.reply) == header.pid);
	}
	wrong = call_read_reply(bytes, size, &header);
	accept(wrong, &header, size);
	if (wrong == NULL)
		assert(header.error < CALL_ERRORS);
	if (size >= sizeof numbers) {
		memcpy(numbers, data, sizeof numbers);
		look(numbers);
	}
	free(bytes);
	return 0;
}
