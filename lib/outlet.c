/* SPDX-License-Identifier: MIT */
#include "outlet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILE_BLOCK = 65536,
	WRITES_MOST = 8,  /* between two looks for signals */
	LAST_WAIT = 1000, /* ms for the rest of a record whose start is out already */
};

void outlet_begin(struct outlet *outlet)
{
	outlet->sort = fdio_sort(outlet->output);
	outlet->block = outlet->sort == FDIO_FILE ? FILE_BLOCK : PIPE_BUF;
	if (outlet->most == 0)
		outlet->most = OUTLET_KEPT_MOST;
}

void outlet_end(struct outlet *outlet)
{
	free(outlet->ends);
	free(outlet->out);
}

bool outlet_has_reader(const struct outlet *outlet)
{
	int events = fdio_await(outlet->output, POLLOUT, -1, 0);

	if (outlet->sort == FDIO_FILE || events < 0 || !(events & (POLLERR | POLLHUP)))
		return true;
	errno = EPIPE;
	return false;
}

/* Make the block at least WANTED bytes large. */
static int enlarge(struct outlet *outlet, size_t wanted)
{
	size_t larger = outlet->out_size + outlet->out_size / 2;
	char *moved;

	if (wanted <= outlet->out_size)
		return 0;
	if (larger < wanted)
		larger = wanted;
	moved = realloc(outlet->out, larger);
	if (moved == NULL)
		return -1;
	outlet->out = moved;
	outlet->out_size = larger;
	return 0;
}

/* Room for one more in the list of ends. */
static int make_end(struct outlet *outlet)
{
	size_t size = outlet->ends_size == 0 ? 16 : 2 * outlet->ends_size;
	size_t *larger;

	if (outlet->kept < outlet->ends_size)
		return 0;
	larger = realloc(outlet->ends, size * sizeof *larger);
	if (larger == NULL)
		return -1;
	outlet->ends = larger;
	outlet->ends_size = size;
	return 0;
}

/* RECORD, behind the others in the block. */
static int encode(struct outlet *outlet, const struct record *record)
{
	size_t wanted = outlet->out_used + record->length + 64;

	if (make_end(outlet) < 0)
		return -1;
	for (;;) {
		ssize_t length;

		if (enlarge(outlet, wanted) < 0)
			return -1;
		length = record_write(outlet->frame, record, outlet->out + outlet->out_used,
				      outlet->out_size - outlet->out_used);
		if (length < 0)
			return -1;
		wanted = outlet->out_used + (size_t)length;
		if (wanted <= outlet->out_size) {
			outlet->out_used = wanted;
			outlet->ends[outlet->kept++] = wanted;
			return 0;
		}
	}
}

/* Where record NUMBER of the block begins. */
static size_t start_of(const struct outlet *outlet, size_t number)
{
	return number > 0 ? outlet->ends[number - 1] : 0;
}

/* How many of the first COUNT records have all their bytes in the first BYTES. */
static size_t count_whole(const struct outlet *outlet, size_t count, size_t bytes)
{
	size_t whole = 0;

	if (bytes == start_of(outlet, count))
		return count;
	while (whole < count && outlet->ends[whole] <= bytes)
		whole++;
	return whole;
}

/* The first COUNT records are out: forget them. */
static int settle(struct outlet *outlet, size_t count)
{
	size_t bytes = start_of(outlet, count);

	if (count == 0)
		return 0;
	outlet->kept -= count;
	outlet->out_used -= bytes;
	if (outlet->kept > 0)
		memmove(outlet->out, outlet->out + bytes, outlet->out_used);
	for (size_t i = 0; i < outlet->kept; i++)
		outlet->ends[i] = outlet->ends[count + i] - bytes;
	return outlet->settle(outlet->context, count);
}

/* Wait until the output takes something.  Returns 0, or -1 with errno. */
static int await_output(struct outlet *outlet, bool inside_record)
{
	for (;;) {
		bool last = outlet->stop_seen && inside_record;
		int events =
			fdio_await(outlet->output, POLLOUT, last ? -1 : outlet->stop->descriptor,
				   last ? LAST_WAIT : -1);

		if (events < 0 && errno != EINTR)
			return -1;
		if (events < 0) {
			waker_causes(outlet->waker); /* or the helper goes on interrupting */
			continue;
		}
		if (events & POLLPRI)
			outlet->stop_seen = true;
		if (outlet->sort != FDIO_FILE && (events & (POLLERR | POLLHUP))) {
			errno = EPIPE;
			return -1;
		}
		if (events & POLLOUT)
			return 0;
		if (last || (outlet->stop_seen && !inside_record)) {
			errno = EINTR;
			return -1;
		}
	}
}

/*
 * Whether to wait for the output, and look for signals, before the next write.
 * A pipe's write says by itself that it would have to wait.
 */
static bool looks_first(struct outlet *outlet, size_t done)
{
	if (outlet->sort == FDIO_PIPE && done == 0 && outlet->writes++ < WRITES_MOST)
		return false;
	outlet->writes = 0;
	return true;
}

/* Write the first COUNT records of the block. */
static int write_first(struct outlet *outlet, size_t count)
{
	size_t length = start_of(outlet, count), done = 0, whole = 0;
	int error;

	outlet->torn = 0;
	while (done < length) {
		ssize_t written;

		if (looks_first(outlet, done) &&
		    await_output(outlet, done > start_of(outlet, whole)) < 0)
			break;
		written = fdio_write_now(outlet->output, outlet->sort, outlet->out + done,
					 length - done);
		if (written < 0) {
			outlet->writes = WRITES_MOST;
			if (errno == EINTR)
				waker_causes(outlet->waker);
			else if (errno != EAGAIN)
				break;
		}
		if (written > 0) {
			done += (size_t)written;
			whole = count_whole(outlet, count, done);
		}
	}
	if (done == length)
		return settle(outlet, count);
	outlet->torn = done - start_of(outlet, whole);
	error = errno;
	settle(outlet, whole);
	errno = error;
	return -1;
}

int outlet_flush(struct outlet *outlet)
{
	return outlet->kept == 0 ? 0 : write_first(outlet, outlet->kept);
}

int outlet_put(struct outlet *outlet, const struct record *record)
{
	if (encode(outlet, record) < 0) {
		int kept = errno;

		/* Those before it are not to blame. */
		if (outlet_flush(outlet) == 0)
			errno = kept;
		return -1;
	}
	/* What does not fit beside the others waits for the next block. */
	if (outlet->out_used > outlet->block && outlet->kept > 1 &&
	    write_first(outlet, outlet->kept - 1) < 0)
		return -1;
	if (outlet->out_used >= outlet->block || outlet->kept >= outlet->most)
		return outlet_flush(outlet);
	return 0;
}

void outlet_drop(struct outlet *outlet)
{
	outlet->kept = 0;
	outlet->out_used = 0;
}
