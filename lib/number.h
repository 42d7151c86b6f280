/* SPDX-License-Identifier: MIT */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as they lie in memory: whole ones of 1, 2, 4 or 8 bytes with and
 * without a sign, and IEEE 754 ones of 4 or 8, in either byte order.
 *
 * A value is handed around as its BITS: those of the memory in the order of
 * this machine, without the bytes that its type has not.
 */
enum number_kind {
	NUMBER_UNSIGNED,
	NUMBER_SIGNED,
	NUMBER_FLOAT,
};

struct number_type {
	enum number_kind kind;
	size_t size;  /* bytes; 0: no type */
	bool swapped; /* in the other byte order than this machine's */
};

enum {
	NUMBER_SIZE_MAX = 8,
	NUMBER_TEXT_MAX = 40, /* bytes that number_print() may use */
};

/*
 * Read a type: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64, with le or be behind it
 * (this machine's order if left out).  Returns NULL or what is wrong with TEXT.
 */
const char *number_type_scan(const char *text, size_t length, struct number_type *type);

uint64_t number_load(const struct number_type *type, const void *bytes);
void number_save(const struct number_type *type, uint64_t bits, void *bytes);

/*
 * Print the value into OUT, without a NUL; returns its length.  A float has the
 * fewest digits that read back to the same bits; a NaN that is not the usual
 * one is nan(0xHH), with the bits of its fraction.
 */
size_t number_print(const struct number_type *type, uint64_t bits, char *out);

/*
 * Read a value: decimal or 0x and hexadecimal; a float also with a fraction and
 * an exponent, inf, nan, nan(0xHH).  Nothing is cut to fit: a value that the
 * type does not hold is refused (a float is rounded to the nearest, of course).
 * Returns NULL or what is wrong with TEXT, which ends with NUL.
 */
const char *number_scan(const struct number_type *type, const char *text, uint64_t *bits);

/*
 * How A stands to B: negative, 0, positive.  UNORDERED is set where one is NaN.
 */
int number_compare(const struct number_type *type, uint64_t a, uint64_t b, bool *unordered);

#endif
