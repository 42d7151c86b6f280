/* SPDX-License-Identifier: MIT */
/*
 * bare COUNT SIZE: COUNT records of SIZE bytes through a ring of 1 MiB between two
 * processes, and nothing else: no files, no checksums, no roles, no peer that
 * dies.  Prints the microseconds.  Records have a header of 8 bytes; both sides
 * publish after 64 of them, and sleep on a futex after 200 looks.
 */
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CAPACITY = 1 << 20, BATCH = 64, LOOKS = 200 };

struct side {
	_Alignas(128) _Atomic uint64_t counter;
	_Atomic uint32_t sleeps; /* the other side waits for COUNTER */
};

struct ring {
	struct side in, out;
	_Alignas(128) unsigned char data[CAPACITY];
};

static void publish(struct side *side, uint64_t value)
{
	atomic_store_explicit(&side->counter, value, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&side->sleeps, memory_order_relaxed) != 0) {
		atomic_store(&side->sleeps, 0);
		syscall(SYS_futex, &side->sleeps, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

/* Wait until the counter is at least LEAST. */
static uint64_t await(struct side *side, uint64_t least)
{
	for (int look = 0;; look++) {
		uint64_t value = atomic_load_explicit(&side->counter, memory_order_acquire);

		if ((int64_t)(value - least) >= 0)
			return value;
		if (look < LOOKS)
			continue;
		atomic_store(&side->sleeps, 1);
		atomic_thread_fence(memory_order_seq_cst);
		if ((int64_t)(atomic_load(&side->counter) - least) < 0)
			syscall(SYS_futex, &side->sleeps, FUTEX_WAIT, 1, NULL, NULL, 0);
		look = 0;
	}
}

static void copy(struct ring *ring, uint64_t position, void *bytes, size_t length, int inward)
{
	size_t offset = position % CAPACITY, first = CAPACITY - offset;

	if (first > length)
		first = length;
	if (inward) {
		memcpy(ring->data + offset, bytes, first);
		memcpy(ring->data, (char *)bytes + first, length - first);
	} else {
		memcpy(bytes, ring->data + offset, first);
		memcpy((char *)bytes + first, ring->data, length - first);
	}
}

static void produce(struct ring *ring, long count, uint64_t size)
{
	uint64_t step = 8 + (size + 7) / 8 * 8, in = 0, out = 0;
	char *bytes = calloc(1, size + 8);

	for (long i = 0; i < count; i++) {
		if (in + step - out > CAPACITY) {
			publish(&ring->in, in);
			out = await(&ring->out, in + step - CAPACITY);
		}
		memcpy(bytes, &i, sizeof i);
		memcpy(ring->data + in % CAPACITY, &size, 8);
		copy(ring, in + 8, bytes, size, 1);
		in += step;
		if (i % BATCH == BATCH - 1)
			publish(&ring->in, in);
	}
	publish(&ring->in, in);
}

static void consume(struct ring *ring, long count, uint64_t most)
{
	uint64_t in = 0, out = 0;
	char *bytes = malloc(most + 8);

	for (long i = 0; i < count; i++) {
		uint64_t size;
		long number;

		if (out == in) {
			publish(&ring->out, out);
			in = await(&ring->in, out + 1);
		}
		memcpy(&size, ring->data + out % CAPACITY, 8);
		copy(ring, out + 8, bytes, size, 0);
		memcpy(&number, bytes, sizeof number);
		if (number != i)
			_exit(1);
		out += 8 + (size + 7) / 8 * 8;
		if (i % BATCH == BATCH - 1)
			publish(&ring->out, out);
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	struct ring *ring = mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	long count = argc > 2 ? atol(argv[1]) : 0;
	uint64_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	double start = now();

	if (ring == MAP_FAILED || count < 1 || size < 8)
		return 1;
	if (fork() == 0) {
		produce(ring, count, size);
		_exit(0);
	}
	consume(ring, count, size);
	printf("%.0f\n", now() - start);
	wait(NULL);
	return 0;
}
