/* SPDX-License-Identifier: MIT */
#include "delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Copies in hand: the kernel counts its way to each. */
enum { COPIES_MOST = 64 };

/* A message in hand: where it stands. */
struct held {
	size_t at, length;
	long label;
};

static int settle(void *context, size_t count);

void delivery_begin(struct delivery *delivery)
{
	delivery->outlet.settle = settle;
	delivery->outlet.context = delivery;
	outlet_begin(&delivery->outlet);
}

void delivery_end(struct delivery *delivery)
{
	outlet_end(&delivery->outlet);
	free(delivery->held);
	free(delivery->hand);
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
static int settle(void *context, size_t count)
{
	struct delivery *delivery = context;
	int failed = take_first(delivery, count);

	delivery->written += count;
	delivery->in_hand -= count;
	memmove(delivery->held, delivery->held + count, delivery->in_hand * sizeof *delivery->held);
	if (delivery->in_hand == 0) {
		delivery->hand_used = 0;
	} else if (delivery->in_hand == 1) {
		/* It did not fit beside the others: it moves to the front. */
		struct held *last = &delivery->held[0];

		memmove(delivery->hand + QUEUE_HEADROOM, delivery->hand + last->at, last->length);
		last->at = QUEUE_HEADROOM;
		delivery->hand_used = behind(last);
	}
	return failed;
}

int delivery_flush(struct delivery *delivery)
{
	return outlet_flush(&delivery->outlet);
}

int delivery_add(struct delivery *delivery, size_t length, long label)
{
	struct record record;

	delivery_hold(delivery, length, label);
	record = record_of(delivery, &delivery->held[delivery->in_hand - 1]);
	delivery->outlet.most = delivery->take != NULL ? COPIES_MOST : OUTLET_KEPT_MOST;
	return outlet_put(&delivery->outlet, &record);
}

int delivery_done(struct delivery *delivery)
{
	return settle(delivery, delivery->in_hand);
}

/* RECORD as a JSON line to FILE.  Returns 0, or -1 with errno. */
static int write_letter(const struct delivery *delivery, struct record record, int file)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length = (ssize_t)record.length + 512;
	int failed = -1;

	record.ref = delivery->ref;
	do {
		if (enlarge(&line, &size, (size_t)length) < 0)
			break;
		length = record_write(FRAME_JSON, &record, line, size);
	} while (length >= 0 && (size_t)length > size);
	if (line != NULL && length > 0 && (size_t)length <= size)
		failed = (file == STDERR_FILENO ? fdio_write_all : fdio_append)(file, line,
										(size_t)length);
	free(line);
	return failed;
}

/* RECORD is a dead letter: the file has it, or else stderr, or it is lost. */
static void bury(struct delivery *delivery, const struct record *record,
		 struct delivery_return *count)
{
	bool has_file = delivery->dead_letter != STDERR_FILENO;

	if (has_file && write_letter(delivery, *record, delivery->dead_letter) == 0)
		count->dead++;
	else if (write_letter(delivery, *record, STDERR_FILENO) == 0)
		count->shown++;
	else
		count->lost++;
}

int delivery_bury(struct delivery *delivery)
{
	int failed = 0;

	/* A copy is taken when the letter is there, not before. */
	while (failed == 0 && delivery->in_hand > 0) {
		failed = write_letter(delivery, record_of(delivery, &delivery->held[0]),
				      delivery->dead_letter);
		if (failed == 0)
			failed = settle(delivery, 1);
	}
	return failed;
}

/* What is sent to a queue without a name is gone when the last who has it open closes it. */
static bool takes_back(const struct delivery *delivery)
{
	return delivery->queue->can_send && !queue_is_nameless(delivery->queue);
}

void delivery_stray(struct delivery *delivery, const char *data, size_t length, long label)
{
	const struct record record = {
		.data = data, .length = length, .label = delivery->label, .label_value = label
	};

	if (!takes_back(delivery) || queue_send_now(delivery->queue, data, length, label) < 0)
		bury(delivery, &record, &delivery->strayed);
}

struct delivery_return delivery_put_back(struct delivery *delivery)
{
	struct delivery_return count = delivery->strayed;
	int kept = errno;
	bool fits = delivery->in_hand > 0 && takes_back(delivery);

	/* Copies are in the queue still. */
	for (size_t i = 0; i < delivery->in_hand && delivery->take == NULL; i++) {
		struct record record = record_of(delivery, &delivery->held[i]);

		fits = fits && queue_send_now(delivery->queue, record.data, record.length,
					      record.label_value) == 0;
		if (fits)
			count.put_back++;
		else
			bury(delivery, &record, &count);
	}
	delivery->in_hand = 0;
	delivery->hand_used = 0;
	outlet_drop(&delivery->outlet);
	errno = kept;
	return count;
}
