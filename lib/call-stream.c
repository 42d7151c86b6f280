/* SPDX-License-Identifier: MIT */
#include "call-stream.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What the other side has moved. */
static uint64_t theirs(const struct call_end *end)
{
	const struct call_stream *stream = end->stream;

	return atomic_load_explicit(end->writes ? &stream->out : &stream->in, memory_order_acquire);
}

ssize_t call_end_look(const struct call_end *end, char **at)
{
	size_t start = end->own & (CALL_STREAM_SIZE - 1);
	uint64_t other = theirs(end);
	uint64_t held = end->writes ? end->own - other : other - end->own, count;

	if (held > CALL_STREAM_SIZE) {
		errno = EPROTO;
		return -1;
	}
	count = end->writes ? CALL_STREAM_SIZE - held : held;
	*at = end->bytes + start;
	return (ssize_t)(count < CALL_STREAM_SIZE - start ? count : CALL_STREAM_SIZE - start);
}

void call_end_wake(const struct call_end *end)
{
	atomic_fetch_add(&end->stream->bell, 1);
	syscall(SYS_futex, &end->stream->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Behind a change that the other side may sleep for. */
static void ring(const struct call_end *end)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&end->stream->waiting, memory_order_relaxed) != 0)
		call_end_wake(end);
}

void call_end_move(struct call_end *end, size_t count)
{
	end->own += count;
	atomic_store_explicit(end->writes ? &end->stream->in : &end->stream->out, end->own,
			      memory_order_release);
	ring(end);
}

void call_end_close(struct call_end *end)
{
	atomic_store(end->writes ? &end->stream->ended : &end->stream->left, 1);
	ring(end);
}

bool call_end_is_closed(const struct call_end *end)
{
	return atomic_load(end->writes ? &end->stream->left : &end->stream->ended) != 0;
}

void call_end_wait(const struct call_end *end)
{
	const struct timespec most = { .tv_nsec = 100000000 };
	unsigned bell = atomic_load(&end->stream->bell);
	char *at;

	atomic_fetch_add(&end->stream->waiting, 1);
	if (call_end_look(end, &at) == 0 && !call_end_is_closed(end))
		syscall(SYS_futex, &end->stream->bell, FUTEX_WAIT, bell, &most, NULL, 0);
	atomic_fetch_sub(&end->stream->waiting, 1);
}
