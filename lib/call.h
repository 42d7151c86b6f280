/* SPDX-License-Identifier: MIT */
#ifndef CALL_H
#define CALL_H

#include <stddef.h>
#include <stdint.h>

/*
 * The messages of a remote procedure call, the same in both families: a header
 * of CALL_HEADER_SIZE bytes in the machine's own byte order, and a body.
 * ipc-rpc(5) describes them for others.  Pure functions over (pointer, length).
 */
enum {
	CALL_HEADER_SIZE = 64,
	CALL_TOKEN_SIZE = 16,
	CALL_REPLY_MAX = 1024,   /* bytes of a message that answers */
	CALL_REQUEST_MAX = 2048, /* System V: of one that asks; others share its queue */
};

enum call_kind {
	CALL_REQUEST = 1,
	CALL_STREAM = 2, /* the reply's body comes through the desk; a CALL_REPLY ends it */
	CALL_REPLY = 3,
};

enum call_flag {
	CALL_SHARED = 1, /* the body of a request comes through the desk */
};

/* How a call went; STATUS of the header says more. */
enum call_error {
	CALL_OK,        /* STATUS is COMMAND's: 0 to 255, 128 plus a signal */
	CALL_TIMED_OUT, /* COMMAND was ended after its time */
	CALL_NOT_RUN,   /* COMMAND could not be run: STATUS is an errno */
	CALL_ENDED,     /* the coprocess ended without a reply, with STATUS */
	CALL_UNFIT,     /* the request holds the byte STATUS, which ends the coprocess's records */
	CALL_TOO_LONG,  /* the request is longer than a coprocess is given: STATUS KiB */
	CALL_BROKEN,    /* what the coprocess wrote is no record */
	CALL_FAILED,    /* the server failed: STATUS is an errno */
	CALL_ERRORS,    /* how many there are */
};

struct call_header {
	char magic[4]; /* CALL_MAGIC */
	uint8_t version;
	uint8_t kind;
	uint16_t flags;
	uint32_t status;
	uint32_t error;
	int32_t pid;       /* the caller */
	int32_t desk;      /* the caller's descriptor of its desk */
	int64_t reply;     /* where to answer: its descriptor (POSIX), a type (System V) */
	uint64_t sequence; /* of the call among its caller's, from 1 on */
	unsigned char token[CALL_TOKEN_SIZE]; /* stands in the desk, too */
	uint64_t length;                      /* of the body behind the header */
};

#define CALL_MAGIC "iRPC"
enum { CALL_VERSION = 1 };

/* System V: callers are answered by messages of types from here on; requests have type 1. */
#define CALL_TYPE_LEAST (INT64_C(1) << 62)

/* The type for the replies to PID; RANDOM tells its callers apart.  And back. */
int64_t call_type(int32_t pid, uint32_t random);
int32_t call_type_pid(int64_t type);

/* Fill in magic and version, and write HEADER to OUT, of CALL_HEADER_SIZE bytes. */
void call_write(struct call_header *header, char *out);

/*
 * Read a message of LENGTH bytes.  Returns NULL with HEADER filled, its body
 * behind CALL_HEADER_SIZE bytes; or a phrase that says why it is none ("is
 * shorter than a header"), HEADER then being undefined.
 */
const char *call_read_request(const char *bytes, size_t length, struct call_header *header);
const char *call_read_reply(const char *bytes, size_t length, struct call_header *header);

#endif
