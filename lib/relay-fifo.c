/* SPDX-License-Identifier: MIT */
#include "relay-fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"

enum {
	SHADOW_EXTRA = 1 << 20, /* bytes of a record that are kept beyond what a pipe holds */
	PIPE_LIKELY = 1 << 20,  /* what a pipe holds when its reader has enlarged it */
	NAME = 12,              /* characters of a temporary name; the FIFO's own may be long */
};

int relay_fifo_reopen(const struct relay_end *end, int flags)
{
	struct stat status;
	char path[32];
	int opened;

	snprintf(path, sizeof path, "/proc/self/fd/%d", end->anchor);
	opened = open(path, flags);
	if (opened >= 0 || errno != ENOENT)
		return opened;
	/* There is no /proc: the path, if it still names the same file. */
	opened = open(end->path, flags);
	if (opened < 0)
		return -1;
	if (fstat(opened, &status) == 0 && status.st_dev == end->device &&
	    status.st_ino == end->inode)
		return opened;
	close(opened);
	errno = ESTALE;
	return -1;
}

/* mkfifo(3) with exactly the bits of MODE. */
static int make_exact(const char *path, mode_t mode)
{
	mode_t mask = umask(0);
	int made = mkfifo(path, mode), error = errno;

	umask(mask);
	errno = error;
	return made;
}

int relay_fifo_make(struct relay_end *end)
{
	if (make_exact(end->path, end->opening->mode) < 0)
		return -1;
	end->made = true;
	return 0;
}

/* Whether END's path still names the FIFO that we have made; false with errno. */
static bool is_ours(const struct relay_end *end)
{
	struct stat status;

	if (lstat(end->path, &status) < 0)
		return false;
	errno = ESTALE;
	return status.st_dev == end->device && status.st_ino == end->inode;
}

/*
 * Put a fresh FIFO under END's path, for the reader after this one: it cannot
 * come before this one is gone and what it has left is known.  Returns 0, or -1
 * with errno.
 */
static int renew(struct relay_end *end)
{
	const char *slash = strrchr(end->path, '/');
	int folder = slash == NULL ? 0 : (int)(slash + 1 - end->path);
	OWN_MEM char *path = malloc((size_t)folder + NAME);
	OWN_FD int anchor = -1;
	struct stat status;
	unsigned random = 0;

	if (path == NULL || !is_ours(end) ||
	    getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return -1;
	snprintf(path, (size_t)folder + NAME, "%.*s.%08x", folder, end->path, random);
	if (make_exact(path, end->opening->mode) < 0)
		return -1;
	anchor = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (anchor < 0 || fstat(anchor, &status) < 0 || !S_ISFIFO(status.st_mode) ||
	    rename(path, end->path) < 0) {
		int error = errno;

		unlink(path);
		errno = error;
		return -1;
	}
	close(end->anchor);
	end->anchor = own_take_fd(&anchor);
	end->device = status.st_dev;
	end->inode = status.st_ino;
	return 0;
}

/*
 * A reader is there.  It gets whole records only if nobody else can follow it here;
 * otherwise this FIFO is the next one's, too.
 */
static int reader_came(struct relay_end *end)
{
	int size = fcntl(end->descriptor, F_GETPIPE_SZ);

	if (!end->opening->fifo_each || !end->made)
		return 1;
	if (end->shadow == NULL && size > 0) {
		end->shadow_size = (size_t)(size > PIPE_LIKELY ? size : PIPE_LIKELY) + SHADOW_EXTRA;
		end->shadow = malloc(end->shadow_size);
	}
	if (end->shadow == NULL || renew(end) < 0) {
		end->unrenewed = errno;
		free(end->shadow);
		end->shadow = NULL;
	}
	end->written = 0;
	return 1;
}

int relay_fifo_open(struct relay_end *end)
{
	if (!end->is_sink) {
		end->descriptor = relay_fifo_reopen(end, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		end->state = RELAY_AWAITED;
		return end->descriptor < 0 ? -1 : 0;
	}
	end->state = RELAY_AWAITED;
	return relay_end_attach(end) < 0 ? -1 : 0;
}

int relay_fifo_attach(struct relay_end *end)
{
	struct pollfd look = { .fd = end->descriptor, .events = POLLIN };

	if (!end->is_sink) /* the first byte, or a writer that came and went */
		return poll(&look, 1, 0) > 0 ? 1 : 0;
	if (end->descriptor >= 0)
		return relay_end_deserted(end) ? 0 : 1;
	end->descriptor = relay_fifo_reopen(end, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (end->descriptor < 0)
		return errno == ENXIO ? 0 : -1;
	return reader_came(end);
}

/* The byte at OFFSET of all that was written to this FIFO. */
static char shadow_at(const struct relay_end *end, int64_t offset)
{
	return end->shadow[(size_t)offset % end->shadow_size];
}

/*
 * Where to go on for the next reader, when the last one had read up to
 * CONSUMED: at the start of the record that it had not got whole; or, when that
 * is not known any more, behind that record.  GOES_ON: behind all that was written,
 * in what waits.
 */
static int64_t resume_at(struct relay_end *end, int64_t consumed, int terminator, bool *goes_on)
{
	int64_t size = (int64_t)end->shadow_size, at = consumed;
	int64_t least = end->written > size ? end->written - size : 0;

	*goes_on = false;
	while (at > least && shadow_at(end, at - 1) != (char)terminator)
		at--;
	if (at > least || least == 0)
		return at;
	for (at = consumed; at < end->written && shadow_at(end, at) != (char)terminator;)
		at++;
	*goes_on = at == end->written; /* and is counted there */
	if (!*goes_on) {
		at++;
		end->dropped_records++;
	}
	end->dropped_bytes += at - consumed;
	return at;
}

/*
 * The record that cannot be made whole goes on in what waits: drop that part of
 * the tail and, if its end is not there, what follows in the store.  (If it is, the
 * record that follows there may be one that is being dropped already.)
 */
static void skip_tail(struct relay_end *end, int terminator)
{
	struct relay_bytes *tail = &end->tail;
	size_t length = tail->end - tail->start;
	const char *stop =
		length > 0 ? memchr(tail->bytes + tail->start, terminator, length) : NULL;

	if (stop != NULL) {
		length = (size_t)(stop + 1 - (tail->bytes + tail->start));
		end->dropped_records++;
	} else {
		end->skipping = true;
		end->in_record = false;
	}
	tail->start += length;
	end->dropped_bytes += (int64_t)length;
}

/* How many of the bytes in the pipe of END, which nobody reads any more, can be had again. */
static int64_t left_behind(struct relay_end *end)
{
	int64_t unread = relay_end_unread(end), size = (int64_t)end->shadow_size;

	if (unread > end->written)
		unread = end->written; /* others have written to it, too */
	if (unread > size) {
		end->lost_bytes += unread - size; /* somebody has enlarged it */
		unread = size;
	}
	return unread;
}

/* What the dead reader has not got whole goes before all that is waiting. */
static void take_back(struct relay_end *end, int64_t unread, int terminator)
{
	struct relay_bytes back = { 0 };
	bool goes_on;
	int64_t from = resume_at(end, end->written - unread, terminator, &goes_on);
	size_t length = (size_t)(end->written - from), rest;
	char *place;

	if (goes_on)
		skip_tail(end, terminator);
	if (length == 0)
		return;
	rest = end->tail.end - end->tail.start;
	place = relay_bytes_place(&back, length + rest);
	if (place == NULL) {
		end->lost_bytes += (int64_t)length;
		return;
	}
	for (size_t i = 0; i < length; i++)
		place[i] = shadow_at(end, from + (int64_t)i);
	if (rest > 0)
		memcpy(place + length, end->tail.bytes + end->tail.start, rest);
	back.end = length + rest;
	free(end->tail.bytes);
	end->tail = back;
	end->bytes -= (int64_t)length;
}

void relay_fifo_reader_left(struct relay_end *end, int terminator)
{
	if (!end->returns) {
		end->state = RELAY_OVER;
		return;
	}
	end->state = RELAY_AWAITED;
	if (end->shadow == NULL)
		return; /* what is unread stays there for the next reader */
	take_back(end, left_behind(end), terminator);
	close(end->descriptor);
	end->descriptor = -1;
	end->written = 0;
}

void relay_end_remember(struct relay_end *end, const char *bytes, size_t length)
{
	size_t size = end->shadow_size, at, part;

	if (length > size) {
		bytes += length - size;
		end->written += (int64_t)(length - size);
		length = size;
	}
	at = (size_t)end->written % size;
	part = length < size - at ? length : size - at;
	memcpy(end->shadow + at, bytes, part);
	memcpy(end->shadow, bytes + part, length - part);
	end->written += (int64_t)length;
}

void relay_fifo_writer_left(struct relay_end *end)
{
	char path[32];
	int again;

	/* A fresh description shows no hang-up before a next writer has come. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", end->descriptor);
	again = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (again < 0) {
		end->state = RELAY_OVER;
		return;
	}
	close(end->descriptor);
	end->descriptor = again;
	end->state = RELAY_AWAITED;
}
