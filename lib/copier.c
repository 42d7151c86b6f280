/* SPDX-License-Identifier: MIT */
#include "copier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fdio.h"

/*
 * System V has no way to wait for a message without taking it (even a receive
 * that is too small takes one of no bytes), so look, in ms.
 */
enum { LOOK_FIRST = 1, LOOK_MOST = 20 };

/* Take the first message of type LABEL, which should be the LENGTH bytes of DATA. */
static int take_first(struct copier *copier, const char *data, size_t length, long label)
{
	const struct queue_choice choice = { .pick = QUEUE_TYPE, .type = label };
	ssize_t taken;

	do {
		if (copier->spare == NULL || copier->spare_size < copier->queue->room) {
			free(copier->spare);
			copier->spare_size = copier->queue->room;
			copier->spare = malloc(QUEUE_HEADROOM + copier->spare_size);
		}
		if (copier->spare == NULL)
			return -1;
		taken = queue_receive_now(copier->queue, copier->spare + QUEUE_HEADROOM,
					  copier->spare_size, &choice, &label);
	} while (taken < 0 && errno == E2BIG);
	if (taken == (ssize_t)length && memcmp(data, copier->spare + QUEUE_HEADROOM, length) == 0)
		return 0;
	if (taken < 0 && errno != EAGAIN)
		return -1;
	copier->raced = true;
	if (taken >= 0)
		delivery_stray(copier->delivery, copier->spare + QUEUE_HEADROOM, (size_t)taken,
			       label);
	return 0;
}

static int take_copied(void *context, const char *data, size_t length, long label)
{
	struct copier *copier = context;

	if (take_first(copier, data, length, label) == 0)
		return 0;
	copier->take_failed = true;
	return -1;
}

/* Sleep until the next look.  Returns 0, or -1 with errno. */
static int sleep_a_look(const struct copier *copier, int64_t end, int *look)
{
	int left = patience_poll(end), events;

	if (patience_none(copier->patience) || left == 0) {
		errno = EAGAIN;
		return -1;
	}
	events = fdio_await(copier->output, 0, copier->delivery->outlet.stop->descriptor,
			    left > 0 && left < *look ? left : *look);
	*look = *look < LOOK_MOST / 2 ? *look * 2 : LOOK_MOST;
	if (events <= 0)
		return 0;
	errno = EINTR;
	return -1;
}

int copier_begin(struct copier *copier)
{
	int64_t end = patience_end(copier->patience);

	for (;;) {
		/* Two that find each other let go, and must not come back together. */
		int look = 1 + (int)((patience_now() / 1000 + getpid()) % LOOK_MOST);

		copier->claim = claim_number(copier->queue->handle);
		if (copier->claim >= 0)
			break;
		if (errno != EAGAIN || sleep_a_look(copier, end, &look) < 0)
			return -1;
	}
	copier->delivery->take = take_copied;
	copier->delivery->context = copier;
	return 0;
}

void copier_end(struct copier *copier)
{
	if (copier->claim >= 0)
		claim_end(copier->claim);
	free(copier->spare);
}

static ssize_t copy_at(struct copier *copier, long index, long *label)
{
	ssize_t length;

	do {
		char *place = delivery_place(copier->delivery);

		if (place == NULL)
			return -1;
		length = queue_copy(copier->queue, index, place, copier->queue->room, label);
	} while (length < 0 && errno == E2BIG);
	return length;
}

/* The first message of the lowest type that is wanted. */
static ssize_t copy_lowest(struct copier *copier, long *label)
{
	long lowest = -1, lowest_type = 0;

	for (long index = 0; copy_at(copier, index, label) >= 0; index++)
		if (queue_is_chosen(copier->choice, *label) &&
		    (lowest < 0 || *label < lowest_type)) {
			lowest = index;
			lowest_type = *label;
		}
	return errno == ENOMSG && lowest >= 0 ? copy_at(copier, lowest, label) : -1;
}

ssize_t copier_next(struct copier *copier, long *label)
{
	const struct delivery *delivery = copier->delivery;
	ssize_t length = -1;

	/* Those that were delivered have been taken from in front of INDEX. */
	copier->index -= (long)(delivery->written - copier->written);
	copier->written = delivery->written;
	if (delivery->in_hand == 0 || copier->index < 0)
		copier->index = 0;
	if (copier->choice->pick != QUEUE_LOWEST) {
		while ((length = copy_at(copier, copier->index++, label)) >= 0)
			if (queue_is_chosen(copier->choice, *label))
				return length;
	} else if (delivery->in_hand == 0) {
		length = copy_lowest(copier, label);
	} else {
		errno = ENOMSG;
	}
	if (length < 0 && errno == ENOMSG)
		errno = EAGAIN;
	return length;
}

ssize_t copier_wait(struct copier *copier, long *label)
{
	int64_t end = patience_end(copier->patience);
	int look = LOOK_FIRST;
	ssize_t length;

	while ((length = copier_next(copier, label)) < 0)
		if (errno != EAGAIN || sleep_a_look(copier, end, &look) < 0)
			return -1;
	return length;
}
