/* SPDX-License-Identifier: MIT */
#ifndef SAY_H
#define SAY_H

#include <stddef.h>

/*
 * Diagnostics: one line each, on stderr, starting with the command's name and
 * written in one call, so that two commands of a pipeline never mix inside a
 * line.
 */

/*
 * say() prints the text alone.  say_errno() adds ": " and the message of the
 * errno that the caller saw last; it leaves errno as it was.
 */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Copy LENGTH bytes of TEXT to OUT so that a terminal shows them and obeys
 * none: control characters (C0, DEL and C1) and bytes that are not UTF-8
 * become \xHH, in lower case.  Backslashes do, too, when BACKSLASH is set: the
 * result can then be read back without a doubt.
 * OUT takes at most 4 * LENGTH bytes and no terminating NUL.  Returns how many
 * it took.
 */
enum say_backslash { SAY_BACKSLASH_PLAIN, SAY_BACKSLASH_ESCAPED };
size_t say_defang(char *out, const char *text, size_t length, enum say_backslash backslash);

#endif
