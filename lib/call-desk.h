/* SPDX-License-Identifier: MIT */
#ifndef CALL_DESK_H
#define CALL_DESK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "call.h"

/*
 * The memory that a caller shares with its server: a file without a name, which
 * can neither shrink nor grow and is gone when both are.  The server finds it
 * among the descriptors of the caller's process (/proc/PID/fd), where only its
 * own user and root can look: so what is said in the name of a process was said
 * by it, and nothing of anybody else's is ever opened.
 *
 * Each side takes what stands there for hostile.
 * Sources: memfd_create(2), fcntl(2) on seals, proc(5).
 */
enum {
	CALL_STREAM_SIZE = 262144, /* bytes of a body on their way; a power of two */
	CALL_LETTER_SIZE = 4096,
};

/* Bytes from one side to the other, in order. */
struct call_stream {
	_Alignas(64) _Atomic uint64_t in;  /* bytes written so far, the writer's */
	_Alignas(64) _Atomic uint64_t out; /* bytes read so far, the reader's */
	_Alignas(64) atomic_uint ended;    /* the writer has written all */
	atomic_uint left;                  /* the reader wants no more */
	atomic_uint bell;                  /* a futex, for either side */
	atomic_uint waiting;               /* how many sleep on it */
};

struct call_desk {
	char magic[8];
	unsigned char token[CALL_TOKEN_SIZE];
	_Atomic uint64_t state;   /* a sequence number times 4, plus enum call_phase */
	atomic_uint letter_bytes; /* of the message in LETTER */
	struct call_stream request, reply;
	_Alignas(4096) char letter[CALL_LETTER_SIZE];
	char request_bytes[CALL_STREAM_SIZE];
	char reply_bytes[CALL_STREAM_SIZE];
};

enum call_phase {
	CALL_WAITING = 1,   /* it was sent */
	CALL_TAKEN = 2,     /* a server has it, and may have run it */
	CALL_WITHDRAWN = 3, /* the caller wants it no more; nobody has run it */
};

/*
 * The caller's desk.  DESCRIPTOR is for the header of requests; it stays open
 * as long as the desk is used.  Returns NULL with errno.
 */
struct call_desk *call_desk_make(int *descriptor);

/*
 * The desk that REQUEST speaks of.  UID is the process's.  REPLY is a
 * descriptor of the POSIX queue for replies, or -1 where a type stands in its
 * place; the caller closes it.
 * Returns NULL after storing a phrase that says what is wrong in WRONG.
 */
struct call_desk *call_desk_open(const struct call_header *request, bool posix, uid_t *uid,
				 int *reply, const char **wrong);
void call_desk_close(struct call_desk *desk);

/* Caller: the next request gets SEQUENCE, and the streams are empty. */
void call_desk_reset(struct call_desk *desk, uint64_t sequence);

/*
 * Server: take the request, which can be done once.  Returns NULL, or a phrase
 * that says why not.
 */
const char *call_desk_take(struct call_desk *desk, uint64_t sequence);

/* Caller: nobody shall take it any more.  False: somebody has. */
bool call_desk_withdraw(struct call_desk *desk, uint64_t sequence);

#endif
