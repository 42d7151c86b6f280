/* SPDX-License-Identifier: MIT */
#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Text from the command line into values.  Each function reads the whole of
 * TEXT, returns NULL and stores the value, or returns a phrase that says what
 * is wrong ("is not a number") and stores nothing.  Nothing here prints or
 * exits, and nothing depends on the locale.
 */

/*
 * A length of time: digits, a fraction or both, and an optional unit out of
 * ms, s (the default), m, h, d.  "1.5", ".5", "250ms" and "2m" are all right;
 * signs, blanks, exponents and a point without digits behind it are not.
 * Unit of the result: nanoseconds.  Range: 0 up to 10^18 (10^9 seconds).
 */
const char *scan_duration(const char *text, int64_t *nanoseconds);

/*
 * A whole number in decimal, between LEAST and MOST (both at least 0), without
 * sign or leading zeros.
 */
const char *scan_number(const char *text, int64_t least, int64_t most, int64_t *number);

/*
 * A number of bytes: decimal, with an optional unit.  K M G T and KiB MiB GiB
 * TiB are powers of 1024, kB MB GB TB powers of 1000.  Range: 0 to 2^63 - 1.
 */
const char *scan_size(const char *text, int64_t *bytes);

/*
 * A place in something: a number of bytes as above, or 0x and hexadecimal.  With
 * a dash in front it counts from the end: FROM_END is then set.
 */
const char *scan_offset(const char *text, int64_t *bytes, bool *from_end);

/* Permission bits in octal, 0 to 0777, with or without leading zeros. */
const char *scan_mode(const char *text, mode_t *mode);

#endif
