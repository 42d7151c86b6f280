/* SPDX-License-Identifier: MIT */
#include "fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum fdio_sort fdio_sort(int descriptor)
{
	struct stat status;

	if (fstat(descriptor, &status) < 0)
		return FDIO_FILE;
	if (S_ISFIFO(status.st_mode))
		return FDIO_PIPE;
	if (S_ISSOCK(status.st_mode) || (S_ISCHR(status.st_mode) && isatty(descriptor)))
		return FDIO_STREAM;
	return FDIO_FILE;
}

bool fdio_is_writable(int descriptor)
{
	int flags = fcntl(descriptor, F_GETFL);

	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		return true;
	errno = EBADF;
	return false;
}

int fdio_await(int descriptor, short events, int stop, int milliseconds)
{
	struct pollfd watched[] = { { .fd = descriptor, .events = events },
				    { .fd = stop, .events = POLLIN } };
	int ready = poll(watched, 2, milliseconds);

	if (ready <= 0)
		return ready;
	return watched[0].revents | (watched[1].revents != 0 ? POLLPRI : 0);
}

ssize_t fdio_read(int descriptor, void *buffer, size_t size, int stop)
{
	for (;;) {
		int events = fdio_await(descriptor, POLLIN, stop, -1);
		ssize_t length;

		if (events < 0 && errno != EINTR)
			return -1;
		if (events > 0 && (events & POLLPRI)) {
			errno = EINTR;
			return -1;
		}
		if (events <= 0)
			continue;
		length = read(descriptor, buffer, size);
		if (length >= 0 || (errno != EINTR && errno != EAGAIN))
			return length;
	}
}

ssize_t fdio_write_now(int descriptor, enum fdio_sort sort, const void *bytes, size_t length)
{
	union {
		const void *from;
		void *base; /* struct iovec has no const; pwritev2 only reads */
	} data = { .from = bytes };
	struct iovec part = { .iov_base = data.base, .iov_len = length };
	ssize_t written = -1;

	errno = EOPNOTSUPP;
	if (sort != FDIO_FILE)
		written = pwritev2(descriptor, &part, 1, -1, RWF_NOWAIT);
	if (written < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
		written = write(descriptor, bytes, length);
	return written;
}

int fdio_write_all(int descriptor, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(descriptor, at, length);

		if (written > 0) {
			at += written;
			length -= (size_t)written;
		} else if (written < 0 && errno == EAGAIN) {
			fdio_await(descriptor, POLLOUT, -1, -1);
		} else if (written < 0 && errno != EINTR) {
			return -1;
		}
	}
	return 0;
}
