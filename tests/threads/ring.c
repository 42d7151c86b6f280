/* SPDX-License-Identifier: MIT */
/*
 * tests/threads/ring COUNT: the protocol of rings with threads in the place of
 * processes, for ThreadSanitizer.  Two producers, whose role is a mutex here,
 * and a consumer, who sleep on the ring's own words.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ring-flow.h"

enum { CAPACITY = 4096, PRODUCERS = 2, BATCH = 7 };

static _Alignas(4096) unsigned char memory[RING_DATA_AT + CAPACITY];
static pthread_mutex_t role = PTHREAD_MUTEX_INITIALIZER;
static unsigned long count;

static void doze(uint32_t *word, uint32_t value)
{
	const struct timespec slice = { .tv_nsec = 250000000 };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &slice, NULL, 0);
}

static void wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void add(struct ring_producer *producer, const char *text, size_t length)
{
	uint32_t value;

	while (ring_producer_add(producer, text, length) < 0) {
		if (errno != EAGAIN)
			fail(producer->wrong);
		if (ring_producer_publish(producer, false))
			wake(ring_records_word(memory));
		if (ring_producer_waits(producer, length, &value))
			doze(ring_room_word(memory), value);
	}
}

static void *produce(void *name)
{
	unsigned long number = 0;

	while (number < count) {
		struct ring_producer producer = { .memory = memory, .capacity = CAPACITY };

		pthread_mutex_lock(&role);
		if (ring_producer_begin(&producer) < 0)
			fail(producer.wrong);
		for (int i = 0; i < BATCH && number < count; i++) {
			char text[64] = "";
			int length = snprintf(text, sizeof text, "%s %lu", (char *)name, ++number);

			add(&producer, text, (size_t)length + number % 40 % (sizeof text - 30));
		}
		if (ring_producer_publish(&producer, false))
			wake(ring_records_word(memory));
		pthread_mutex_unlock(&role);
	}
	return NULL;
}

static void *consume(void *unused)
{
	struct ring_consumer consumer = { .memory = memory, .capacity = CAPACITY };
	unsigned long last[PRODUCERS] = { 0 }, kept = 0;

	if (ring_consumer_begin(&consumer) < 0)
		fail(consumer.wrong);
	for (;;) {
		const char *bytes;
		ssize_t length = ring_consumer_next(&consumer, &bytes);
		uint32_t value;

		if (length >= 0) {
			char text[64] = ""; /* what follows the bytes may be a digit, too */

			memcpy(text, bytes, (size_t)length);
			if (strtoul(text + 2, NULL, 10) != ++last[text[0] - 'a'])
				fail("out of order");
			kept++;
		}
		if (kept > 0 && (length < 0 || kept == 5)) {
			if (ring_consumer_release(&consumer, consumer.at, kept))
				wake(ring_room_word(memory));
			kept = 0;
		}
		if (length >= 0)
			continue;
		if (errno == ESHUTDOWN)
			break;
		if (errno != EAGAIN)
			fail(consumer.wrong);
		if (ring_consumer_waits(&consumer, &value))
			doze(ring_records_word(memory), value);
	}
	ring_consumer_end(&consumer);
	for (int i = 0; i < PRODUCERS; i++)
		if (last[i] != count)
			fail("lost");
	return unused;
}

int main(int argc, char **argv)
{
	static char names[PRODUCERS][2] = { "a", "b" };
	struct ring_producer last = { .memory = memory, .capacity = CAPACITY };
	pthread_t producers[PRODUCERS], consumer;

	count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	pthread_create(&consumer, NULL, consume, NULL);
	for (int i = 0; i < PRODUCERS; i++)
		pthread_create(&producers[i], NULL, produce, names[i]);
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	if (ring_producer_begin(&last) < 0)
		fail(last.wrong);
	if (ring_producer_publish(&last, true))
		wake(ring_records_word(memory));
	pthread_join(consumer, NULL);
	printf("%lu records\n", PRODUCERS * count);
	return 0;
}
