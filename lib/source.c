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
	size = source->size == 0 ? source->limit + BLOCK + MARGIN : 2 * source->size;
	if (size > most)
		size = most;
	buffer = realloc(source->buffer, size);
	if (buffer == NULL)
		return -1;
	source->buffer = buffer;
	source->size = size;
	return 1;
}

/* Read on in search of the end of a record that is too long, to tell its length. */
static enum source_next measure(struct source *source)
{
	enum frame frame = source->parser.frame;
	char end = frame == FRAME_NUL ? '\0' : '\n';

	source->length = source->end - source->start;
	source->length_known = false;
	while (source->length < COUNT_MOST) {
		ssize_t length =
			fdio_read(source->descriptor, source->buffer, source->size, source->stop);
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

/* More of the stream into the buffer. */
static enum source_next refill(struct source *source)
{
	int room = make_room(source);
	ssize_t length;

	if (room == 0)
		return measure(source);
	if (room < 0)
		return SOURCE_FAILED;
	length = fdio_read(source->descriptor, source->buffer + source->end,
			   source->size - source->end, source->stop);
	if (length < 0)
		return errno == EINTR ? SOURCE_STOPPED : SOURCE_FAILED;
	source->last = length == 0;
	source->end += (size_t)length;
	source->total += (uint64_t)length;
	return SOURCE_RECORD;
}

enum source_next source_next(struct source *source, struct record *record)
{
	struct record_parser *parser = &source->parser;
	enum source_next more;

	source->start += parser->consumed;
	source->offset += parser->consumed;
	if (parser->frame == FRAME_WHOLE && source->number > 0)
		return SOURCE_END;
	source->number++;
	if (source->buffer == NULL && (more = refill(source)) != SOURCE_RECORD)
		return more;
	for (;;) {
		enum record_found found =
			record_parse(parser, source->buffer + source->start,
				     source->end - source->start, source->last, record);

		if ((found == RECORD_FOUND || parser->consumed > 0) &&
		    record->length > source->limit) {
			source->length = record->length;
			source->length_known = true;
			return SOURCE_TOO_LONG;
		}
		if (found == RECORD_FOUND)
			return SOURCE_RECORD;
		parser->consumed = 0;
		if (found == RECORD_END)
			return SOURCE_END;
		if (found == RECORD_BROKEN)
			return SOURCE_BROKEN;
		more = refill(source);
		if (more != SOURCE_RECORD)
			return more;
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
