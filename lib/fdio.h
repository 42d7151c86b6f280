/* SPDX-License-Identifier: MIT */
#ifndef FDIO_H
#define FDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reading and writing descriptors that somebody else may have made
 * non-blocking, with signals that arrive on a descriptor (struct stop).
 * The flags of a descriptor are never changed: they belong to everybody who
 * shares it.
 */

/* What sort of file a descriptor is, as far as writing to it differs. */
enum fdio_sort {
	FDIO_FILE,   /* regular, or a device that is no terminal: a write does not wait */
	FDIO_PIPE,   /* or a FIFO: a write of PIPE_BUF bytes is not torn */
	FDIO_STREAM, /* a socket or a terminal */
};
enum fdio_sort fdio_sort(int descriptor);

/* Whether DESCRIPTOR is open for writing; false with errno EBADF. */
bool fdio_is_writable(int descriptor);

/*
 * Wait until DESCRIPTOR has one of EVENTS (POLLIN, POLLOUT), or an error, or
 * STOP is readable (-1: do not look), or MILLISECONDS have passed (-1: none).
 * Returns the events of DESCRIPTOR, with POLLPRI standing for STOP; 0 when the
 * time is up; -1 with errno EINTR after a signal that was handled.
 */
int fdio_await(int descriptor, short events, int stop, int milliseconds);

/*
 * Read up to SIZE bytes, waiting for the first.  Returns their number, 0 at
 * the end, or -1 with errno; EINTR only when STOP became readable first.
 */
ssize_t fdio_read(int descriptor, void *buffer, size_t size, int stop);

/*
 * Write up to LENGTH bytes without waiting where DESCRIPTOR is a pipe or a
 * socket.  Returns how many went, or -1 with errno (EAGAIN: wait for POLLOUT).
 */
ssize_t fdio_write_now(int descriptor, enum fdio_sort sort, const void *bytes, size_t length);

/* Write all of it, however long that takes.  Returns 0, or -1 with errno. */
int fdio_write_all(int descriptor, const void *bytes, size_t length);

#endif
