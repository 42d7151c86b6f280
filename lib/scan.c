/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { NANOS = 1000000000 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The digits TEXT starts with, as a number; END is set behind them.  Returns
 * NULL or what is wrong with them.
 */
static const char *scan_digits(const char *text, int64_t *number, const char **end)
{
	int64_t value = 0;
	const char *c = text;

	if (!is_digit(*c))
		return "is not a number";
	if (*c == '0' && is_digit(c[1]))
		return "has a leading zero";
	for (; is_digit(*c); c++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *c - '0', &value))
			return "is too large";
	*number = value;
	*end = c;
	return NULL;
}

/* Nanoseconds in one UNIT, or 0 when there is no such unit. */
static int64_t unit_nanos(const char *unit)
{
	if (strcmp(unit, "ms") == 0)
		return NANOS / 1000;
	if (*unit == '\0' || strcmp(unit, "s") == 0)
		return NANOS;
	if (strcmp(unit, "m") == 0)
		return 60 * (int64_t)NANOS;
	if (strcmp(unit, "h") == 0)
		return 3600 * (int64_t)NANOS;
	if (strcmp(unit, "d") == 0)
		return 86400 * (int64_t)NANOS;
	return 0;
}

const char *scan_duration(const char *text, int64_t *nanoseconds)
{
	const char *c = text;
	int64_t whole = 0, fraction = 0, scale = 1, unit;
	__int128 nanos;

	if (!is_digit(*c) && *c != '.')
		return "is not a duration";
	for (; is_digit(*c); c++) {
		whole = whole * 10 + (*c - '0');
		if (whole > (int64_t)NANOS * 1000)
			return "is too long";
	}
	if (*c == '.') {
		if (!is_digit(*++c))
			return "is not a duration";
		for (; is_digit(*c); c++)
			if (scale < NANOS) {
				fraction = fraction * 10 + (*c - '0');
				scale *= 10;
			}
	}
	unit = unit_nanos(c);
	if (unit == 0)
		return "has an unknown unit (ms, s, m, h and d are known)";
	nanos = (__int128)whole * unit + (__int128)fraction * unit / scale;
	if (nanos > (__int128)NANOS * NANOS)
		return "is too long";
	*nanoseconds = (int64_t)nanos;
	return NULL;
}

const char *scan_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
	const char *end;
	int64_t value;
	const char *wrong = scan_digits(text, &value, &end);

	if (wrong != NULL)
		return wrong;
	if (*end != '\0')
		return "is not a number";
	if (value < least)
		return "is too small";
	if (value > most)
		return "is too large";
	*number = value;
	return NULL;
}

/* Bytes in one UNIT, or 0 when there is no such unit. */
static int64_t unit_bytes(const char *unit)
{
	static const char powers_of_1024[] = "KMGT", powers_of_1000[] = "kMGT";
	const char *at;
	int64_t bytes = 1;

	if (*unit == '\0')
		return 1;
	if (unit[1] == '\0' || strcmp(unit + 1, "iB") == 0) {
		at = strchr(powers_of_1024, unit[0]);
		for (const char *c = powers_of_1024; at != NULL && c <= at; c++)
			bytes *= 1024;
	} else {
		at = strcmp(unit + 1, "B") == 0 ? strchr(powers_of_1000, unit[0]) : NULL;
		for (const char *c = powers_of_1000; at != NULL && c <= at; c++)
			bytes *= 1000;
	}
	return at != NULL ? bytes : 0;
}

const char *scan_size(const char *text, int64_t *bytes)
{
	const char *unit;
	int64_t value, factor, product;
	const char *wrong = scan_digits(text, &value, &unit);

	if (wrong != NULL)
		return wrong;
	factor = unit_bytes(unit);
	if (factor == 0)
		return "has an unknown unit (K M G T, KiB MiB GiB TiB, kB MB GB TB are known)";
	if (__builtin_mul_overflow(value, factor, &product))
		return "is too large";
	*bytes = product;
	return NULL;
}

static const char *scan_hex(const char *digits, int64_t *number)
{
	const char *at = digits;
	int64_t value = 0;

	for (; *at != '\0'; at++) {
		int digit = is_digit(*at)                            ? *at - '0'
			    : (*at | 32) >= 'a' && (*at | 32) <= 'f' ? (*at | 32) - 'a' + 10
								     : -1;

		if (digit < 0)
			return "is not a number";
		if (value >> 59 != 0)
			return "is too large";
		value = value * 16 + digit;
	}
	if (at == digits)
		return "is not a number";
	*number = value;
	return NULL;
}

const char *scan_offset(const char *text, int64_t *bytes, bool *from_end)
{
	bool dash = *text == '-';
	const char *wrong;

	text += dash;
	wrong = strncmp(text, "0x", 2) == 0 ? scan_hex(text + 2, bytes) : scan_size(text, bytes);
	if (wrong == NULL)
		*from_end = dash;
	return wrong;
}

const char *scan_mode(const char *text, mode_t *mode)
{
	mode_t value = 0;
	const char *c = text;

	for (; *c >= '0' && *c <= '7'; c++) {
		value = value * 8 + (mode_t)(*c - '0');
		if (value > 0777)
			return "is more than 0777";
	}
	if (c == text || *c != '\0')
		return "is not an octal mode";
	*mode = value;
	return NULL;
}
