/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"

enum {
	BLOCK = 65536,
	MARGIN = 64,                 /* the header of a netstring, the end of a line */
	COUNT_MOST = 1024 * 1048576, /* how far a record that is too long is measured */
	POLLS_MOST = 16,             /* before a thread is started to save them */
};

/*
 * A JSON line may be longer than what it says: six bytes for one (\u0000), and
 * members that are passed over.
 */
static size_t largest_size(const struct source *source)
{
	size_t size = source->limit + BLOCK + MARGIN;

	return source->parser.frame == FRAME_JSON ? 8 * size + 16 * BLOCK : size;
}

/* Make room behind END.  Returns false when the record fills all that it may. */
static int make_room(struct source *source)
{
	size_t most = largest_size(source), size;
	char *buffer;

	if (source->start > 0) {
		memmove(source->buffer, source->buffer + source->start,
			source->end - source->start);
		source->end -= source->start;
		source->start = 0;
	}
	if (source->end < source->size)
		return 1;
	if (source->size >= most)
		return 0;
	size = source->size == 0 ? 2 * BLOCK + MARGIN : 2 * source->size;
	if (size > most)
		size = most;
	buffer = realloc(source->buffer, size);
	if (buffer == NULL)
		return -1;
	source->buffer = buffer;
	source->size = size;
	return 1;
}

/* As fdio_read(), but blocked in the read itself; EAGAIN: the descriptor is non-blocking. */
static ssize_t read_or_wake(const struct source *source, char *buffer, size_t size)
{
	ssize_t length = -1;

	do {
		unsigned causes = waker_causes(source->waker) & source->ends;

		if (causes & (WAKER_STOP | WAKER_TIME)) {
			errno = causes & WAKER_STOP ? EINTR : ETIMEDOUT;
			return -1;
		}
		/* The last word of who has ended may stand in the pipe. */
		if (causes & WAKER_ENDED) {
			length = fdio_read_now(source->descriptor, FDIO_PIPE, buffer, size);
			if (length < 0)
				errno = ESRCH;
			return length;
		}
		length = read(source->descriptor, buffer, size);
	} while (length < 0 && errno == EINTR);
	return length;
}

/*
 * Whether the waker ends the next wait.  A stream that goes on for long may come
 * in small pieces: with it, each costs one system call and not two.
 */
static bool waker_ends_it(struct source *source)
{
	if (source->waker == NULL || source->waker->running)
		return source->waker != NULL;
	if (source->polls < POLLS_MOST)
		return false;
	if (waker_begin(source->waker, 0) == 0)
		return true;
	source->waker = NULL;
	return false;
}

static ssize_t take_bytes(struct source *source, char *buffer, size_t size)
{
	if (waker_ends_it(source)) {
		ssize_t length = read_or_wake(source, buffer, size);

		if (length >= 0 || errno != EAGAIN)
			return length;
		source->waker = NULL;
	}
	source->polls++;
	return fdio_read(source->descriptor, buffer, size, source->stop);
}

/* Read on in search of the end of a record that is too long, to tell its length. */
static enum source_next measure(struct source *source)
{
	enum frame frame = source->parser.frame;
	char end = frame == FRAME_NUL ? '\0' : '\n';

	source->length = source->end - source->start;
	source->length_known = false;
	while (source->length < COUNT_MOST) {
		ssize_t length = take_bytes(source, source->buffer, source->size);
		const char *found = NULL;

		if (length < 0)
			break;
		if (length > 0 && frame != FRAME_WHOLE)
			found = memchr(source->buffer, end, (size_t)length);
		source->total += (uint64_t)length;
		source->length +=
			found != NULL ? (uint64_t)(found - source->buffer) : (uint64_t)length;
		if (found != NULL || length == 0) {
			source->length_known = true;
			break;
		}
	}
	return SOURCE_TOO_LONG;
}

/* By STOP or the waker. */
static bool is_stopped(int error)
{
	return error == EINTR || error == ESRCH || error == ETIMEDOUT;
}

/* More of the stream into the buffer. */
static enum source_next refill(struct source *source)
{
	int room = make_room(source);
	ssize_t length;

	if (room == 0)
		return measure(source);
	if (room < 0)
		return SOURCE_FAILED;
	length = take_bytes(source, source->buffer + source->end, source->size - source->end);
	if (length < 0)
		return is_stopped(errno) ? SOURCE_STOPPED : SOURCE_FAILED;
	source->last = length == 0;
	source->end += (size_t)length;
	source->total += (uint64_t)length;
	return SOURCE_RECORD;
}

enum source_next source_take(struct source *source, struct record *record)
{
	struct record_parser *parser = &source->parser;
	enum record_found found;

	source->start += parser->consumed;
	source->offset += parser->consumed;
	parser->consumed = 0;
	if (!source->begun) {
		if (parser->frame == FRAME_WHOLE && source->number > 0)
			return SOURCE_END;
		source->number++;
		source->begun = true;
	}
	if (source->buffer == NULL)
		return SOURCE_EMPTY;
	found = record_parse(parser, source->buffer + source->start, source->end - source->start,
			     source->last, record);
	if ((found == RECORD_FOUND || parser->consumed > 0) && record->length > source->limit) {
		source->length = record->length;
		source->length_known = true;
		return SOURCE_TOO_LONG;
	}
	if (found == RECORD_FOUND) {
		source->begun = false;
		return SOURCE_RECORD;
	}
	parser->consumed = 0;
	if (found == RECORD_END)
		return SOURCE_END;
	return found == RECORD_BROKEN ? SOURCE_BROKEN : SOURCE_EMPTY;
}

enum source_next source_next(struct source *source, struct record *record)
{
	for (;;) {
		enum source_next found = source_take(source, record);

		if (found != SOURCE_EMPTY)
			return found;
		found = refill(source);
		if (found != SOURCE_RECORD)
			return found;
	}
}

void source_unread(const struct source *source)
{
	int kept = errno;
	off_t at = lseek(source->descriptor, 0, SEEK_CUR);

	if (at >= 0)
		lseek(source->descriptor, at - (off_t)(source->total - source->offset), SEEK_SET);
	errno = kept;
}

void source_close(struct source *source)
{
	free(source->buffer);
	free(source->parser.storage.bytes);
	source->buffer = NULL;
	source->parser.storage.bytes = NULL;
}
