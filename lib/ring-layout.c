/* SPDX-License-Identifier: MIT */
#include "ring-layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc32c.h"

enum { LOOKS = 100 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a ring's numbers are little-endian");
_Static_assert(sizeof(struct ring_header) == 72, "ipc-ring(5) says so");
_Static_assert(offsetof(struct ring_consumer_page, places) == 64, "ipc-ring(5) says so");
_Static_assert(sizeof(struct ring_consumer_page) == 112, "ipc-ring(5) says so");
_Static_assert(offsetof(struct ring_producer_page, places) == 64, "ipc-ring(5) says so");
_Static_assert(offsetof(struct ring_producer_page, processes) == 1024, "ipc-ring(5) says so");
_Static_assert(sizeof(struct ring_producer_page) == 2048, "ipc-ring(5) says so");

static uint32_t checksum_of(const struct ring_header *header)
{
	size_t start = offsetof(struct ring_header, capacity);

	return crc32c(0, (const char *)header + start, sizeof *header - start);
}

void ring_header_seal(struct ring_header *header)
{
	header->checksum = checksum_of(header);
}

const char *ring_header_check(const struct ring_header *header, uint64_t file_size)
{
	uint64_t capacity = header->capacity;

	if (memcmp(header->magic, RING_MAGIC, sizeof header->magic) != 0)
		return "is no ring";
	if (header->version != RING_VERSION || header->incompatible != 0)
		return "is a ring of a version that this tool does not know";
	if (header->checksum != checksum_of(header))
		return "has a broken header";
	if (capacity < RING_CAPACITY_LEAST || capacity > RING_CAPACITY_MOST ||
	    (capacity & (capacity - 1)) != 0 || header->data_offset != RING_DATA_AT)
		return "has a header that cannot be";
	if (file_size < RING_DATA_AT + capacity)
		return "has been cut short";
	return NULL;
}

bool ring_find_number(const struct ring_place *places, uint64_t position, uint64_t *number)
{
	for (int i = 0; i < 2; i++)
		if (__atomic_load_n(&places[i].position, __ATOMIC_RELAXED) == position) {
			*number = __atomic_load_n(&places[i].number, __ATOMIC_RELAXED);
			return true;
		}
	return false;
}

const char *ring_read_facts(const void *bytes, size_t length, uint64_t file_size,
			    struct ring_facts *facts)
{
	struct ring_header header;
	struct ring_consumer_page consumer;
	struct ring_producer_page producer;
	uint64_t taken;
	const char *wrong;

	if (length < sizeof header)
		return "is no ring";
	memcpy(&header, bytes, sizeof header);
	wrong = ring_header_check(&header, file_size);
	if (wrong == NULL && length < RING_DATA_AT)
		wrong = "has been cut short";
	if (wrong != NULL)
		return wrong;
	memcpy(&consumer, (const char *)bytes + RING_CONSUMER_AT, sizeof consumer);
	memcpy(&producer, (const char *)bytes + RING_PRODUCER_AT, sizeof producer);
	*facts = (struct ring_facts){
		.capacity = header.capacity,
		.used = producer.in - consumer.out,
		.ended = producer.ended != 0,
		.creator = header.creator,
		.creator_start = header.creator_start,
		.consumer = consumer.process,
	};
	if (facts->used > facts->capacity || facts->used % 8 != 0 ||
	    !ring_find_number(producer.places, producer.in, &facts->total) ||
	    !ring_find_number(consumer.places, consumer.out, &taken))
		return "has broken counters";
	facts->records = facts->total - taken;
	if (facts->records > facts->used / sizeof(struct ring_record))
		return "has broken counters";
	for (int i = 0; i < RING_PRODUCERS; i++)
		if (producer.processes[i].pid != 0)
			facts->producers[facts->producer_count++] = producer.processes[i];
	return NULL;
}

static bool is_locked(int descriptor, off_t byte)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1
	};

	return fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* Keep the processes that hold their role. */
static void keep_present(int descriptor, const char *bytes, struct ring_facts *facts)
{
	struct ring_producer_page producer;

	if (!is_locked(descriptor, RING_LOCK_CONSUMER))
		facts->consumer = (struct ring_process){ 0 };
	if (facts->producer_count == 0)
		return;
	facts->producer_count = 0;
	memcpy(&producer, bytes + RING_PRODUCER_AT, sizeof producer);
	for (int i = 0; i < RING_PRODUCERS; i++)
		if (producer.processes[i].pid != 0 && is_locked(descriptor, RING_LOCK_ATTACHED + i))
			facts->producers[facts->producer_count++] = producer.processes[i];
}

const char *ring_look(int descriptor, struct ring_facts *facts)
{
	char bytes[RING_DATA_AT];
	const char *wrong = "cannot be read";
	struct stat status;

	/*
	 * The consumer's page stands in front and is read first; the counters of
	 * a ring in use may nevertheless not fit together in one reading.
	 */
	for (int look = 0; look < LOOKS; look++) {
		ssize_t length;

		errno = 0;
		if (fstat(descriptor, &status) < 0)
			return "cannot be inspected";
		length = pread(descriptor, bytes, sizeof bytes, 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return "cannot be read";
		wrong = ring_read_facts(bytes, (size_t)length, (uint64_t)status.st_size, facts);
		if (wrong == NULL) {
			keep_present(descriptor, bytes, facts);
			return NULL;
		}
	}
	return wrong;
}
