/* SPDX-License-Identifier: MIT */
#include "delivery.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FILE_BLOCK = 65536,
	HELD_MOST = 4096, /* messages in hand, however small they are */
	LAST_WAIT = 1000, /* ms for the rest of a record whose start is out already */
};

/* A message in hand: where it stands, and where its record ends in the block. */
struct held {
	size_t at, length, end;
	long label;
};

void delivery_begin(struct delivery *delivery)
{
	delivery->sort = fdio_sort(delivery->output);
	delivery->block = delivery->sort == FDIO_FILE ? FILE_BLOCK : PIPE_BUF;
}

void delivery_end(struct delivery *delivery)
{
	free(delivery->held);
	free(delivery->hand);
	free(delivery->out);
}

bool delivery_has_reader(const struct delivery *delivery)
{
	int events = fdio_await(delivery->output, POLLOUT, -1, 0);

	if (delivery->sort == FDIO_FILE || events < 0 || !(events & (POLLERR | POLLHUP)))
		return true;
	errno = EPIPE;
	return false;
}

/* Make MEMORY, of *SIZE bytes, at least WANTED bytes large. */
static int enlarge(char **memory, size_t *size, size_t wanted)
{
	size_t larger = *size + *size / 2;
	char *moved;

	if (wanted <= *size)
		return 0;
	if (larger < wanted)
		larger = wanted;
	moved = realloc(*memory, larger);
	if (moved == NULL)
		return -1;
	*memory = moved;
	*size = larger;
	return 0;
}

/* Room for one more in the list of those in hand. */
static int make_held(struct delivery *delivery)
{
	size_t size = delivery->held_size == 0 ? 16 : 2 * delivery->held_size;
	struct held *larger;

	if (delivery->in_hand < delivery->held_size)
		return 0;
	larger = realloc(delivery->held, size * sizeof *larger);
	if (larger == NULL)
		return -1;
	delivery->held = larger;
	delivery->held_size = size;
	return 0;
}

char *delivery_place(struct delivery *delivery)
{
	size_t wanted = delivery->hand_used + QUEUE_HEADROOM + delivery->queue->room;

	if (make_held(delivery) < 0 || enlarge(&delivery->hand, &delivery->hand_size, wanted) < 0)
		return NULL;
	return delivery->hand + delivery->hand_used + QUEUE_HEADROOM;
}

/* Where the next message may stand, behind HELD. */
static size_t behind(const struct held *held)
{
	return (held->at + held->length + QUEUE_HEADROOM - 1) / QUEUE_HEADROOM * QUEUE_HEADROOM;
}

void delivery_hold(struct delivery *delivery, size_t length, long label)
{
	struct held *held = &delivery->held[delivery->in_hand++];

	held->at = delivery->hand_used + QUEUE_HEADROOM;
	held->length = length;
	held->label = label;
	held->end = delivery->out_used;
	delivery->hand_used = behind(held);
}

const char *delivery_last(const struct delivery *delivery)
{
	return delivery->hand + delivery->held[delivery->in_hand - 1].at;
}

static struct record record_of(const struct delivery *delivery, const struct held *held)
{
	return (struct record){ .data = delivery->hand + held->at,
				.length = held->length,
				.label = delivery->label,
				.label_value = held->label };
}

/* The last message in hand, as a record behind the others in the block. */
static int encode_last(struct delivery *delivery)
{
	struct held *held = &delivery->held[delivery->in_hand - 1];
	const struct record record = record_of(delivery, held);
	size_t wanted = delivery->out_used + held->length + 64;

	for (;;) {
		ssize_t length;

		if (enlarge(&delivery->out, &delivery->out_size, wanted) < 0)
			return -1;
		length = record_write(delivery->frame, &record, delivery->out + delivery->out_used,
				      delivery->out_size - delivery->out_used);
		if (length < 0)
			return -1;
		wanted = delivery->out_used + (size_t)length;
		if (wanted <= delivery->out_size) {
			delivery->out_used = wanted;
			held->end = wanted;
			return 0;
		}
	}
}

/* Have the first COUNT messages in hand taken, where they are copies. */
static int take_first(struct delivery *delivery, size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count && delivery->take != NULL; i++) {
		const struct held *held = &delivery->held[i];

		if (delivery->take(delivery->context, delivery->hand + held->at, held->length,
				   held->label) < 0)
			failed = -1;
	}
	return failed;
}

/* The first COUNT messages in hand are delivered: forget them. */
static int settle(struct delivery *delivery, size_t count)
{
	int failed = take_first(delivery, count);

	delivery->written += count;
	delivery->in_hand -= count;
	memmove(delivery->held, delivery->held + count, delivery->in_hand * sizeof *delivery->held);
	if (delivery->in_hand == 0) {
		delivery->hand_used = 0;
		delivery->out_used = 0;
	}
	return failed;
}

/* How many messages in hand have their record inside the first BYTES of the block. */
static size_t count_whole(const struct delivery *delivery, size_t bytes)
{
	size_t count = 0;

	while (count < delivery->in_hand && delivery->held[count].end <= bytes)
		count++;
	return count;
}

/* Wait until the output takes something.  Returns 0, or -1 with errno. */
static int await_output(struct delivery *delivery, bool inside_record)
{
	for (;;) {
		bool last = delivery->stop_seen && inside_record;
		int events =
			fdio_await(delivery->output, POLLOUT,
				   last ? -1 : delivery->stop->descriptor, last ? LAST_WAIT : -1);

		if (events < 0 && errno != EINTR)
			return -1;
		if (events < 0) {
			waker_causes(delivery->waker); /* or the helper goes on interrupting */
			continue;
		}
		if (events & POLLPRI)
			delivery->stop_seen = true;
		if (delivery->sort != FDIO_FILE && (events & (POLLERR | POLLHUP))) {
			errno = EPIPE;
			return -1;
		}
		if (events & POLLOUT)
			return 0;
		if (last || (delivery->stop_seen && !inside_record)) {
			errno = EINTR;
			return -1;
		}
	}
}

/* Write the first LENGTH bytes of the block, which are whole records. */
static int write_block(struct delivery *delivery, size_t length)
{
	size_t done = 0, whole;

	delivery->torn = 0;
	while (done < length) {
		ssize_t written = -1;

		whole = count_whole(delivery, done);
		if (await_output(delivery, done > (whole > 0 ? delivery->held[whole - 1].end : 0)) <
		    0)
			break;
		written = fdio_write_now(delivery->output, delivery->sort, delivery->out + done,
					 length - done);
		if (written < 0 && errno == EINTR)
			waker_causes(delivery->waker);
		else if (written < 0 && errno != EAGAIN)
			break;
		if (written > 0)
			done += (size_t)written;
	}
	whole = count_whole(delivery, done);
	if (done == length)
		return settle(delivery, whole);
	delivery->torn = done - (whole > 0 ? delivery->held[whole - 1].end : 0);
	length = (size_t)errno;
	settle(delivery, whole);
	errno = (int)length;
	return -1;
}

int delivery_flush(struct delivery *delivery)
{
	if (delivery->in_hand == 0)
		return 0;
	return write_block(delivery, delivery->out_used);
}

/* Write all but the last message in hand, which does not fit beside them. */
static int flush_but_last(struct delivery *delivery)
{
	struct held last = delivery->held[delivery->in_hand - 1];
	size_t before = delivery->held[delivery->in_hand - 2].end;
	size_t size = last.end - before;

	delivery->in_hand--;
	if (write_block(delivery, before) < 0) {
		delivery->held[delivery->in_hand++] = last;
		return -1;
	}
	memmove(delivery->out, delivery->out + before, size);
	memmove(delivery->hand + QUEUE_HEADROOM, delivery->hand + last.at, last.length);
	last.at = QUEUE_HEADROOM;
	last.end = size;
	delivery->held[0] = last;
	delivery->in_hand = 1;
	delivery->out_used = size;
	delivery->hand_used = behind(&last);
	return 0;
}

int delivery_add(struct delivery *delivery, size_t length, long label)
{
	delivery_hold(delivery, length, label);
	if (encode_last(delivery) < 0) {
		struct held last = delivery->held[--delivery->in_hand];
		int kept = errno;

		/* Those before it are not to blame. */
		if (delivery_flush(delivery) == 0)
			errno = kept;
		delivery->held[delivery->in_hand++] = last;
		return -1;
	}
	if (delivery->out_used > delivery->block && delivery->in_hand > 1 &&
	    flush_but_last(delivery) < 0)
		return -1;
	if (delivery->out_used >= delivery->block || delivery->in_hand >= HELD_MOST)
		return delivery_flush(delivery);
	return 0;
}

int delivery_done(struct delivery *delivery)
{
	return settle(delivery, delivery->in_hand);
}

int delivery_take(struct delivery *delivery)
{
	return take_first(delivery, delivery->in_hand);
}

/* One dead letter, as a JSON line.  Returns 0, or -1 when it is nowhere now. */
static int bury(struct delivery *delivery, const struct held *held)
{
	struct record record = record_of(delivery, held);
	char *line = NULL;
	size_t size = 0;
	ssize_t length = (ssize_t)held->length + 512;
	int failed = -1;

	record.ref = delivery->ref;
	do {
		if (enlarge(&line, &size, (size_t)length) < 0)
			break;
		length = record_write(FRAME_JSON, &record, line, size);
	} while (length >= 0 && (size_t)length > size);
	if (line != NULL && length > 0) {
		failed = fdio_write_all(delivery->dead_letter, line, (size_t)length);
		if (failed < 0 && delivery->dead_letter != STDERR_FILENO)
			failed = fdio_write_all(STDERR_FILENO, line, (size_t)length);
	}
	free(line);
	return failed;
}

static struct delivery_return dispose(struct delivery *delivery, bool queue_first)
{
	bool copies = queue_first && delivery->take != NULL;
	struct delivery_return count = { 0 };
	int kept = errno;

	for (size_t i = 0; i < delivery->in_hand && !copies; i++) {
		const struct held *held = &delivery->held[i];

		if (queue_first && (!delivery->queue->can_send ||
				    queue_send_now(delivery->queue, delivery->hand + held->at,
						   held->length, held->label) < 0))
			queue_first = false;
		if (queue_first)
			count.put_back++;
		else if (bury(delivery, held) == 0)
			count.dead++;
		else
			count.lost++;
	}
	delivery->in_hand = 0;
	delivery->hand_used = 0;
	delivery->out_used = 0;
	errno = kept;
	return count;
}

struct delivery_return delivery_put_back(struct delivery *delivery)
{
	return dispose(delivery, true);
}

struct delivery_return delivery_give_up(struct delivery *delivery)
{
	return dispose(delivery, false);
}
