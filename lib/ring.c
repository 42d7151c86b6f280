/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "own.h"
#include "ring-roles.h"
#include "shmfile.h"
#include "stop.h"

enum {
	SLICE = 250000000,  /* ns of the longest sleep between two looks */
	AWAY_MOST = 200000, /* ns for others that are ready to run */
	WAITS_LEAST = 16,   /* that make no way after they took longer */
	WAITS_MOST = 4096,
};

uint64_t ring_capacity(uint64_t wanted)
{
	uint64_t capacity = RING_CAPACITY_LEAST;

	if (wanted > RING_CAPACITY_MOST)
		return 0;
	while (capacity < wanted)
		capacity *= 2;
	return capacity;
}

static int write_header(int descriptor, uint64_t capacity)
{
	struct ring_header header = {
		.version = RING_VERSION,
		.capacity = capacity,
		.data_offset = RING_DATA_AT,
		.creator = (uint32_t)getpid(),
		.creator_start = ring_process_start(),
	};

	ssize_t length;

	memcpy(header.magic, RING_MAGIC, sizeof header.magic);
	if (getrandom(header.instance, sizeof header.instance, 0) < 0)
		return -1;
	ring_header_seal(&header);
	do
		length = pwrite(descriptor, &header, sizeof header, 0);
	while (length < 0 && errno == EINTR);
	return length == (ssize_t)sizeof header ? 0 : -1;
}

int ring_create(const struct ref *ref, uint64_t capacity, mode_t mode, struct stat *made)
{
	OWN_FD int descriptor = shmfile_new(mode, (off_t)(RING_DATA_AT + capacity), true);

	if (descriptor < 0 || write_header(descriptor, capacity) < 0 || fstat(descriptor, made) < 0)
		return -1;
	stop_hold();
	return shmfile_publish(descriptor, ref);
}

int ring_fail(struct ring *ring, const char *phrase)
{
	ring->wrong = phrase;
	errno = EBADMSG;
	return -1;
}

int ring_check_cut(struct ring *ring)
{
	return mapping_is_cut(&ring->mapping) ? ring_fail(ring, "has been cut short") : 0;
}

static ssize_t read_header(int descriptor, struct ring_header *header)
{
	ssize_t length;

	do
		length = pread(descriptor, header, sizeof *header, 0);
	while (length < 0 && errno == EINTR);
	return length;
}

int ring_open(struct ring *ring, const struct ref *ref, enum ring_access access)
{
	OWN_FD int descriptor = shmfile_open(ref, access == RING_PEEK ? O_RDONLY : O_RDWR, NULL);
	struct ring_header header = { 0 };
	struct stat status;
	const char *wrong;

	*ring = (struct ring){ .descriptor = -1 };
	if (descriptor < 0 && errno == ENOTSUP)
		return ring_fail(ring, "is no ring");
	if (descriptor < 0 || fstat(descriptor, &status) < 0 ||
	    read_header(descriptor, &header) < 0)
		return -1;
	wrong = ring_header_check(&header, (uint64_t)status.st_size);
	if (wrong != NULL)
		return ring_fail(ring, wrong);
	if (mapping_open(&ring->mapping, descriptor, RING_DATA_AT + header.capacity,
			 access == RING_USE) < 0)
		return -1;
	ring->descriptor = own_take_fd(&descriptor);
	ring->capacity = header.capacity;
	ring->longest = ring_longest(header.capacity);
	ring->producer.memory = ring->mapping.memory;
	ring->producer.capacity = header.capacity;
	ring->consumer.memory = ring->mapping.memory;
	ring->consumer.capacity = header.capacity;
	ring->consumer.peeks = access == RING_PEEK;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (ring->is_consumer) {
		struct ring_consumer_page *page = (void *)(ring->mapping.memory + RING_CONSUMER_AT);

		__atomic_store_n(&page->process.pid, 0, __ATOMIC_RELAXED);
	}
	ring_consumer_end(&ring->consumer);
	mapping_close(&ring->mapping);
	own_drop_fd(&ring->descriptor);
}

bool ring_is_gone(const struct ring *ring)
{
	struct stat status;

	return fstat(ring->descriptor, &status) == 0 && status.st_nlink == 0;
}

bool ring_is_ended(const struct ring *ring)
{
	const struct ring_producer_page *page =
		(const void *)(ring->mapping.memory + RING_PRODUCER_AT);

	return __atomic_load_n(&page->ended, __ATOMIC_ACQUIRE) != 0;
}

/* Waiting. */

static void wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Sleep while *WORD is VALUE, but not for long; then see whether the file is still whole. */
static int doze(struct ring *ring, uint32_t *word, uint32_t value)
{
	const struct timespec slice = { .tv_nsec = SLICE };
	struct stat status;

	/* EFAULT: the page is not there any more. */
	if (syscall(SYS_futex, word, FUTEX_WAIT, value, &slice, NULL, 0) < 0 &&
	    (errno == EFAULT || errno == ETIMEDOUT) && fstat(ring->descriptor, &status) == 0 &&
	    (uint64_t)status.st_size < ring->mapping.size)
		return ring_fail(ring, "has been cut short");
	return ring_check_cut(ring);
}

int ring_await_room(struct ring *ring, size_t length, const struct patience *patience,
		    struct waker *waker)
{
	uint32_t *word = ring_room_word(ring->mapping.memory), value;
	int result = 0;

	if (patience_none(patience)) {
		errno = EAGAIN;
		return -1;
	}
	if (waker_begin(waker, patience_end(patience)) < 0)
		return -1;
	while (result == 0 && ring_producer_waits(&ring->producer, length, &value)) {
		if (waker_ends(waker))
			result = -1;
		else
			result = doze(ring, word, value);
	}
	waker_end(waker);
	return result;
}

/*
 * A producer, if it is ready to run, puts a record now: that costs no wake.  But
 * where something else had the processor for long, a record may have waited that
 * a sleeper would have been woken for: the next waits do without, and each time
 * that is seen again, four times as many.
 */
static void give_way(struct ring *ring)
{
	int64_t start;

	if (ring->waits_left > 0) {
		ring->waits_left--;
		return;
	}
	start = patience_now();
	sched_yield();
	if (patience_now() - start < AWAY_MOST)
		ring->waits /= 2;
	else if (ring->waits < WAITS_LEAST)
		ring->waits = WAITS_LEAST;
	else if (ring->waits < WAITS_MOST)
		ring->waits *= 4;
	ring->waits_left = ring->waits;
}

int ring_await_record(struct ring *ring, const struct patience *patience, struct waker *waker)
{
	uint32_t *word = ring_records_word(ring->mapping.memory), value;
	int result = 0;

	if (patience_none(patience)) {
		errno = EAGAIN;
		return -1;
	}
	give_way(ring);
	if (ring_consumer_sees_more(&ring->consumer))
		return 0;
	if (waker_begin(waker, patience_end(patience)) < 0)
		return -1;
	while (result == 0 && ring_consumer_waits(&ring->consumer, &value)) {
		if (waker_ends(waker))
			result = -1;
		else
			result = doze(ring, word, value);
	}
	waker_end(waker);
	return result;
}

/* Moving records. */

int ring_publish(struct ring *ring, bool end)
{
	if (ring_producer_publish(&ring->producer, end))
		wake(ring_records_word(ring->mapping.memory));
	return ring_check_cut(ring);
}

ssize_t ring_next(struct ring *ring, const char **bytes)
{
	ssize_t length = ring_consumer_next(&ring->consumer, bytes);

	ring->wrong = ring->consumer.wrong;
	return ring_check_cut(ring) < 0 ? -1 : length;
}

void ring_settle(struct ring *ring)
{
	if (ring->owes_wake)
		wake(ring_room_word(ring->mapping.memory));
	ring->owes_wake = false;
}

int ring_release(struct ring *ring, uint64_t position, uint64_t count)
{
	uint64_t used = ring->consumer.in - position;

	if (ring_consumer_release(&ring->consumer, position, count))
		ring->owes_wake = true;
	/* A producer that has room for a batch is worth being woken. */
	if (ring->owes_wake && ring->capacity - used >= ring->capacity / 4)
		ring_settle(ring);
	return ring_check_cut(ring);
}
