/* SPDX-License-Identifier: MIT */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A text that grows.  The zero value is empty; BYTES ends in NUL once anything
 * was added, and is the caller's to free.  When memory ran out FAILED is set
 * and what did not fit is missing.
 */
struct text {
	char *bytes;
	size_t used, room;
	bool failed;
};

void text_clear(struct text *text);
void text_add(struct text *text, const char *bytes, size_t length);
void text_word(struct text *text, const char *word);
void text_number(struct text *text, int64_t number);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* WORD with whatever could drive a terminal as \xHH, backslashes too. */
void text_harmless(struct text *text, const char *word);

/* How many columns of a terminal LENGTH bytes of BYTES take, in the locale that is set. */
size_t text_width(const char *bytes, size_t length);

/* A number of bytes for people: "512", "4K", "1.5M", at most 3 digits and a letter. */
void text_size(struct text *text, int64_t bytes);

/* Seconds for people: "5s", "3m", "2h", "4d". */
void text_age(struct text *text, int64_t seconds);

/* Seconds since 1970 as ISO 8601 in UTC: "2026-11-24T00:10:00Z". */
void text_time(struct text *text, int64_t seconds);

#endif
