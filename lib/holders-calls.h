/* SPDX-License-Identifier: MIT */
#ifndef HOLDERS_CALLS_H
#define HOLDERS_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "holders-parts.h"

/* Which system call a thread is in, for holders-waiters.c alone. */
enum call {
	CALL_OTHER,
	CALL_SEMOP,
	CALL_MSGSND,
	CALL_MSGRCV,
	CALL_MQ_SEND,
	CALL_MQ_RECEIVE,
	CALL_FUTEX,
	CALL_FUTEX_WAIT,
	CALL_FUTEX_WAITV,
	CALL_POLL,
	CALL_EPOLL,
	CALL_SELECT,
	CALL_RESTART,
	CALL_IPC, /* i386: one call for all of System V */
};

/* A thread that is in a system call. */
struct thread {
	pid_t tid;
	unsigned number;
	uint64_t arguments[6], stack, program;
	bool compat;
};

/*
 * Read what the thread TID of THREAD does.  Returns 1 it is in a system call, 0
 * it is not, or -1 with errno.
 */
int thread_read(struct hunt *hunt, struct thread *thread);

/* What the thread is blocked in, as far as it matters; its arguments as of 64 bits. */
enum call thread_call(struct hunt *hunt, struct thread *thread);

#endif
