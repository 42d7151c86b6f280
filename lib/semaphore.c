/* SPDX-License-Identifier: MIT */
#include "semaphore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scan.h"
#include "semaphore-family.h"

static const struct semaphore_family *family_of(const struct ref *ref)
{
	return ref_is_posix(ref) ? &semaphore_posix : &semaphore_sysv;
}

static void start(struct semaphore *semaphore, const struct ref *ref)
{
	*semaphore = (struct semaphore){ .family = family_of(ref), .handle = -1 };
}

int semaphore_create(struct semaphore *semaphore, struct ref *ref, const int *values, int count,
		     mode_t mode)
{
	start(semaphore, ref);
	return semaphore->family->create(semaphore, ref, values, count, mode);
}

int semaphore_open(struct semaphore *semaphore, struct ref *ref, enum semaphore_access access)
{
	start(semaphore, ref);
	if (semaphore->family->open(semaphore, ref, access) < 0)
		return -1;
	return access == SEMAPHORE_CHANGE ? semaphore->family->settle(semaphore) : 0;
}

int semaphore_ensure(struct semaphore *semaphore, struct ref *ref, const int *values, int count,
		     mode_t mode, bool *made)
{
	struct ref found;
	bool ignored;

	if (made == NULL)
		made = &ignored;
	/* It may come and go between the calls. */
	for (;;) {
		found = *ref;
		start(semaphore, ref);
		*made = false;
		if (semaphore->family->open(semaphore, &found, SEMAPHORE_CHANGE) == 0 &&
		    semaphore->family->adopt(semaphore, values, count) == 0) {
			*ref = found;
			return 0;
		}
		if (errno != ENOENT && errno != EIDRM)
			return -1;
		*made = true;
		if (semaphore->family->create(semaphore, ref, values, count, mode) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
}

void semaphore_close(struct semaphore *semaphore)
{
	semaphore->family->close(semaphore);
}

int semaphore_remove(const struct ref *ref, const struct semaphore_facts *made)
{
	return family_of(ref)->remove(ref, made);
}

int semaphore_look_by_ref(const struct ref *ref, struct semaphore_facts *facts)
{
	return family_of(ref)->look_by_ref(ref, facts);
}

int semaphore_values(const struct semaphore *semaphore, int *values)
{
	return semaphore->family->values(semaphore, values);
}

int semaphore_queue(const struct semaphore *semaphore, int index, struct semaphore_queue *queue)
{
	return semaphore->family->queue(semaphore, index, queue);
}

/* The digits at TEXT, up to the character END, as a number up to MOST. */
static const char *scan_part(const char *text, const char *end, int64_t most, int64_t *number)
{
	char digits[16];
	size_t length = (size_t)(end - text);

	if (length >= sizeof digits)
		return "is too large";
	memcpy(digits, text, length);
	digits[length] = '\0';
	return scan_number(digits, 0, most, number);
}

const char *semaphore_scan_step(const char *text, struct sembuf *step)
{
	const char *colon = strchr(text, ':'), *delta;
	int64_t index, number;

	if (colon == NULL)
		return "is not INDEX:DELTA";
	if (scan_part(text, colon, USHRT_MAX, &index) != NULL)
		return "has an INDEX that is not a number from 0 to 65535";
	delta = colon + 1;
	if (*delta == '+' || *delta == '-')
		delta++;
	if (scan_part(delta, delta + strlen(delta), SHRT_MAX, &number) != NULL)
		return "has a DELTA that is not a number from -32767 to 32767";
	if (number == 0 && delta != colon + 1)
		return "has a DELTA of 0, which waits for zero, with a sign";
	*step = (struct sembuf){
		.sem_num = (unsigned short)index,
		.sem_op = (short)(colon[1] == '-' ? -number : number),
	};
	return NULL;
}

int semaphore_take_now(struct semaphore *semaphore, struct sembuf *steps, size_t count, bool undo)
{
	int taken;

	do
		taken = semaphore->family->take(semaphore, steps, count, undo, false, 0);
	while (taken < 0 && errno == EINTR);
	return taken;
}

int semaphore_take_until(struct semaphore *semaphore, struct sembuf *steps, size_t count, bool undo,
			 int64_t end)
{
	int taken;

	do
		taken = semaphore->family->take(semaphore, steps, count, undo, true, end);
	while (taken < 0 && errno == EINTR);
	return taken;
}

/* Whether a wait has to end, and with which errno. */
static bool wait_ended(const struct semaphore *semaphore, struct waker *waker)
{
	unsigned causes = waker_causes(waker);

	if (causes & WAKER_STOP)
		errno = EINTR;
	else if (causes & WAKER_GONE)
		errno = semaphore->family->loss(semaphore);
	return causes != 0;
}

int semaphore_take(struct semaphore *semaphore, struct sembuf *steps, size_t count,
		   const struct patience *patience, struct waker *waker)
{
	int64_t end = patience_end(patience), glance;
	int taken = semaphore_take_now(semaphore, steps, count, false);

	if (taken == 0 || errno != EAGAIN || patience_none(patience))
		return taken;
	glance = patience_now() + semaphore->family->glance;
	if (semaphore->family->glance > 0 && (end == 0 || end > glance)) {
		taken = semaphore_take_until(semaphore, steps, count, false, glance);
		if (taken == 0 || errno != ETIMEDOUT)
			return taken;
	}
	/* Both families have a wait with an end on the right clock. */
	if (waker_begin(waker, 0) < 0)
		return -1;
	do {
		taken = -1;
		if (wait_ended(semaphore, waker))
			break;
		taken = semaphore->family->take(semaphore, steps, count, false, true, end);
	} while (taken < 0 && errno == EINTR);
	waker_end(waker);
	return taken;
}

void semaphore_watch(const struct semaphore *semaphore, struct waker *waker)
{
	semaphore->family->watch(semaphore, waker);
}

bool semaphore_can_undo(const struct semaphore *semaphore)
{
	return semaphore->family->can_undo;
}

int semaphore_post(struct semaphore *semaphore, int index, int count)
{
	return semaphore->family->post(semaphore, index, count);
}

int semaphore_set(struct semaphore *semaphore, int first, const int *values, int count)
{
	return semaphore->family->set(semaphore, first, values, count);
}

/* Whose it is that may not be touched, for the errnos that both families share. */
static void hint_at_owner(char *hint, const struct ref *ref)
{
	struct semaphore_facts facts;

	if (semaphore_look_by_ref(ref, &facts) == 0)
		snprintf(hint, SEMAPHORE_HINT_MAX, " (it belongs to uid %ld, mode %04o)",
			 (long)facts.owner, (unsigned)facts.mode);
}

void semaphore_hint(char *hint, const struct ref *ref, size_t wanted, int error)
{
	int kept = errno;

	hint[0] = '\0';
	family_of(ref)->hint(hint, ref, wanted, error);
	if (hint[0] == '\0' && (error == EACCES || error == EPERM))
		hint_at_owner(hint, ref);
	if (hint[0] == '\0' && error == ENOSYS)
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (this kernel is built without semaphores, "
			 "or /proc is not mounted)");
	if (hint[0] == '\0')
		strcpy(hint, waker_hint(error));
	errno = kept;
}
