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
 * Use: fill the four settings, zero the rest, then for each wait
 *
 *	waker_begin(waker, end);
 *	while (waker_causes(waker) == 0 && call() < 0 && errno == EINTR)
 *		;
 *	waker_end(waker);
 */
enum waker_cause {
	WAKER_TIME = 1,   /* the end that waker_begin() was given has come */
	WAKER_STOP = 2,   /* STOP became readable */
	WAKER_OUTPUT = 4, /* nobody reads OUTPUT any more */
	WAKER_GONE = 8,   /* OBJECT has no name any more */
};

struct waker {
	/* Settings. */
	int stop;      /* a descriptor, as of struct stop */
	int output;    /* a pipe, a socket or a terminal that is written to, or -1 */
	int object;    /* a file whose removal ends the wait, or -1 */
	int64_t limit; /* the longest wait that will be asked for, ns; 0: none has an end */

	/* The helper's and the caller's. */
	pthread_t caller;
	_Atomic int64_t end;
	atomic_uint raised;
	int notifier;
	bool running;
	unsigned seen; /* all causes so far but WAKER_TIME, which ends one wait only */
};

/*
 * Get ready for a wait until END, as of patience_end(); 0: no end.  Starts the
 * helper at the first call.  Returns 0, or -1 with errno when the helper
 * cannot be started (EAGAIN: too many processes).
 */
int waker_begin(struct waker *waker, int64_t end);

/* What ends the wait, as bits of enum waker_cause; 0: nothing so far. */
unsigned waker_causes(struct waker *waker);

/* The wait is over, however it went. */
void waker_end(struct waker *waker);

#endif
