/* SPDX-License-Identifier: MIT */
/*
 * Rings: whatever is in the memory, and whatever is written into it between two
 * steps of a side, nothing is read or written outside of it, every call comes
 * back, and a record that is given out was whole when it was copied.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crc32c.h"
#include "ring-flow.h"

enum { CAPACITY = 4096, SIZE = RING_DATA_AT + CAPACITY };

struct input {
	const uint8_t *at, *end;
};

static uint64_t take(struct input *input, size_t length)
{
	uint64_t value = 0;

	if ((size_t)(input->end - input->at) < length)
		length = (size_t)(input->end - input->at);
	memcpy(&value, input->at, length);
	input->at += length;
	return value;
}

/* A number that is likely to be near what is there. */
static uint64_t near(struct input *input, const unsigned char *memory)
{
	unsigned kind = (unsigned)take(input, 1);
	uint64_t base = 0;

	if (kind & 1)
		memcpy(&base, memory + RING_PRODUCER_AT, 8);
	else if (kind & 2)
		memcpy(&base, memory + RING_CONSUMER_AT, 8);
	return kind & 4 ? take(input, 8) : base + 8 * (uint64_t)(int8_t)take(input, 1);
}

static void poke(struct input *input, unsigned char *memory)
{
	static const uint16_t spots[] = {
		RING_CONSUMER_AT,      RING_CONSUMER_AT + 8,  RING_CONSUMER_AT + 64,
		RING_CONSUMER_AT + 72, RING_CONSUMER_AT + 80, RING_CONSUMER_AT + 88,
		RING_PRODUCER_AT,      RING_PRODUCER_AT + 8,  RING_PRODUCER_AT + 16,
		RING_PRODUCER_AT + 64, RING_PRODUCER_AT + 72, RING_PRODUCER_AT + 80,
		RING_PRODUCER_AT + 88,
	};
	unsigned where = (unsigned)take(input, 1);
	size_t at = where < 128 ? spots[where % (sizeof spots / sizeof *spots)]
				: RING_DATA_AT + 8 * (take(input, 2) % (CAPACITY / 8));
	uint64_t value = near(input, memory);

	memcpy(memory + at, &value, where & 64 ? 4 : 8);
}

static void consume(struct ring_consumer *consumer)
{
	const char *bytes;
	uint64_t before = consumer->at;
	ssize_t length = ring_consumer_next(consumer, &bytes);
	struct ring_record record;

	assert(length <= (ssize_t)ring_longest(CAPACITY));
	if (length < 0) {
		assert(errno == EAGAIN || errno == ESHUTDOWN || errno == EBADMSG);
		assert(errno != EBADMSG || consumer->wrong != NULL);
		return;
	}
	assert(consumer->peeks || consumer->at - before == ring_record_size((uint64_t)length));
	memcpy(&record, bytes - sizeof record, sizeof record);
	assert(record.length == (size_t)length && record.number + 1 == consumer->number);
	before = record.checksum;
	record.checksum = 0;
	assert(before ==
	       crc32c_by_table(crc32c_by_table(0, &record, sizeof record), bytes, (size_t)length));
}

static void produce(struct ring_producer *producer, struct input *input)
{
	static const char bytes[CAPACITY];
	size_t length = take(input, 1) * (1 + take(input, 1) % 16);
	uint64_t before = producer->in;

	if (ring_producer_add(producer, bytes, length) == 0)
		assert(producer->in - before == ring_record_size(length));
	else
		assert(errno == EAGAIN || errno == EMSGSIZE || errno == EBADMSG);
}

/* A few bytes of the input stand for the whole of a page's numbers. */
static void fill(unsigned char *memory, struct input *input)
{
	size_t length = (size_t)(input->end - input->at) / 2;

	memset(memory, 0, SIZE);
	if (take(input, 1) & 1)
		return;
	for (size_t i = 0; i < 96; i += 8) {
		uint64_t value = near(input, memory);

		memcpy(memory + RING_CONSUMER_AT + i, &value, 8);
		value = near(input, memory);
		memcpy(memory + RING_PRODUCER_AT + i, &value, 8);
	}
	if (length > (size_t)(input->end - input->at))
		length = (size_t)(input->end - input->at);
	if (length > CAPACITY)
		length = CAPACITY;
	memcpy(memory + RING_DATA_AT, input->at, length);
	input->at += length;
}

static void run(unsigned char *memory, struct input *input)
{
	struct ring_producer producer = { .memory = memory, .capacity = CAPACITY };
	struct ring_consumer consumer = { .memory = memory, .capacity = CAPACITY };
	struct ring_consumer peeker = { .memory = memory, .capacity = CAPACITY, .peeks = true };
	bool produces = false, consumes = false, peeks = false;
	struct ring_facts facts;
	uint32_t word;

	while (input->at < input->end) {
		switch (take(input, 1) % 12) {
		case 0:
			produces = ring_producer_begin(&producer) == 0;
			break;
		case 1:
			consumes = ring_consumer_begin(&consumer) == 0;
			break;
		case 2:
			peeks = ring_consumer_begin(&peeker) == 0;
			break;
		case 3:
		case 4:
			if (produces)
				produce(&producer, input);
			break;
		case 5:
			if (produces)
				ring_producer_publish(&producer, take(input, 1) == 1);
			break;
		case 6:
		case 7:
			if (consumes)
				consume(&consumer);
			break;
		case 8:
			if (consumes && consumer.at != consumer.out)
				ring_consumer_release(&consumer, consumer.at, take(input, 1));
			if (produces)
				ring_producer_waits(&producer, take(input, 1), &word);
			break;
		case 9:
			if (peeks)
				consume(&peeker);
			break;
		case 10:
			if (consumes)
				ring_consumer_waits(&consumer, &word);
			if (ring_read_facts(memory, SIZE, SIZE, &facts) == NULL)
				assert(facts.used <= facts.capacity &&
				       facts.records <= facts.used / 16 &&
				       facts.producer_count <= RING_PRODUCERS);
			break;
		default:
			poke(input, memory);
		}
	}
	ring_consumer_end(&consumer);
	ring_consumer_end(&peeker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .at = data, .end = data + size };
	unsigned char *memory = aligned_alloc(4096, SIZE);
	struct ring_header header = { .magic = RING_MAGIC,
				      .version = RING_VERSION,
				      .capacity = CAPACITY,
				      .data_offset = RING_DATA_AT };
	const uint64_t words[] = { size, ~(uint64_t)0 };
	struct ring_facts facts;

	if (memory == NULL)
		return 0;
	assert(crc32c_headed(words[0], words[1], data, size) ==
	       crc32c_by_table(crc32c_by_table(0, words, sizeof words), data, size));
	assert(crc32c(7, data, size) == crc32c_by_table(7, data, size));
	ring_read_facts(data, size, size, &facts);
	fill(memory, &input);
	ring_header_seal(&header);
	memcpy(memory, &header, sizeof header);
	/* Now and then a header that is not right. */
	if (take(&input, 1) == 0)
		memory[take(&input, 1) % sizeof header] ^= (unsigned char)take(&input, 1);
	run(memory, &input);
	free(memory);
	return 0;
}
