/* SPDX-License-Identifier: MIT */
#ifndef FDIO_H
#define FDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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
 * The same, without waiting where DESCRIPTOR is not of sort FDIO_FILE: -1 with
 * errno EAGAIN then (wait for POLLIN).
 */
ssize_t fdio_read_now(int descriptor, enum fdio_sort sort, void *buffer, size_t size);

/*
 * Write up to LENGTH bytes, without waiting where DESCRIPTOR is not of sort
 * FDIO_FILE.  Returns how many went, or -1 with errno (EAGAIN: wait for
 * POLLOUT).  Where the kernel cannot try, at most PIPE_BUF bytes are written
 * once there is room.
 */
ssize_t fdio_write_now(int descriptor, enum fdio_sort sort, const void *bytes, size_t length);

/*
 * A file without a name that holds LENGTH bytes, to be read from its start.
 * Returns a descriptor, which the caller closes, or -1 with errno.
 */
int fdio_file_of(const void *bytes, size_t length);

/* Write all of it, however long that takes.  Returns 0, or -1 with errno. */
int fdio_write_all(int descriptor, const void *bytes, size_t length);

/*
 * Write all of it at the end of FILE, which is open with O_APPEND.  What a failure
 * leaves of it is cut off again, unless somebody else has written behind it.
 */
int fdio_append(int file, const void *bytes, size_t length);

/* Write all of it at OFFSET. */
int fdio_write_all_at(int descriptor, const void *bytes, size_t length, int64_t offset);

/*
 * Take memory, or room on the disk, for SIZE bytes of FILE from OFFSET on; FILE
 * gets longer where they are behind its end.  A signal that does not end us only
 * delays that.  Returns 0, or -1 with errno: ENOSPC, others of posix_fallocate(3).
 */
int fdio_reserve(int file, int64_t offset, int64_t size);

/* The bytes that FILE has from where it stands; -1 where it does not say: no regular file. */
int64_t fdio_left(int file);

/*
 * Copy up to SIZE bytes from the regular file FROM to the regular file TO, each
 * from where it stands and moved on.  The kernel copies them, once.
 *
 * Returns how many went.  0: at the end, or a reason to read(2) and write(2)
 * the rest, which tell whose fault it is.
 */
size_t fdio_copy(int from, int to, size_t size);

/* The size of the terminal behind DESCRIPTOR in characters; 0 where it is none, or does not say. */
void fdio_terminal(int descriptor, size_t *rows, size_t *columns);

#endif
