/* SPDX-License-Identifier: MIT */
/*
 * ring-steps: a producer and a consumer that are stopped after each instruction.
 * What is in the ring's memory then is what they would leave if they were killed
 * there: whoever comes next must find each record that was published, whole and
 * in its order, and be able to go on.  Prints how many states there were.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crc32c.h"
#include "ring-flow.h"

enum { CAPACITY = 4096, SIZE = RING_DATA_AT + CAPACITY, ROUNDS = 3, BATCH = 12, LONGEST = 250 };

static unsigned char *memory, copy[SIZE] __attribute__((aligned(4096)));

_Noreturn static void fail(const char *what, uint64_t number)
{
	fprintf(stderr, "record %llu: %s\n", (unsigned long long)number, what);
	_exit(1);
}

/* Record NUMBER. */
static size_t text_of(uint64_t number, char *text)
{
	size_t length = number * 37 % LONGEST;

	memset(text, 'a' + (char)(number % 26), length);
	return length;
}

static void work(void)
{
	struct ring_producer producer = { .memory = memory, .capacity = CAPACITY };
	struct ring_consumer consumer = { .memory = memory, .capacity = CAPACITY };
	char text[LONGEST];
	const char *bytes;

	if (ring_consumer_begin(&consumer) < 0)
		fail("cannot be consumed", 0);
	for (int round = 0; round < ROUNDS; round++) {
		if (ring_producer_begin(&producer) < 0)
			fail("cannot be produced", producer.number);
		for (int i = 0; i < BATCH; i++)
			if (ring_producer_add(&producer, text, text_of(producer.number, text)) < 0)
				fail("cannot be added", producer.number);
		ring_producer_publish(&producer, round == ROUNDS - 1);
		for (int i = 1; i <= BATCH; i++) {
			if (ring_consumer_next(&consumer, &bytes) < 0)
				fail("does not come", consumer.number);
			if (i % (BATCH / 2) == 0)
				ring_consumer_release(&consumer, consumer.at, BATCH / 2);
		}
	}
	ring_consumer_end(&consumer);
}

/* Read all that the consumer finds, up to record END. */
static void read_on(struct ring_consumer *consumer, uint64_t end)
{
	while (consumer->number < end) {
		uint64_t number = consumer->number;
		char text[LONGEST];
		const char *bytes;
		ssize_t length = ring_consumer_next(consumer, &bytes);

		if (length < 0)
			fail("does not come", number);
		if ((size_t)length != text_of(number, text) ||
		    memcmp(bytes, text, (size_t)length) != 0)
			fail("is another one", number);
	}
}

/* Whoever comes after the killed one finds all of it, and goes on. */
static void check(void)
{
	static uint64_t total, taken;
	struct ring_producer producer = { .memory = copy, .capacity = CAPACITY };
	struct ring_consumer consumer = { .memory = copy, .capacity = CAPACITY };
	char text[LONGEST];
	const char *bytes;
	struct ring_facts facts;

	if (ring_read_facts(copy, SIZE, SIZE, &facts) != NULL)
		fail("is the last of a ring that is broken", total);
	if ((facts.total != total && facts.total != total + BATCH) ||
	    (facts.total - facts.records != taken &&
	     facts.total - facts.records != taken + BATCH / 2))
		fail("is not where it was", total);
	total = facts.total;
	taken = total - facts.records;
	if (ring_consumer_begin(&consumer) < 0 || consumer.number != taken)
		fail("is not the first that is left", taken);
	read_on(&consumer, total);
	ring_producer_begin(&producer);
	ring_producer_reopen(&producer);
	if (ring_producer_begin(&producer) < 0)
		fail("cannot be put", total);
	if (ring_producer_add(&producer, text, text_of(total, text)) == 0) {
		ring_producer_publish(&producer, true);
		read_on(&consumer, total + 1);
	}
	if (ring_consumer_next(&consumer, &bytes) >= 0 || (errno != ESHUTDOWN && errno != EAGAIN))
		fail("is one too many", consumer.number);
	ring_consumer_end(&consumer);
}

int main(void)
{
	static unsigned char before[SIZE];
	struct ring_header header = { .magic = RING_MAGIC,
				      .version = RING_VERSION,
				      .capacity = CAPACITY,
				      .data_offset = RING_DATA_AT };
	unsigned long steps = 0, states = 0;
	int status;
	pid_t child;

	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 2;
	ring_header_seal(&header);
	memcpy(memory, &header, sizeof header);
	crc32c_by_table(0, &header, 1); /* the table need not be made in steps */
	child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(2);
		raise(SIGSTOP);
		work();
		_exit(0);
	}
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		if (memcmp(before, memory, SIZE) != 0) {
			memcpy(before, memory, SIZE);
			memcpy(copy, memory, SIZE);
			check();
			states++;
		}
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) < 0)
			return 2;
		steps++;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	printf("%d records, %lu instructions, %lu states\n", ROUNDS * BATCH, steps, states);
	return 0;
}
