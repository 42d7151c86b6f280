/* SPDX-License-Identifier: MIT */
#ifndef WAKER_H
#define WAKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Ends a system call that has neither a time-out on a clock that cannot be set
 * nor a way to be polled: mq_receive(3), msgrcv(2), semop(2) and their like.
 *
 * The caller blocks in the plain call, in the kernel's own line of waiters.  A
 * helper thread watches what may end the wait and, when something does, sends
 * the caller signals until it answers: one signal alone could come between the
 * caller's last look and its call, and be lost.  There is no heartbeat, because
 * each interruption puts the caller back to the end of the line.
 *
 * Use: fill the settings, zero the rest, then for each wait
 *
 *	waker_begin(waker, end);
 *	while (!waker_ends(waker) && call() < 0 && errno == EINTR)
 *		;
 *	waker_end(waker);
 *
 * The helper uses the struct until waker_close(): one that is not to live as
 * long as the process is closed.
 */
enum waker_cause {
	WAKER_TIME = 1,   /* the end that waker_begin() was given has come */
	WAKER_STOP = 2,   /* STOP became readable */
	WAKER_OUTPUT = 4, /* nobody reads OUTPUT any more */
	WAKER_GONE = 8,   /* OBJECT has no name any more, or fewer than LEAST bytes */
	WAKER_ENDED = 16, /* PROCESS has ended */
};

struct waker {
	/* Settings. */
	int stop;      /* a descriptor, as of struct stop */
	int output;    /* a pipe, a socket or a terminal that is written to, or -1 */
	int object;    /* a file whose removal ends the wait, or -1 */
	int64_t least; /* bytes that OBJECT must keep, or 0 */
	int process;   /* a pidfd of the process whose end ends the wait, or 0 */
	int64_t limit; /* ns: a wait that ends sooner may end so much later; 0: none has an end */

	/* The helper's and the caller's. */
	pthread_t caller, helper;
	_Atomic int64_t end;
	atomic_uint raised;
	atomic_bool closing;
	int notifier;
	bool running;
	unsigned seen; /* all causes so far but WAKER_TIME, which ends one wait only */
};

/*
 * Get ready for a wait until END, as of patience_end(); 0: no end.  Starts the
 * helper at the first call.  Returns 0, or -1 with errno when the helper
 * cannot be started (EUSERS: too many processes).
 */
int waker_begin(struct waker *waker, int64_t end);

/* A few words in brackets that explain ERROR of waker_begin(); empty where it says it all. */
const char *waker_hint(int error);

/* What ends the wait, as bits of enum waker_cause; 0: nothing so far. */
unsigned waker_causes(struct waker *waker);

/*
 * Whether the wait has to end, by errno: EINTR told to stop, or nobody reads
 * the output; EIDRM the object has been removed; ETIMEDOUT.  Time comes last: a
 * tool that was told to stop should not call that a time-out.
 */
bool waker_ends(struct waker *waker);

/* The wait is over, however it went. */
void waker_end(struct waker *waker);

/* End the helper, if there is one: from here on nothing interrupts the caller. */
void waker_close(struct waker *waker);

#endif
