/* SPDX-License-Identifier: MIT */
#include "relay-end.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "own.h"
#include "relay-fifo.h"
#include "relay-socket.h"

/* Opening an end, whatever it is: see relay-end.h. */

static int fail(struct relay_end *end, int error, const char *phrase)
{
	end->phrase = phrase;
	errno = error;
	return -1;
}

/* Take END's sort from STATUS. */
static void classify(struct relay_end *end, const struct stat *status)
{
	end->sort = RELAY_FILE;
	end->may_wait = !S_ISREG(status->st_mode) && !S_ISBLK(status->st_mode);
	if (S_ISFIFO(status->st_mode))
		end->sort = RELAY_PIPE;
	else if (S_ISSOCK(status->st_mode))
		end->sort = RELAY_SOCKET;
	else if (S_ISCHR(status->st_mode) && isatty(end->descriptor))
		end->sort = RELAY_TERMINAL;
}

/* Whether the socket DESCRIPTOR is none of a stream. */
static bool has_packets(int descriptor)
{
	int type;
	socklen_t size = sizeof type;

	return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	       type != SOCK_STREAM;
}

/*
 * A terminal that was inherited can be written to without waiting only through
 * a description of our own.  (To open /dev/ptmx again would make another one.)
 */
static void reopen_terminal(struct relay_end *end, const struct stat *status)
{
	const int flags = (end->is_sink ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char path[32];
	int again;

	if (status->st_rdev == makedev(5, 2))
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", end->descriptor);
	again = open(path, flags);
	/* Another user's, as after su(1): whom it controls it has a name that is open to all. */
	if (again < 0 && tcgetsid(end->descriptor) == getsid(0))
		again = open("/dev/tty", flags);
	if (again < 0)
		return;
	close(end->descriptor);
	end->descriptor = again;
}

/* Whether the FIFO of DESCRIPTOR has a name, so that somebody may open it again. */
static bool has_name(int descriptor)
{
	struct statfs system;

	return fstatfs(descriptor, &system) == 0 && system.f_type != PIPEFS_MAGIC;
}

static int open_descriptor(struct relay_end *end)
{
	struct stat status;
	int flags = fcntl(end->number, F_GETFL);

	if (!end->inherited)
		return fail(end, EBADF, NULL);
	if (flags < 0 || fstat(end->number, &status) < 0)
		return -1;
	if ((flags & O_PATH) || (flags & O_ACCMODE) == (end->is_sink ? O_RDONLY : O_WRONLY))
		return fail(end, EBADF,
			    end->is_sink ? "is not open for writing" : "is not open for reading");
	if (S_ISDIR(status.st_mode))
		return fail(end, ENOTSUP, "is a directory");
	end->descriptor = fcntl(end->number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (end->descriptor < 0)
		return -1;
	classify(end, &status);
	if (end->sort == RELAY_TERMINAL)
		reopen_terminal(end, &status);
	end->packets = end->sort == RELAY_SOCKET && has_packets(end->descriptor);
	end->state = RELAY_OPEN;
	end->peers = 1;
	if (end->sort != RELAY_PIPE)
		return 0;
	end->is_fifo = has_name(end->descriptor);
	end->returns = end->is_fifo && end->opening->keep;
	if (relay_end_deserted(end) && end->returns)
		end->state = RELAY_AWAITED;
	return 0;
}

/* Open the regular file or device that STATUS is of, through END's anchor. */
static int open_file(struct relay_end *end, const struct stat *status)
{
	int flags = (end->is_sink ? O_WRONLY : O_RDONLY) | O_NOCTTY | O_CLOEXEC;

	if (S_ISDIR(status->st_mode))
		return fail(end, ENOTSUP, "is a directory");
	if (S_ISSOCK(status->st_mode))
		return fail(end, EOPNOTSUPP, "is a socket, which is written unix:PATH");
	if (end->is_sink && S_ISREG(status->st_mode)) {
		if (!end->opening->append && !end->opening->truncate)
			return fail(end, EISDIR,
				    "is a regular file: it takes --append or --truncate");
		flags |= end->opening->append ? O_APPEND : 0;
	}
	if (!S_ISREG(status->st_mode))
		flags |= O_NONBLOCK;
	if (end->descriptor < 0)
		end->descriptor = relay_fifo_reopen(end, flags);
	else if (fcntl(end->descriptor, F_SETFL, flags & O_APPEND) < 0)
		return -1;
	if (end->descriptor < 0)
		return -1;
	classify(end, status);
	end->state = RELAY_OPEN;
	end->peers = 1;
	return 0;
}

/*
 * Make the file of END's path, with exactly the bits of --mode.  It stays open:
 * they may not let us open it again.  Returns 0, or -1 with errno.
 */
static int create_file(struct relay_end *end)
{
	const int flags = O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	int file = open(end->path, flags | O_EXCL, end->opening->mode);
	struct stat status;

	end->descriptor = file;
	if (file >= 0) {
		end->created = true;
		if (fstat(file, &status) == 0) {
			end->device = status.st_dev;
			end->inode = status.st_ino;
		}
		return fchmod(file, end->opening->mode);
	}
	if (errno != EEXIST)
		return -1;
	/* What a link that leads nowhere names; or somebody was faster. */
	file = open(end->path, flags, end->opening->mode);
	end->descriptor = file;
	return file < 0 ? -1 : 0;
}

/* Make what is missing at END's path.  Returns 0, or -1 with errno. */
static int make_missing(struct relay_end *end)
{
	if (end->is_sink && (end->opening->append || end->opening->truncate))
		return create_file(end);
	if (end->opening->make_fifo)
		return relay_fifo_make(end);
	errno = ENOENT;
	return -1;
}

/* Open the pipe of END's path (/dev/stdin): nobody comes to it who is not there already. */
static int open_pipe(struct relay_end *end)
{
	end->descriptor = relay_fifo_reopen(end, (end->is_sink ? O_WRONLY : O_RDONLY) | O_NONBLOCK |
							 O_CLOEXEC);
	if (end->descriptor < 0)
		return errno == ENXIO ? fail(end, EPIPE, NULL) : -1;
	end->state = RELAY_OPEN;
	end->peers = 1;
	return 0;
}

/* What create_file() has opened counts only if it is the regular file of STATUS. */
static void keep_created(struct relay_end *end, const struct stat *status)
{
	struct stat opened;

	if (end->descriptor < 0 ||
	    (S_ISREG(status->st_mode) && fstat(end->descriptor, &opened) == 0 &&
	     opened.st_dev == status->st_dev && opened.st_ino == status->st_ino))
		return;
	close(end->descriptor);
	end->descriptor = -1;
	end->created = false; /* what has the name now is somebody else's */
}

static int open_path(struct relay_end *end)
{
	struct stat status;

	end->anchor = open(end->path, O_PATH | O_CLOEXEC);
	if (end->anchor < 0 && errno == ENOENT) {
		if (make_missing(end) < 0 && errno != EEXIST)
			return -1;
		end->anchor = open(end->path, O_PATH | O_CLOEXEC | (end->made ? O_NOFOLLOW : 0));
	}
	if (end->anchor < 0 || fstat(end->anchor, &status) < 0)
		return -1;
	if (end->made && (!S_ISFIFO(status.st_mode) || status.st_uid != geteuid()))
		return fail(end, EEXIST, "was replaced by something else");
	end->device = status.st_dev;
	end->inode = status.st_ino;
	keep_created(end, &status);
	if (!S_ISFIFO(status.st_mode))
		return open_file(end, &status);
	end->sort = RELAY_PIPE;
	end->is_fifo = has_name(end->anchor);
	end->returns = end->is_fifo && end->opening->keep;
	return end->is_fifo ? relay_fifo_open(end) : open_pipe(end);
}

int relay_end_open(struct relay_end *end, const struct relay_opening *opening)
{
	end->opening = opening;
	end->phrase = NULL;
	switch (end->form) {
	case RELAY_STANDARD:
	case RELAY_NUMBER:
		return open_descriptor(end);
	case RELAY_PATH:
		return open_path(end);
	case RELAY_CONNECT:
		end->sort = RELAY_SOCKET;
		return relay_end_attach(end) < 0 ? -1 : 0;
	case RELAY_LISTEN:
		end->sort = RELAY_SOCKET;
		end->returns = opening->keep;
		return relay_socket_listen(end);
	}
	return fail(end, EINVAL, NULL);
}

int relay_end_truncate(const struct relay_end *end)
{
	struct stat status;

	if (!end->is_sink || !end->opening->truncate || end->form != RELAY_PATH ||
	    end->sort != RELAY_FILE)
		return 0;
	if (fstat(end->descriptor, &status) < 0)
		return -1;
	return S_ISREG(status.st_mode) ? ftruncate(end->descriptor, 0) : 0;
}
