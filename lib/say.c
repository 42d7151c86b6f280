/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The number of bytes of the UTF-8 character that TEXT starts with, or 0 when
 * there is none (overlong forms, surrogates and what is past U+10FFFF count as
 * none).
 */
static size_t utf8_length(const unsigned char *text, size_t length)
{
	unsigned char lead = text[0], least = 0x80, most = 0xbf;
	size_t wanted;

	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		wanted = 2;
	else if (lead >= 0xe0 && lead <= 0xef)
		wanted = 3;
	else if (lead >= 0xf0 && lead <= 0xf4)
		wanted = 4;
	else
		return 0;
	if (lead == 0xe0)
		least = 0xa0;
	else if (lead == 0xed)
		most = 0x9f;
	else if (lead == 0xf0)
		least = 0x90;
	else if (lead == 0xf4)
		most = 0x8f;
	if (length < wanted || text[1] < least || text[1] > most)
		return 0;
	for (size_t i = 2; i < wanted; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return wanted;
}

static bool is_control(const unsigned char *text, size_t length)
{
	if (length == 1)
		return text[0] < ' ' || text[0] == 0x7f;
	return length == 2 && text[0] == 0xc2 && text[1] < 0xa0;
}

size_t say_defang(char *out, const char *text, size_t length, enum say_backslash backslash)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = (const unsigned char *)text;
	size_t used = 0;

	for (size_t i = 0; i < length;) {
		size_t whole = utf8_length(in + i, length - i);
		bool plain = whole > 0 && !is_control(in + i, whole) &&
			     (in[i] != '\\' || backslash == SAY_BACKSLASH_PLAIN);

		if (whole == 0)
			whole = 1;
		for (size_t end = i + whole; i < end; i++) {
			if (plain) {
				out[used++] = text[i];
				continue;
			}
			out[used++] = '\\';
			out[used++] = 'x';
			out[used++] = digits[in[i] >> 4];
			out[used++] = digits[in[i] & 15];
		}
	}
	return used;
}

__attribute__((format(printf, 2, 0))) static void emit(const char *reason, const char *format,
						       va_list args)
{
	static const char cut[] = "(no memory for the message)";
	char *text = NULL, *line = NULL;
	int length = vasprintf(&text, format, args);
	size_t name = strlen(program_invocation_short_name), used;

	if (length >= 0)
		line = malloc(name + 4 * (size_t)length + (reason != NULL ? strlen(reason) : 0) +
			      8);
	if (line == NULL) {
		dprintf(STDERR_FILENO, "%s: %s\n", program_invocation_short_name, cut);
	} else {
		used = (size_t)sprintf(line, "%s: ", program_invocation_short_name);
		used += say_defang(line + used, text, (size_t)length, SAY_BACKSLASH_PLAIN);
		if (reason != NULL)
			used += (size_t)sprintf(line + used, ": %s", reason);
		line[used++] = '\n';
		/* Nobody is left to tell that stderr does not work. */
		while (write(STDERR_FILENO, line, used) < 0 && errno == EINTR)
			;
	}
	if (length >= 0)
		free(text);
	free(line);
}

void say(const char *format, ...)
{
	int kept = errno;
	va_list args;

	va_start(args, format);
	emit(NULL, format, args);
	va_end(args);
	errno = kept;
}

void say_errno(const char *format, ...)
{
	int kept = errno;
	va_list args;

	va_start(args, format);
	emit(strerror(kept), format, args);
	va_end(args);
	errno = kept;
}
