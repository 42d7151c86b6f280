/* SPDX-License-Identifier: MIT */
#include "intake.h"

#include <errno.h>

int intake_checked(struct intake *intake, int result)
{
	if (result < 0)
		intake->output_failed = intake->copier == NULL || !intake->copier->take_failed;
	else if (intake->delivery->outlet.stop_seen) {
		errno = EINTR;
		result = -1;
	}
	return result;
}

/* Take a message, or copy it, to delivery_place(). */
static ssize_t get_now(struct intake *intake, long *label)
{
	char *place;

	if (intake->copier != NULL)
		return copier_next(intake->copier, label);
	place = delivery_place(intake->delivery);
	return place == NULL ? -1
			     : queue_receive_now(intake->queue, place, intake->queue->room,
						 intake->choice, label);
}

static ssize_t get(struct intake *intake, long *label)
{
	char *place;

	if (intake->copier != NULL)
		return copier_wait(intake->copier, label);
	place = delivery_place(intake->delivery);
	return place == NULL
		       ? -1
		       : queue_receive(intake->queue, place, intake->queue->room, intake->choice,
				       label, intake->patience, intake->waker);
}

ssize_t intake_next(struct intake *intake, long *label)
{
	/* Where nothing has to be written first, get() takes what is there just as well. */
	bool look = intake->delivery->in_hand > 0;

	for (;;) {
		ssize_t length = look ? get_now(intake, label) : get(intake, label);

		if (length >= 0 || (errno != E2BIG && (errno != EAGAIN || !look)))
			return length;
		if (errno == E2BIG)
			continue;
		if (intake_checked(intake, delivery_flush(intake->delivery)) < 0)
			return -1;
		look = false;
	}
}
