/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue-family.h"
#include "scan.h"

static const struct queue_family *family_of(const struct ref *ref)
{
	return ref_is_posix(ref) ? &queue_posix : &queue_sysv;
}

int queue_create(struct queue *queue, struct ref *ref, const struct queue_shape *shape)
{
	*queue = (struct queue){ .family = family_of(ref), .handle = -1 };
	return queue->family->create(queue, ref, shape);
}

int queue_open(struct queue *queue, struct ref *ref, enum queue_access access)
{
	*queue = (struct queue){ .family = family_of(ref), .handle = -1 };
	return queue->family->open(queue, ref, access);
}

void queue_close(struct queue *queue)
{
	queue->family->close(queue);
	if (queue->service > 0)
		close(queue->service);
	queue->service = 0;
	free(queue->staging);
	queue->staging = NULL;
}

int queue_remove(const struct ref *ref)
{
	return family_of(ref)->remove(ref);
}

int queue_look(const struct queue *queue, struct queue_facts *facts)
{
	return queue->family->look(queue, facts);
}

int queue_look_by_ref(const struct ref *ref, struct queue_facts *facts)
{
	return family_of(ref)->look_by_ref(ref, facts);
}

int queue_adopt(struct queue *queue, int descriptor)
{
	*queue = (struct queue){ .family = &queue_posix, .handle = -1 };
	return queue_posix_adopt(queue, descriptor);
}

/*
 * A call that does not wait can still be interrupted (stop and continue, a
 * signal for another purpose); it has then done nothing.
 */
int queue_send_now(struct queue *queue, const char *bytes, size_t length, long label)
{
	int sent;

	do
		sent = queue->family->send(queue, bytes, length, label, false);
	while (sent < 0 && errno == EINTR);
	return sent;
}

ssize_t queue_receive_now(struct queue *queue, char *buffer, size_t size,
			  const struct queue_choice *choice, long *label)
{
	ssize_t length;

	do
		length = queue->family->receive(queue, buffer, size, choice, label, false);
	while (length < 0 && errno == EINTR);
	return length;
}

ssize_t queue_copy(struct queue *queue, long index, char *buffer, size_t size, long *label)
{
	ssize_t length;

	do
		length = queue->family->copy(queue, index, buffer, size, label);
	while (length < 0 && errno == EINTR);
	return length;
}

int queue_watchable(const struct queue *queue)
{
	return queue->family->removal_is_silent ? queue->handle : -1;
}

bool queue_is_nameless(const struct queue *queue)
{
	struct stat status;

	return queue->family->removal_is_silent && fstat(queue->handle, &status) == 0 &&
	       status.st_nlink == 0;
}

int queue_send(struct queue *queue, const char *bytes, size_t length, long label,
	       const struct patience *patience, struct waker *waker)
{
	int sent = queue_send_now(queue, bytes, length, label);

	if (sent == 0 || errno != EAGAIN || patience_none(patience))
		return sent;
	/* The other side, if it is ready to run, makes room for many now, not for one. */
	sched_yield();
	sent = queue_send_now(queue, bytes, length, label);
	if (sent == 0 || errno != EAGAIN)
		return sent;
	if (waker_begin(waker, patience_end(patience)) < 0)
		return -1;
	do {
		sent = -1;
		if (waker_ends(waker))
			break;
		sent = queue->family->send(queue, bytes, length, label, true);
	} while (sent < 0 && errno == EINTR);
	waker_end(waker);
	return sent;
}

/* After the end of a wait: what came before it is still there to take. */
static ssize_t receive_last(struct queue *queue, char *buffer, size_t size,
			    const struct queue_choice *choice, long *label)
{
	int ended = errno;
	ssize_t length = queue_receive_now(queue, buffer, size, choice, label);

	if (length < 0 && errno == EAGAIN)
		errno = ended;
	return length;
}

/* What is there already, or comes when the other side is let run. */
static ssize_t receive_soon(struct queue *queue, char *buffer, size_t size,
			    const struct queue_choice *choice, long *label,
			    const struct patience *patience)
{
	ssize_t length = queue_receive_now(queue, buffer, size, choice, label);

	if (length >= 0 || errno != EAGAIN || patience_none(patience) || queue->one_at_a_time)
		return length;
	sched_yield(); /* as in queue_send() */
	return queue_receive_now(queue, buffer, size, choice, label);
}

ssize_t queue_receive(struct queue *queue, char *buffer, size_t size,
		      const struct queue_choice *choice, long *label,
		      const struct patience *patience, struct waker *waker)
{
	ssize_t length = -1;

	/* Where a wait is likely, and costs no start of a helper, it is begun at once. */
	if (!queue->one_at_a_time || !waker->running || patience_none(patience)) {
		length = receive_soon(queue, buffer, size, choice, label, patience);
		if (length >= 0 || errno != EAGAIN || patience_none(patience))
			return length;
	}
	if (waker_begin(waker, patience_end(patience)) < 0)
		return -1;
	do {
		length = -1;
		if (waker_ends(waker)) {
			if (errno != EINTR)
				length = receive_last(queue, buffer, size, choice, label);
			break;
		}
		length = queue->family->receive(queue, buffer, size, choice, label, true);
	} while (length < 0 && errno == EINTR);
	waker_end(waker);
	return length;
}

const char *queue_scan_choice(const char *text, struct queue_choice *choice)
{
	int64_t type = 0;
	const char *wrong;

	choice->pick = QUEUE_TYPE;
	if (strncmp(text, "not:", 4) == 0) {
		choice->pick = QUEUE_NOT;
		text += 4;
	} else if (*text == '!') {
		choice->pick = QUEUE_NOT;
		text++;
	} else if (*text == '-') {
		choice->pick = QUEUE_LOWEST;
		text++;
	}
	wrong = scan_number(text, 1, LONG_MAX, &type);
	choice->type = (long)type;
	return wrong;
}

bool queue_is_chosen(const struct queue_choice *choice, long type)
{
	switch (choice->pick) {
	case QUEUE_TYPE:
		return type == choice->type;
	case QUEUE_LOWEST:
		return type <= choice->type;
	case QUEUE_NOT:
		return type != choice->type;
	case QUEUE_ANY:
		break;
	}
	return true;
}

/* Whose it is that may not be touched, for the errnos that both families share. */
static void hint_at_owner(char *hint, const struct ref *ref)
{
	struct queue_facts facts;

	if (queue_look_by_ref(ref, &facts) == 0)
		snprintf(hint, QUEUE_HINT_MAX, " (it belongs to uid %ld, mode %04o)",
			 (long)facts.owner, (unsigned)facts.mode);
}

void queue_hint(char *hint, const struct ref *ref, const struct queue_shape *shape, int error)
{
	int kept = errno;

	hint[0] = '\0';
	family_of(ref)->hint(hint, ref, shape, error);
	if (hint[0] == '\0' && (error == EACCES || error == EPERM))
		hint_at_owner(hint, ref);
	if (hint[0] == '\0' && error == ENOSYS)
		snprintf(hint, QUEUE_HINT_MAX, " (this kernel is built without such queues)");
	if (hint[0] == '\0')
		strcpy(hint, waker_hint(error));
	errno = kept;
}
