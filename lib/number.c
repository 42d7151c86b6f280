/* SPDX-License-Identifier: MIT */
#include "number.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bool host_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

const char *number_type_scan(const char *text, size_t length, struct number_type *type)
{
	static const struct {
		const char *word;
		enum number_kind kind;
		size_t size;
	} known[] = {
		{ "u8", NUMBER_UNSIGNED, 1 },  { "i8", NUMBER_SIGNED, 1 },
		{ "u16", NUMBER_UNSIGNED, 2 }, { "i16", NUMBER_SIGNED, 2 },
		{ "u32", NUMBER_UNSIGNED, 4 }, { "i32", NUMBER_SIGNED, 4 },
		{ "u64", NUMBER_UNSIGNED, 8 }, { "i64", NUMBER_SIGNED, 8 },
		{ "f32", NUMBER_FLOAT, 4 },    { "f64", NUMBER_FLOAT, 8 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		size_t word = strlen(known[i].word);
		bool big = host_is_big;

		if (length < word || memcmp(text, known[i].word, word) != 0)
			continue;
		if (length == word + 2 && memcmp(text + word, "be", 2) == 0)
			big = true;
		else if (length == word + 2 && memcmp(text + word, "le", 2) == 0)
			big = false;
		else if (length != word)
			break;
		*type = (struct number_type){ known[i].kind, known[i].size, big != host_is_big };
		return NULL;
	}
	return "is not u8, i8, u16, i16, u32, i32, u64, i64, f32 or f64 (with le or be)";
}

static uint64_t swap(uint64_t bits, size_t size)
{
	return __builtin_bswap64(bits) >> (64 - 8 * size);
}

uint64_t number_load(const struct number_type *type, const void *bytes)
{
	uint64_t bits = 0;

	if (host_is_big)
		memcpy((char *)&bits + sizeof bits - type->size, bytes, type->size);
	else
		memcpy(&bits, bytes, type->size);
	return type->swapped ? swap(bits, type->size) : bits;
}

void number_save(const struct number_type *type, uint64_t bits, void *bytes)
{
	if (type->swapped)
		bits = swap(bits, type->size);
	if (host_is_big)
		memcpy(bytes, (char *)&bits + sizeof bits - type->size, type->size);
	else
		memcpy(bytes, &bits, type->size);
}

static int64_t as_signed(const struct number_type *type, uint64_t bits)
{
	unsigned unused = 64 - 8 * (unsigned)type->size;

	return (int64_t)(bits << unused) >> unused;
}

static double as_float(const struct number_type *type, uint64_t bits)
{
	uint32_t half = (uint32_t)bits;
	double wide;
	float narrow;

	if (type->size == 8) {
		memcpy(&wide, &bits, sizeof wide);
		return wide;
	}
	memcpy(&narrow, &half, sizeof narrow);
	return narrow;
}

static uint64_t from_float(const struct number_type *type, double wide)
{
	uint64_t bits = 0;
	uint32_t half;
	float narrow = (float)wide;

	if (type->size == 8) {
		memcpy(&bits, &wide, sizeof bits);
		return bits;
	}
	memcpy(&half, &narrow, sizeof half);
	return half;
}

static unsigned fraction_bits(const struct number_type *type)
{
	return type->size == 8 ? DBL_MANT_DIG - 1 : FLT_MANT_DIG - 1;
}

static size_t print_whole(uint64_t value, bool negative, char *out)
{
	char digits[20];
	size_t count = 0, used = 0;

	do
		digits[count++] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	if (negative)
		out[used++] = '-';
	while (count > 0)
		out[used++] = digits[--count];
	return used;
}

/* DIGITS, "dddd", with the point behind the first, and an EXPONENT of ten, read as TYPE. */
static double read_digits(const struct number_type *type, const char *digits, int exponent)
{
	char text[40];

	snprintf(text, sizeof text, "%c.%se%d", digits[0], digits + 1, exponent);
	return type->size == 8 ? strtod(text, NULL) : (double)strtof(text, NULL);
}

/*
 * Whether COUNT digits are enough for VALUE: the nearest ones or, at a power of
 * two, where the floats below stand closer than those above, their neighbours.
 */
static bool digits_do(const struct number_type *type, double value, int count, char *digits,
		      int *exponent)
{
	char text[40];
	unsigned long long nearest;

	snprintf(text, sizeof text, "%.*e", count - 1, value);
	*exponent = atoi(strchr(text, 'e') + 1);
	digits[0] = text[0];
	memcpy(digits + 1, text + 2, (size_t)count - 1);
	digits[count] = '\0';
	if (read_digits(type, digits, *exponent) == value)
		return true;
	nearest = strtoull(digits, NULL, 10);
	for (int step = -1; step <= 1; step += 2) {
		snprintf(text, sizeof text, "%llu", nearest + (unsigned long long)step);
		if (strlen(text) != (size_t)count || read_digits(type, text, *exponent) != value)
			continue;
		strcpy(digits, text);
		return true;
	}
	return false;
}

static size_t print_digits(const char *digits, int exponent, char *out)
{
	int count = (int)strlen(digits);

	while (count > 1 && digits[count - 1] == '0')
		count--;
	if (exponent >= 0 && exponent < 16 && count <= exponent + 1)
		return (size_t)sprintf(out, "%.*s%.*s", count, digits, exponent + 1 - count,
				       "0000000000000000");
	if (exponent >= 0 && exponent < 16)
		return (size_t)sprintf(out, "%.*s.%.*s", exponent + 1, digits, count - exponent - 1,
				       digits + exponent + 1);
	if (exponent < 0 && exponent >= -4)
		return (size_t)sprintf(out, "0.%.*s%.*s", -exponent - 1, "000", count, digits);
	if (count == 1)
		return (size_t)sprintf(out, "%ce%+03d", digits[0], exponent);
	return (size_t)sprintf(out, "%c.%.*se%+03d", digits[0], count - 1, digits + 1, exponent);
}

static size_t print_nan(const struct number_type *type, uint64_t bits, char *out)
{
	unsigned width = fraction_bits(type);
	uint64_t fraction = bits & (((uint64_t)1 << width) - 1);

	if (fraction == (uint64_t)1 << (width - 1))
		return (size_t)sprintf(out, "nan");
	return (size_t)sprintf(out, "nan(0x%llx)", (unsigned long long)fraction);
}

static size_t print_float(const struct number_type *type, uint64_t bits, char *out)
{
	double value = as_float(type, bits);
	/* What is subnormal has fewer digits than the type promises. */
	bool normal = type->size == 8 ? isnormal(value) : isnormal((float)value);
	int least = !normal ? 1 : type->size == 8 ? DBL_DIG : FLT_DIG;
	int most = type->size == 8 ? DBL_DECIMAL_DIG : FLT_DECIMAL_DIG, exponent = 0;
	char digits[24] = "0";
	size_t sign = 0;

	if (signbit(value))
		out[sign++] = '-';
	value = fabs(value);
	if (isnan(value))
		return sign + print_nan(type, bits, out + sign);
	if (isinf(value))
		return sign + (size_t)sprintf(out + sign, "inf");
	for (int count = least; value != 0 && count <= most; count++)
		if (digits_do(type, value, count, digits, &exponent))
			break;
	return sign + print_digits(digits, exponent, out + sign);
}

size_t number_print(const struct number_type *type, uint64_t bits, char *out)
{
	int64_t value;

	if (type->kind == NUMBER_FLOAT)
		return print_float(type, bits, out);
	if (type->kind == NUMBER_UNSIGNED)
		return print_whole(bits, false, out);
	value = as_signed(type, bits);
	return print_whole(value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, out);
}

static const char *scan_whole(const struct number_type *type, const char *text, uint64_t *bits)
{
	bool negative = *text == '-';
	uint64_t most = UINT64_MAX >> (64 - 8 * type->size), value;
	const char *digits = text + negative;
	int base = digits[0] == '0' && (digits[1] | 32) == 'x' ? 16 : 10;
	char *end;

	if (base == 16)
		digits += 2;
	if (digits[strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789")] != '\0' ||
	    *digits == '\0')
		return "is not a whole number";
	if (base == 10 && *digits == '0' && digits[1] != '\0')
		return "has a leading zero";
	if (negative && type->kind == NUMBER_UNSIGNED)
		return "is negative, and the type has no sign";
	errno = 0;
	value = strtoull(digits, &end, base);
	if (type->kind == NUMBER_SIGNED)
		most = most / 2 + negative;
	if (errno != 0 || value > most)
		return negative ? "is too small for the type" : "is too large for the type";
	if (negative)
		value = -value & (UINT64_MAX >> (64 - 8 * type->size));
	*bits = value;
	return NULL;
}

/* A NaN in the form that print_nan() gives it. */
static bool scan_nan(const struct number_type *type, const char *text, uint64_t *bits)
{
	unsigned width = fraction_bits(type);
	uint64_t fraction = (uint64_t)1 << (width - 1), sign = 0;
	uint64_t exponent = (UINT64_MAX >> (64 - 8 * type->size)) >> (width + 1);
	char *end;

	if (*text == '-')
		sign = (uint64_t)1 << (8 * type->size - 1);
	text += *text == '-';
	if (strncmp(text, "nan(0x", 6) == 0) {
		fraction = strtoull(text + 6, &end, 16);
		if (text[6] == '-' || strcmp(end, ")") != 0 || fraction == 0 || fraction >> width)
			return false;
	} else if (strcmp(text, "nan") != 0) {
		return false;
	}
	*bits = sign | exponent << width | fraction;
	return true;
}

static const char *scan_float(const struct number_type *type, const char *text, uint64_t *bits)
{
	double value;
	char *end;

	if (scan_nan(type, text, bits))
		return NULL;
	/* strtod() takes blanks, a plus, "infinity" and its own nan() as well. */
	if (strcmp(text, "inf") != 0 && strcmp(text, "-inf") != 0 &&
	    text[strspn(text, "-0123456789.eE+xXabcdefABCDEFpP")] != '\0')
		return "is not a number";
	if (*text == '\0' || *text == '+')
		return "is not a number";
	value = type->size == 8 ? strtod(text, &end) : (double)strtof(text, &end);
	if (end == text || *end != '\0')
		return "is not a number";
	if (isinf(value) && strstr(text, "inf") == NULL)
		return "is too large for the type";
	*bits = from_float(type, value);
	return NULL;
}

const char *number_scan(const struct number_type *type, const char *text, uint64_t *bits)
{
	return type->kind == NUMBER_FLOAT ? scan_float(type, text, bits)
					  : scan_whole(type, text, bits);
}

int number_compare(const struct number_type *type, uint64_t a, uint64_t b, bool *unordered)
{
	double x, y;

	*unordered = false;
	switch (type->kind) {
	case NUMBER_UNSIGNED:
		return a < b ? -1 : a > b;
	case NUMBER_SIGNED:
		return as_signed(type, a) < as_signed(type, b) ? -1 : a != b;
	case NUMBER_FLOAT:
		break;
	}
	x = as_float(type, a);
	y = as_float(type, b);
	*unordered = isnan(x) || isnan(y);
	return x < y ? -1 : x > y;
}
