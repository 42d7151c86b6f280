/* SPDX-License-Identifier: MIT */
#ifndef RING_LAYOUT_H
#define RING_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What a ring looks like in its file: ipc-ring(5), version 1.  All numbers are
 * little-endian and aligned to their size; the pages of the two sides are apart.
 *
 *	0      struct ring_header    written once, before the file has a name
 *	4096   struct ring_consumer_page
 *	8192   struct ring_producer_page
 *	12288  the records, CAPACITY bytes
 */
enum {
	RING_VERSION = 1,
	RING_CONSUMER_AT = 4096,
	RING_PRODUCER_AT = 8192,
	RING_DATA_AT = 12288,
	RING_PRODUCERS = 64, /* that can be told of */
};

#define RING_MAGIC "IPCRING\n"
#define RING_CAPACITY_LEAST ((uint64_t)4096)
#define RING_CAPACITY_MOST ((uint64_t)1 << 32)

/* Bytes of the file that are locked, as fcntl(2) open file description locks. */
enum {
	RING_LOCK_PRODUCER = 0,
	RING_LOCK_CONSUMER = 1,
	RING_LOCK_TURN = 2,     /* held by the producer that is next */
	RING_LOCK_ATTACHED = 64 /* and on: a place in struct ring_producer_page's list */
};

struct ring_header {
	char magic[8];
	uint32_t version;
	uint32_t checksum;    /* CRC-32C of what follows, to the end of the struct */
	uint64_t capacity;    /* bytes, a power of two */
	uint64_t data_offset; /* RING_DATA_AT */
	uint32_t compatible;  /* flags that a reader need not know */
	uint32_t incompatible;
	unsigned char instance[16]; /* random */
	uint32_t creator;
	uint32_t unused;
	uint64_t creator_start;
};

/* Which record begins at POSITION: NUMBER, counted from 0. */
struct ring_place {
	uint64_t position, number;
};

/* The NUMBER that one of the two PLACES has for POSITION; false: neither is of it. */
bool ring_find_number(const struct ring_place *places, uint64_t position, uint64_t *number);

/* A process, told for people to read: nothing depends on it. */
struct ring_process {
	uint32_t pid;
	uint32_t unused;
	uint64_t start; /* field 22 of /proc/PID/stat */
};

struct ring_consumer_page {
	uint64_t out;     /* bytes taken since the start */
	uint32_t word;    /* changes with OUT; the producer sleeps on it */
	uint32_t waiting; /* the consumer sleeps */
	unsigned char unused[48];
	struct ring_place places[2]; /* one of them is of OUT */
	struct ring_process process;
};

struct ring_producer_page {
	uint64_t in;      /* bytes put since the start */
	uint32_t word;    /* changes with IN and ENDED; the consumer sleeps on it */
	uint32_t waiting; /* a producer sleeps */
	uint32_t ended;   /* 1: no more will come */
	uint32_t wanted;  /* who holds RING_LOCK_TURN waits for RING_LOCK_PRODUCER */
	unsigned char unused[40];
	struct ring_place places[2]; /* one of them is of IN */
	unsigned char more_unused[928];
	struct ring_process processes[RING_PRODUCERS];
};

/* In front of each record, which is followed by zeros up to a multiple of 8 bytes. */
struct ring_record {
	uint32_t length;
	uint32_t checksum; /* CRC-32C of this struct, the field being 0, and of the bytes */
	uint64_t number;
};

/* The bytes that a record of LENGTH bytes takes. */
static inline uint64_t ring_record_size(uint64_t length)
{
	return (sizeof(struct ring_record) + length + 7) & ~(uint64_t)7;
}

/* What is known of a ring without taking part in it. */
struct ring_facts {
	uint64_t capacity, used; /* bytes */
	uint64_t records;        /* that wait */
	uint64_t total;          /* records that were ever put */
	bool ended;
	uint32_t creator;       /* a pid */
	uint64_t creator_start; /* as of struct ring_process */
	struct ring_process consumer;
	struct ring_process producers[RING_PRODUCERS];
	unsigned producer_count;
};

/* Fill HEADER's checksum; or tell whether it is right. */
void ring_header_seal(struct ring_header *header);

/*
 * Whether a file of FILE_SIZE bytes that begins with HEADER is a ring that this
 * version knows.  Returns NULL, or a phrase that says why not ("is no ring").
 */
const char *ring_header_check(const struct ring_header *header, uint64_t file_size);

/*
 * The facts of the ring whose file of FILE_SIZE bytes begins with the LENGTH
 * BYTES (RING_DATA_AT of them are enough, and fewer are not), which may be
 * anything at all.  Processes are those that are written there, alive or not.
 * Returns NULL, or a phrase that says what is wrong with it.
 */
const char *ring_read_facts(const void *bytes, size_t length, uint64_t file_size,
			    struct ring_facts *facts);

/*
 * The same of an open file, for which reading is enough, looking again while it
 * changes; and processes are only those that hold their role now: a killed one
 * does not.  Returns NULL, or a phrase; where reading failed, errno is not 0.
 */
const char *ring_look(int descriptor, struct ring_facts *facts);

#endif
