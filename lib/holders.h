/* SPDX-License-Identifier: MIT */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "census.h"
#include "gaps.h"
#include "world.h"

/*
 * Who has an object open or mapped, and who is blocked on it now, in one pass
 * over /proc.  Objects are told by device and inode, or by id and IPC
 * namespace, never by name.
 * Source: proc(5) on maps, fd, fdinfo, syscall and wchan.
 */

/* A process's name has at most 15 bytes; only the kernel's own have more. */
enum { HOLDERS_COMMAND_MAX = 16 };

struct holder {
	size_t object; /* its index in the census */
	pid_t pid;
	unsigned mappings, descriptors;
	char command[HOLDERS_COMMAND_MAX];
};

/* The call that a waiter is in. */
enum waiting_in {
	WAITING_SEMOP,
	WAITING_MSGSND,
	WAITING_MSGRCV,
	WAITING_MQ_SEND,
	WAITING_MQ_RECEIVE,
	WAITING_FUTEX,
	WAITING_POLL,
	WAITING_EPOLL,
	WAITING_SELECT,
};

struct waiter {
	size_t object;
	pid_t pid, tid;
	enum waiting_in in;
	bool stopped; /* by a signal: it is in nobody's line until it goes on */
	int member;   /* semop: the first member that it waits for, or -1 */
	char command[HOLDERS_COMMAND_MAX];
};

/* "semop", "poll" */
const char *waiter_call(enum waiting_in in);

struct holders {
	struct holder *holders; /* sorted by object, then PID */
	size_t holder_count, holder_room;
	struct waiter *waiters; /* sorted by object, then TID */
	size_t waiter_count, waiter_room;
};

enum { HOLDERS_HOLDERS = 1, HOLDERS_WAITERS = 2 };

/* What is asked. */
struct holders_question {
	unsigned wanted;   /* HOLDERS_HOLDERS, HOLDERS_WAITERS or both */
	bool unlinked;     /* objects that are held and have no name any more, too */
	const pid_t *pids; /* of these processes only; NULL: of all */
	size_t pid_count;
};

/*
 * Look for who has the objects in CENSUS as QUESTION asks, and set their holder_*
 * and waiter_* fields.  Objects that have no name are added to CENSUS.
 *
 * holders_complete and waiters_complete say for each object whether the answer
 * is whole: System V segments count their mappings themselves, and the members
 * of a set their waiters; of others all processes must have been seen, or a
 * write lease have shown that there is nobody.  What could not be seen is
 * counted in GAPS when some answer lacks it.  Where PIDS are asked about, they
 * say whether those were all seen.
 *
 * Returns 0, or -1 with errno when /proc could not be read at all.
 */
int holders_find(const struct world *world, struct census *census,
		 const struct holders_question *question, struct holders *holders,
		 struct gaps *gaps);

void holders_free(struct holders *holders);

#endif
