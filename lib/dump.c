/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <string.h>

static const char hex[] = "0123456789abcdef";

static char *put_address(char *out, uint64_t address)
{
	int digits = 8;

	while (digits < 16 && address >> (4 * digits) != 0)
		digits++;
	for (int i = digits; i-- > 0;)
		*out++ = hex[address >> (4 * i) & 15];
	return out;
}

static char *put_row(char *out, uint64_t address, const unsigned char *bytes, size_t length)
{
	out = put_address(out, address);
	*out++ = ' ';
	*out++ = ' ';
	memset(out, ' ', 50);
	for (size_t i = 0; i < length; i++) {
		char *at = out + 3 * i + i / 8;

		at[0] = hex[bytes[i] >> 4];
		at[1] = hex[bytes[i] & 15];
	}
	out += 50;
	*out++ = '|';
	for (size_t i = 0; i < length; i++)
		*out++ = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.';
	*out++ = '|';
	*out++ = '\n';
	return out;
}

/* A row of sixteen bytes, or nothing or a star in its place. */
static char *put_full(struct dump *dump, char *out, const unsigned char *bytes)
{
	bool repeats = dump->has_last && memcmp(bytes, dump->last, 16) == 0;

	if (repeats && !dump->verbose) {
		if (!dump->starred) {
			*out++ = '*';
			*out++ = '\n';
		}
		dump->starred = true;
	} else {
		out = put_row(out, dump->address, bytes, 16);
		memcpy(dump->last, bytes, 16);
		dump->has_last = true;
		dump->starred = false;
	}
	dump->address += 16;
	return out;
}

size_t dump_bytes(struct dump *dump, const void *bytes, size_t length, char *out)
{
	const unsigned char *at = bytes;
	char *start = out;

	if (dump->held > 0) {
		size_t taken = 16 - dump->held < length ? 16 - dump->held : length;

		memcpy(dump->row + dump->held, at, taken);
		dump->held += taken;
		at += taken;
		length -= taken;
		if (dump->held < 16)
			return 0;
		out = put_full(dump, out, dump->row);
		dump->held = 0;
	}
	for (; length >= 16; at += 16, length -= 16)
		out = put_full(dump, out, at);
	memcpy(dump->row, at, length);
	dump->held = length;
	return (size_t)(out - start);
}

size_t dump_end(struct dump *dump, char *out)
{
	char *start = out;

	if (dump->held > 0)
		out = put_row(out, dump->address, dump->row, dump->held);
	else if (!dump->has_last)
		return 0;
	dump->address += dump->held;
	dump->held = 0;
	out = put_address(out, dump->address);
	*out++ = '\n';
	return (size_t)(out - start);
}
