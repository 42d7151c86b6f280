/* SPDX-License-Identifier: MIT */
#include "fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
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

/* Whether the kernel cannot try a transfer that might wait. */
static bool cannot_try(int error)
{
	return error == EOPNOTSUPP || error == ENOSYS;
}

/* Whether DESCRIPTOR has one of EVENTS, or an error, now; false with errno EAGAIN. */
static bool is_ready(int descriptor, short events)
{
	if (fdio_await(descriptor, events, -1, 0) > 0)
		return true;
	errno = EAGAIN;
	return false;
}

ssize_t fdio_read_now(int descriptor, enum fdio_sort sort, void *buffer, size_t size)
{
	const struct iovec part = { .iov_base = buffer, .iov_len = size };
	ssize_t length;

	if (sort == FDIO_FILE)
		return read(descriptor, buffer, size);
	length = preadv2(descriptor, &part, 1, -1, RWF_NOWAIT);
	if (length >= 0 || !cannot_try(errno))
		return length;
	return is_ready(descriptor, POLLIN) ? read(descriptor, buffer, size) : -1;
}

ssize_t fdio_write_now(int descriptor, enum fdio_sort sort, const void *bytes, size_t length)
{
	union {
		const void *from;
		void *base; /* struct iovec has no const; pwritev2 only reads */
	} data = { .from = bytes };
	const struct iovec part = { .iov_base = data.base, .iov_len = length };
	ssize_t written;

	if (sort == FDIO_FILE)
		return write(descriptor, bytes, length);
	written = pwritev2(descriptor, &part, 1, -1, RWF_NOWAIT);
	if (written >= 0 || !cannot_try(errno))
		return written;
	if (!is_ready(descriptor, POLLOUT))
		return -1;
	return write(descriptor, bytes, length < PIPE_BUF ? length : PIPE_BUF);
}

/* Returns how much was written; less than LENGTH: with errno. */
static size_t write_on(int descriptor, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t written = write(descriptor, bytes + done, length - done);

		if (written > 0)
			done += (size_t)written;
		else if (written < 0 && errno == EAGAIN)
			fdio_await(descriptor, POLLOUT, -1, -1);
		else if (written < 0 && errno != EINTR)
			break;
	}
	return done;
}

int fdio_write_all(int descriptor, const void *bytes, size_t length)
{
	return write_on(descriptor, bytes, length) < length ? -1 : 0;
}

int fdio_append(int file, const void *bytes, size_t length)
{
	size_t done = write_on(file, bytes, length);
	int kept = errno;
	struct stat now;
	off_t at;

	if (done == length)
		return 0;
	at = lseek(file, 0, SEEK_CUR);
	if (done > 0 && at >= (off_t)done && fstat(file, &now) == 0 && now.st_size == at &&
	    ftruncate(file, at - (off_t)done) < 0)
		kept = errno;
	errno = kept;
	return -1;
}

int fdio_write_all_at(int descriptor, const void *bytes, size_t length, int64_t offset)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = pwrite(descriptor, at, length, offset);

		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (written < 0)
			continue;
		at += written;
		offset += written;
		length -= (size_t)written;
	}
	return 0;
}

int fdio_reserve(int file, int64_t offset, int64_t size)
{
	int error;

	do
		error = posix_fallocate(file, offset, size);
	while (error == EINTR);
	errno = error;
	return error == 0 ? 0 : -1;
}

int64_t fdio_left(int file)
{
	off_t position = lseek(file, 0, SEEK_CUR);
	struct stat at;

	if (position < 0 || fstat(file, &at) < 0 || !S_ISREG(at.st_mode) || at.st_size == 0)
		return -1;
	return position < at.st_size ? at.st_size - position : 0;
}

size_t fdio_copy(int from, int to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = sendfile(to, from, NULL, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		done += (size_t)count;
	}
	return done;
}

int fdio_file_of(const void *bytes, size_t length)
{
	int file = memfd_create("message", MFD_CLOEXEC), kept;

	if (file < 0 || (fdio_write_all(file, bytes, length) == 0 && lseek(file, 0, SEEK_SET) == 0))
		return file;
	kept = errno;
	close(file);
	errno = kept;
	return -1;
}

void fdio_terminal(int descriptor, size_t *rows, size_t *columns)
{
	struct winsize size;
	bool told = ioctl(descriptor, TIOCGWINSZ, &size) == 0;

	*rows = told ? size.ws_row : 0;
	*columns = told ? size.ws_col : 0;
}
