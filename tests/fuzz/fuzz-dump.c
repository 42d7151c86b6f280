/* SPDX-License-Identifier: MIT */
/* A dump: within its room, and the same however the bytes are cut into pieces. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dump whole = { 0 }, parts = { 0 };
	size_t room, used, again = 0, at = 0;
	char *one, *two;

	if (size < 2)
		return 0;
	whole.address = (uint64_t)data[0] << (data[1] % 56);
	whole.verbose = parts.verbose = data[0] & 1;
	parts.address = whole.address;
	data += 2;
	size -= 2;
	room = DUMP_ROOM(size);
	one = malloc(room);
	two = malloc(room);
	if (one == NULL || two == NULL)
		abort();
	used = dump_bytes(&whole, data, size, one);
	used += dump_end(&whole, one + used);
	while (at < size) {
		size_t part = 1 + data[at] % 40, got;
		char *piece = malloc(DUMP_ROOM(part));

		if (piece == NULL)
			abort();
		part = part < size - at ? part : size - at;
		got = dump_bytes(&parts, data + at, part, piece);
		assert(again + got <= room);
		memcpy(two + again, piece, got);
		again += got;
		at += part;
		free(piece);
	}
	again += dump_end(&parts, two + again);
	assert(used == again && used <= room && memcmp(one, two, used) == 0);
	free(one);
	free(two);
	return 0;
}
