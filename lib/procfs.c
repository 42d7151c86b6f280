/* SPDX-License-Identifier: MIT */
#include "procfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Read on.  Returns as read(2) does. */
static ssize_t fill(struct procfs_lines *lines)
{
	size_t kept = lines->end - lines->start;
	ssize_t length;

	memmove(lines->buffer, lines->buffer + lines->start, kept);
	lines->start = 0;
	lines->end = kept;
	if (kept == lines->size) {
		errno = E2BIG;
		return -1;
	}
	do
		length = read(lines->file, lines->buffer + kept, lines->size - kept);
	while (length < 0 && errno == EINTR);
	if (length > 0)
		lines->end += (size_t)length;
	return length;
}

char *procfs_line(struct procfs_lines *lines)
{
	for (;;) {
		char *line = lines->buffer + lines->start;
		char *end = memchr(line, '\n', lines->end - lines->start);
		ssize_t length;

		if (end != NULL) {
			*end = '\0';
			lines->start = (size_t)(end + 1 - lines->buffer);
			return line;
		}
		length = fill(lines);
		if (length > 0)
			continue;
		if (length == 0)
			errno = 0;
		return NULL;
	}
}

/* The digits at C; *C is left at the first that is none.  Returns whether there is any. */
static bool take_hex(char **c, uint64_t *value)
{
	char *at = *c;

	for (*value = 0;; at++) {
		unsigned digit = (unsigned char)*at;

		if (digit - '0' <= 9)
			digit -= '0';
		else if (digit - 'a' <= 5)
			digit -= 'a' - 10;
		else
			break;
		*value = *value << 4 | digit;
	}
	if (at == *c)
		return false;
	*c = at;
	return true;
}

static bool take(char **c, char wanted)
{
	if (**c != wanted)
		return false;
	++*c;
	return true;
}

bool procfs_mapping(char *line, struct procfs_mapping *mapping)
{
	uint64_t offset, major, minor;
	char *c = line;

	if (!take_hex(&c, &mapping->start) || !take(&c, '-') || !take_hex(&c, &mapping->end) ||
	    !take(&c, ' '))
		return false;
	for (int i = 0; i < 4; i++, c++) /* rwxp */
		if (*c == '\0')
			return false;
	if (!take(&c, ' ') || !take_hex(&c, &offset) || !take(&c, ' ') || !take_hex(&c, &major) ||
	    !take(&c, ':') || !take_hex(&c, &minor) || !take(&c, ' '))
		return false;
	for (mapping->inode = 0; *c >= '0' && *c <= '9'; c++)
		mapping->inode = mapping->inode * 10 + (uint64_t)(*c - '0');
	mapping->device = makedev((unsigned)major, (unsigned)minor);
	while (*c == ' ')
		c++;
	mapping->path = c;
	return true;
}

void procfs_unescape(char *path)
{
	char *out = path;

	for (const char *in = path; *in != '\0';) {
		if (strncmp(in, "\\012", 4) == 0) {
			*out++ = '\n';
			in += 4;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
}

int procfs_numbers(const char *line, int octal, int64_t *numbers, int most)
{
	int count = 0;

	while (count < most) {
		char *end;
		int64_t value = strtoll(line, &end, count == octal ? 8 : 10);

		if (end == line)
			break;
		numbers[count++] = value;
		line = end;
	}
	return count;
}

bool procfs_call(const char *line, uint64_t numbers[PROCFS_CALL_NUMBERS])
{
	if (*line < '0' || *line > '9') /* "running", or "-1": blocked, though in no call */
		return false;
	for (int i = 0; i < PROCFS_CALL_NUMBERS; i++) {
		char *end;

		numbers[i] = strtoull(line, &end, 0);
		if (end == line)
			return false;
		line = end;
	}
	return true;
}

bool procfs_watched(const char *line, dev_t *device, ino_t *inode)
{
	unsigned long long number;
	unsigned place;

	if (strncmp(line, "tfd:", 4) != 0 ||
	    sscanf(line, "tfd: %*d events: %*x data: %*x pos:%*d ino:%llx sdev:%x", &number,
		   &place) != 2)
		return false;
	/* sdev is the kernel's own form: 12 bits and 20. */
	*device = makedev(place >> 20, place & 0xfffff);
	*inode = number;
	return true;
}

bool procfs_queue(const char *line, int64_t *bytes, pid_t *notify)
{
	long long size;
	int pid;

	if (sscanf(line, "QSIZE:%lld NOTIFY:%*d SIGNO:%*d NOTIFY_PID:%d", &size, &pid) != 2)
		return false;
	*bytes = size;
	*notify = pid;
	return true;
}
