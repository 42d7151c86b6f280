/* SPDX-License-Identifier: MIT */
#include "relay-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "own.h"

static int make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	_Static_assert(sizeof address.sun_path == RELAY_SOCKET_PATH_MAX + 1, "and a NUL");
	memcpy(address.sun_path, path, strlen(path) + 1);
	return address;
}

static int connect_to(int descriptor, const char *path)
{
	const struct sockaddr_un address = address_of(path);

	return connect(descriptor, (const struct sockaddr *)&address, sizeof address);
}

enum {
	BEGINS_MOST = 100, /* milliseconds that a socket may be there before who made it listens */
	BACKLOG = 16,      /* who may wait for his turn; the system lets in one more */
};

int relay_socket_connect(struct relay_end *end)
{
	OWN_FD int descriptor = make_socket();
	int failed, tries = 0;

	end->state = RELAY_AWAITED;
	if (descriptor < 0)
		return -1;
	while ((failed = connect_to(descriptor, end->path)) < 0 && errno == ECONNREFUSED &&
	       tries++ < BEGINS_MOST)
		poll(NULL, 0, 1);
	if (failed < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	end->descriptor = own_take_fd(&descriptor);
	end->state = RELAY_OPEN;
	return 1;
}

/*
 * Hold off other relays that look whether the same socket is stale: a lock on
 * its folder.  Returns a descriptor that holds it, or -1 with errno.
 */
static int lock_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[RELAY_SOCKET_PATH_MAX + 1] = ".";
	OWN_FD int descriptor = -1;

	if (slash != NULL) {
		memcpy(folder, path, (size_t)(slash - path) + 1);
		folder[slash - path + 1] = '\0';
	}
	descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return -1;
	/* Nobody holds it longer than an instant; who does is not waited for. */
	for (int i = 0; flock(descriptor, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == 1000)
			return -1;
		poll(NULL, 0, 1);
	}
	return own_take_fd(&descriptor);
}

/*
 * Whether there is a socket at PATH that nobody listens to.  A socket of another
 * type is refused in one way if somebody has it and in another if nobody has,
 * and is never taken for a peer.
 */
static bool is_stale(const char *path)
{
	struct stat status;
	OWN_FD int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return descriptor >= 0 && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
	       connect_to(descriptor, path) < 0 && errno == ECONNREFUSED;
}

static int bind_to(int descriptor, const char *path)
{
	const struct sockaddr_un address = address_of(path);

	return bind(descriptor, (const struct sockaddr *)&address, sizeof address);
}

/* Bind to PATH, which is taken, if it is stale.  Returns 0, or -1 with errno. */
static int bind_instead(int descriptor, const char *path)
{
	OWN_FD int lock = -1;

	if (is_stale(path)) {
		lock = lock_folder(path);
		if (lock < 0)
			return -1;
		/* Another relay may have been faster. */
		if (is_stale(path) && unlink(path) == 0 && bind_to(descriptor, path) == 0)
			return 0;
	}
	errno = EEXIST;
	return -1;
}

int relay_socket_listen(struct relay_end *end)
{
	OWN_FD int descriptor = make_socket();
	struct stat status;

	/* The mode that a socket has when it is bound is that of its path. */
	if (descriptor < 0 || fchmod(descriptor, 0600) < 0)
		return -1;
	if (bind_to(descriptor, end->path) < 0 &&
	    (errno != EADDRINUSE || bind_instead(descriptor, end->path) < 0))
		return -1;
	end->made = true;
	if (lstat(end->path, &status) < 0)
		return -1;
	end->device = status.st_dev;
	end->inode = status.st_ino;
	if (listen(descriptor, BACKLOG) < 0)
		return -1;
	end->listener = own_take_fd(&descriptor);
	end->state = RELAY_AWAITED;
	return 0;
}

int relay_socket_accept(struct relay_end *end)
{
	int descriptor = accept4(end->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (descriptor < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -1;
	end->descriptor = descriptor;
	if (!end->returns) {
		close(end->listener); /* it was the only one */
		end->listener = -1;
	}
	return 1;
}

int64_t relay_socket_refuse(struct relay_end *end)
{
	int64_t sum = 0;

	/* Who comes now to the place of one of them is not waited for. */
	for (int i = 0; end->listener >= 0 && i <= BACKLOG; i++) {
		OWN_FD int peer = accept4(end->listener, NULL, NULL, SOCK_CLOEXEC);
		int unread = 0;

		if (peer < 0 && errno != EINTR && errno != ECONNABORTED)
			break;
		if (peer >= 0 && ioctl(peer, FIONREAD, &unread) == 0)
			sum += unread;
	}
	return sum;
}

void relay_socket_leave(struct relay_end *end)
{
	if (end->descriptor >= 0)
		close(end->descriptor);
	end->descriptor = -1;
	end->state = RELAY_AWAITED;
}

void relay_socket_close(struct relay_end *end)
{
	if (end->descriptor >= 0)
		shutdown(end->descriptor, SHUT_WR);
	if (end->listener >= 0)
		close(end->listener);
	end->listener = -1;
}
