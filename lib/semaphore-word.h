/* SPDX-License-Identifier: MIT */
#ifndef SEMAPHORE_WORD_H
#define SEMAPHORE_WORD_H

#include <stdint.h>

/*
 * A sem_t in a file, for semaphore-posix.c.  Whoever may write the file can cut
 * it short at any instant.  Touching the map is then SIGBUS, and a futex call on
 * it one that glibc aborts for; both are caught while a call runs, and nowhere
 * else, and are -1 with errno ENODATA.
 * Source: sem_post(3), sem_clockwait(3), futex(2).
 */

/* Map the sem_t at the start of the file DESCRIPTOR; NULL with errno. */
void *semaphore_word_map(int descriptor);
void semaphore_word_unmap(void *word);

/* sem_trywait(3), sem_post(3), and a wait until END, ns on the monotonic clock. */
int semaphore_word_try(void *word);
int semaphore_word_post(void *word);
int semaphore_word_wait(void *word, int64_t end);

/* Have all its waiters look at its value. */
int semaphore_word_wake(void *word);

#endif
