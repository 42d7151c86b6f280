/* SPDX-License-Identifier: MIT */
#ifndef SEMAPHORE_FAMILY_H
#define SEMAPHORE_FAMILY_H

#include "semaphore.h"

/*
 * What differs between the families, for semaphore.c alone.  TAKE blocks where
 * WAIT is set, until END (0: none) or a signal handler has run (EINTR).  ADOPT
 * sees to it that an open semaphore that is not initialised gets VALUES.
 * GLANCE, in ns: a wait may begin with one as short as that, of which the end
 * costs no place in a line; and so most waits do without a helper.
 */
struct semaphore_family {
	int (*create)(struct semaphore *semaphore, struct ref *ref, const int *values, int count,
		      mode_t mode);
	int (*open)(struct semaphore *semaphore, struct ref *ref, enum semaphore_access access);
	int (*adopt)(const struct semaphore *semaphore, const int *values, int count);
	int (*settle)(const struct semaphore *semaphore);
	void (*close)(struct semaphore *semaphore);
	int (*remove)(const struct ref *ref, const struct semaphore_facts *made);
	int (*look_by_ref)(const struct ref *ref, struct semaphore_facts *facts);
	int (*values)(const struct semaphore *semaphore, int *values);
	int (*queue)(const struct semaphore *semaphore, int index, struct semaphore_queue *queue);
	int (*take)(struct semaphore *semaphore, struct sembuf *steps, size_t count, bool undo,
		    bool wait, int64_t end);
	int (*post)(struct semaphore *semaphore, int index, int count);
	int (*set)(struct semaphore *semaphore, int first, const int *values, int count);
	/* The errno of a semaphore that WAKER_GONE was raised for. */
	int (*loss)(const struct semaphore *semaphore);
	void (*watch)(const struct semaphore *semaphore, struct waker *waker);
	void (*hint)(char *hint, const struct ref *ref, size_t wanted, int error);
	int64_t glance;
	bool can_undo;
};

extern const struct semaphore_family semaphore_posix, semaphore_sysv;

#endif
