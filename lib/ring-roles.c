/* SPDX-License-Identifier: MIT */
#include "ring-roles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "own.h"

enum {
	BUSY_LOOK = 1000000, /* ns between two looks at a role that is busy */
	BUSY_LOOKS = 100,
	STAT_MAX = 1024,
	START_FIELD = 22, /* of /proc/self/stat */
};

uint64_t ring_process_start(void)
{
	OWN_FD int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char text[STAT_MAX], *at;
	unsigned long long start = 0;
	ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);

	if (length <= 0)
		return 0;
	text[length] = '\0';
	/* The name, in brackets, may hold anything; field 3 stands behind it. */
	at = strrchr(text, ')');
	for (int field = 2; at != NULL && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at != NULL && sscanf(at, "%llu", &start) == 1 ? start : 0;
}

static void tell_process(struct ring_process *process)
{
	__atomic_store_n(&process->start, ring_process_start(), __ATOMIC_RELAXED);
	__atomic_store_n(&process->pid, (uint32_t)getpid(), __ATOMIC_RELAXED);
}

/* HOW: F_OFD_SETLK or F_OFD_SETLKW.  EAGAIN: another has it. */
static int lock(struct ring *ring, int byte, int how, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	int result;

	do
		result = fcntl(ring->descriptor, how, &lock);
	while (result < 0 && errno == EINTR && how == F_OFD_SETLK);
	if (result < 0 && errno == EACCES)
		errno = EAGAIN;
	return result;
}

static void unlock(struct ring *ring, int byte)
{
	lock(ring, byte, F_OFD_SETLK, F_UNLCK);
}

static int await_lock(struct ring *ring, int byte, struct waker *waker)
{
	int result;

	do {
		result = -1;
		if (waker_ends(waker))
			break;
		result = lock(ring, byte, F_OFD_SETLKW, F_WRLCK);
	} while (result < 0 && errno == EINTR);
	return result;
}

void ring_attach(struct ring *ring)
{
	struct ring_producer_page *page = (void *)(ring->mapping.memory + RING_PRODUCER_AT);

	for (int i = 0; i < RING_PRODUCERS; i++)
		if (lock(ring, RING_LOCK_ATTACHED + i, F_OFD_SETLK, F_WRLCK) == 0) {
			tell_process(&page->processes[i]);
			return;
		}
}

static struct ring_producer_page *producer_page(const struct ring *ring)
{
	return (void *)(ring->mapping.memory + RING_PRODUCER_AT);
}

static void set_wanted(struct ring *ring, uint32_t wanted)
{
	__atomic_store_n(&producer_page(ring)->wanted, wanted, __ATOMIC_SEQ_CST);
}

/*
 * Who finds the producers' role taken takes the turn, says that the role is
 * wanted, and keeps the turn until it has the role.  While it is wanted, nobody
 * takes it but by the turn: so a producer that gives the role up and wants it
 * again stands behind one that has waited.
 */
static int take_free_role(struct ring *ring)
{
	int result;

	if (__atomic_load_n(&producer_page(ring)->wanted, __ATOMIC_SEQ_CST) == 0)
		return lock(ring, RING_LOCK_PRODUCER, F_OFD_SETLK, F_WRLCK);
	if (lock(ring, RING_LOCK_TURN, F_OFD_SETLK, F_WRLCK) < 0)
		return -1;
	/* Whoever wanted it has been killed. */
	set_wanted(ring, 0);
	result = lock(ring, RING_LOCK_PRODUCER, F_OFD_SETLK, F_WRLCK);
	unlock(ring, RING_LOCK_TURN);
	return result;
}

static int await_role(struct ring *ring, const struct patience *patience, struct waker *waker)
{
	int result, error;

	if (waker_begin(waker, patience_end(patience)) < 0)
		return -1;
	result = await_lock(ring, RING_LOCK_TURN, waker);
	if (result == 0) {
		set_wanted(ring, 1);
		result = await_lock(ring, RING_LOCK_PRODUCER, waker);
		error = errno;
		set_wanted(ring, 0);
		unlock(ring, RING_LOCK_TURN);
		errno = error;
	}
	waker_end(waker);
	return result;
}

/* A producer that is busy will have done in no time; one that waits for room may not. */
static int take_from_busy(struct ring *ring)
{
	const struct ring_producer_page *page = producer_page(ring);
	const struct timespec pause = { .tv_nsec = BUSY_LOOK };
	int result = -1;

	errno = EAGAIN;
	for (int look = 0; look < BUSY_LOOKS && result < 0 && errno == EAGAIN; look++) {
		if (__atomic_load_n(&page->waiting, __ATOMIC_RELAXED) != 0) {
			errno = EAGAIN;
			return -1;
		}
		nanosleep(&pause, NULL);
		result = take_free_role(ring);
	}
	return result;
}

int ring_produce(struct ring *ring, const struct patience *patience, struct waker *waker)
{
	int result = take_free_role(ring);

	if (result < 0 && errno == EAGAIN)
		result = patience_none(patience) ? take_from_busy(ring)
						 : await_role(ring, patience, waker);
	if (result < 0)
		return -1;
	result = ring_producer_begin(&ring->producer);
	ring->wrong = ring->producer.wrong;
	return ring_check_cut(ring) < 0 ? -1 : result;
}

void ring_rest(struct ring *ring)
{
	int kept = errno;

	unlock(ring, RING_LOCK_PRODUCER);
	errno = kept;
}

int ring_consume(struct ring *ring, const struct patience *patience, struct waker *waker)
{
	struct ring_consumer_page *page = (void *)(ring->mapping.memory + RING_CONSUMER_AT);
	int result = 0;

	if (!ring->consumer.peeks) {
		result = lock(ring, RING_LOCK_CONSUMER, F_OFD_SETLK, F_WRLCK);
		if (result < 0 && errno == EAGAIN && !patience_none(patience)) {
			if (waker_begin(waker, patience_end(patience)) < 0)
				return -1;
			result = await_lock(ring, RING_LOCK_CONSUMER, waker);
			waker_end(waker);
		}
		if (result < 0)
			return -1;
		tell_process(&page->process);
		ring->is_consumer = true;
	}
	result = ring_consumer_begin(&ring->consumer);
	ring->wrong = ring->consumer.wrong;
	return ring_check_cut(ring) < 0 ? -1 : result;
}
