/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "say.h"

/* Room for LENGTH bytes more and a NUL. */
static bool make_room(struct text *text, size_t length)
{
	size_t room = text->room == 0 ? 64 : text->room;
	char *bytes;

	if (text->used + length < text->room)
		return true;
	while (room <= text->used + length)
		room *= 2;
	bytes = realloc(text->bytes, room);
	if (bytes == NULL) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->room = room;
	return true;
}

void text_clear(struct text *text)
{
	text->used = 0;
	if (make_room(text, 0))
		text->bytes[0] = '\0';
}

void text_add(struct text *text, const char *bytes, size_t length)
{
	if (!make_room(text, length))
		return;
	memcpy(text->bytes + text->used, bytes, length);
	text->used += length;
	text->bytes[text->used] = '\0';
}

void text_word(struct text *text, const char *word)
{
	text_add(text, word, strlen(word));
}

void text_number(struct text *text, int64_t number)
{
	char digits[24], *at = digits + sizeof digits;
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--at = '-';
	text_add(text, at, (size_t)(digits + sizeof digits - at));
}

void text_format(struct text *text, const char *format, ...)
{
	char *line = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text->failed = true;
		return;
	}
	text_add(text, line, (size_t)length);
	free(line);
}

void text_harmless(struct text *text, const char *word)
{
	size_t length = strlen(word);

	if (!make_room(text, 4 * length))
		return;
	text->used += say_defang(text->bytes + text->used, word, length, SAY_BACKSLASH_ESCAPED);
	text->bytes[text->used] = '\0';
}

size_t text_width(const char *bytes, size_t length)
{
	mbstate_t state = { 0 };
	size_t columns = 0;

	while (length > 0) {
		wchar_t character;
		size_t used = mbrtowc(&character, bytes, length, &state);
		int wide = 1;

		if (used == 0 || used > length) { /* no character: each byte by itself */
			used = 1;
			state = (mbstate_t){ 0 };
		} else {
			wide = wcwidth(character);
		}
		columns += wide > 0 ? (size_t)wide : 0;
		bytes += used;
		length -= used;
	}
	return columns;
}

void text_size(struct text *text, int64_t bytes)
{
	static const char letters[] = "KMGTPE";
	int letter = -1;
	double value = (double)bytes;

	if (bytes < 1024) {
		text_number(text, bytes);
		return;
	}
	for (; value >= 1024 && letter < 5; letter++)
		value /= 1024;
	/* 999.5K and more would be rounded to four digits. */
	if (value >= 999.5 && letter < 5) {
		value /= 1024;
		letter++;
	}
	if (value < 9.95 && (double)(int64_t)value != value)
		text_format(text, "%.1f%c", value, letters[letter]);
	else
		text_format(text, "%.0f%c", value, letters[letter]);
}

void text_age(struct text *text, int64_t seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 120) {
		text_number(text, seconds);
		text_add(text, "s", 1);
	} else if (seconds < 7200) {
		text_number(text, seconds / 60);
		text_add(text, "m", 1);
	} else if (seconds < 172800) {
		text_number(text, seconds / 3600);
		text_add(text, "h", 1);
	} else {
		text_number(text, seconds / 86400);
		text_add(text, "d", 1);
	}
}

static char *two_digits(char *at, int number)
{
	*at++ = (char)('0' + number / 10 % 10);
	*at++ = (char)('0' + number % 10);
	return at;
}

void text_time(struct text *text, int64_t seconds)
{
	time_t moment = (time_t)seconds;
	struct tm parts;
	char line[32], *at = line;

	if (gmtime_r(&moment, &parts) == NULL || parts.tm_year + 1900 < 1000 ||
	    parts.tm_year + 1900 > 9999) {
		text_number(text, seconds);
		return;
	}
	at = two_digits(at, (parts.tm_year + 1900) / 100);
	at = two_digits(at, (parts.tm_year + 1900) % 100);
	*at++ = '-';
	at = two_digits(at, parts.tm_mon + 1);
	*at++ = '-';
	at = two_digits(at, parts.tm_mday);
	*at++ = 'T';
	at = two_digits(at, parts.tm_hour);
	*at++ = ':';
	at = two_digits(at, parts.tm_min);
	*at++ = ':';
	at = two_digits(at, parts.tm_sec);
	*at++ = 'Z';
	text_add(text, line, (size_t)(at - line));
}
