/* SPDX-License-Identifier: MIT */
#ifndef SEMFILE_H
#define SEMFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A named semaphore as the bytes of its file: how glibc lays out a sem_t that
 * processes share, of 64 bits or 32.  Nothing marks such a file, so a plain one
 * that has exactly these bytes is taken for a semaphore.
 * Source: glibc, sysdeps/nptl/internaltypes.h (struct new_sem), sem_open.c.
 */
enum { SEMFILE_BYTES = 32 }; /* the longest that there is */

/* Whether a file of SIZE bytes can be a semaphore. */
bool semfile_has_size(int64_t size);

struct semfile {
	int64_t value;
	int64_t waiters; /* too many when a waiter was killed */
};

/* Read the LENGTH BYTES of a whole file as a semaphore.  Returns whether it is one. */
bool semfile_read(const void *bytes, size_t length, struct semfile *facts);

/*
 * The same of the open file DESCRIPTOR.  Returns 0, or -1 with errno: ENODATA it
 * has not the size of a semaphore, EINVAL its bytes are none of glibc's, or as
 * of pread(2).
 */
int semfile_look(int descriptor, struct semfile *facts);

#endif
