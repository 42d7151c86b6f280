/* SPDX-License-Identifier: MIT */
#include "relay-end.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "relay-fifo.h"
#include "relay-socket.h"
#include "scan.h"

static bool has_descriptor(const struct relay_end *end)
{
	return end->form == RELAY_STANDARD || end->form == RELAY_NUMBER;
}

const char *relay_end_scan(const char *text, bool is_sink, struct relay_end *end)
{
	const char *wrong;
	int64_t number;

	*end = (struct relay_end){ .text = text, .path = text, .is_sink = is_sink };
	end->descriptor = end->anchor = end->listener = -1;
	end->form = RELAY_PATH;
	if (strcmp(text, "-") == 0) {
		end->form = RELAY_STANDARD;
		end->number = is_sink ? STDOUT_FILENO : STDIN_FILENO;
	} else if (strncmp(text, "fd:", 3) == 0) {
		end->form = RELAY_NUMBER;
		wrong = scan_number(text + 3, 0, 1 << 20, &number);
		if (wrong != NULL)
			return wrong;
		end->number = (int)number;
	} else if (strncmp(text, "unix:", 5) == 0) {
		end->form = RELAY_CONNECT;
		end->path = text + 5;
	} else if (strncmp(text, "unix-listen:", 12) == 0) {
		end->form = RELAY_LISTEN;
		end->path = text + 12;
	}
	/* Later that number may be one of our own. */
	end->inherited = has_descriptor(end) && fcntl(end->number, F_GETFD) >= 0;
	if (*end->path == '\0')
		return "has no path";
	if (end->form >= RELAY_CONNECT && strlen(end->path) > RELAY_SOCKET_PATH_MAX)
		return "has a path longer than the 107 bytes that a socket's may have";
	return NULL;
}

static int look_at(const struct relay_end *end, struct stat *status)
{
	return has_descriptor(end) ? fstat(end->number, status) : stat(end->path, status);
}

bool relay_end_same(const struct relay_end *a, const struct relay_end *b)
{
	struct stat first, second;

	if (!has_descriptor(a) && !has_descriptor(b) && strcmp(a->path, b->path) == 0 &&
	    stat(a->path, &first) < 0)
		return true;
	if (look_at(a, &first) < 0 || look_at(b, &second) < 0)
		return false;
	if (first.st_dev != second.st_dev || first.st_ino != second.st_ino)
		return false;
	return S_ISREG(first.st_mode) || S_ISFIFO(first.st_mode) || S_ISBLK(first.st_mode) ||
	       (S_ISSOCK(first.st_mode) && !has_descriptor(a));
}

bool relay_end_same_source(const struct relay_end *a, const struct relay_end *b)
{
	struct stat first, second;

	if (has_descriptor(a) && has_descriptor(b) && a->number == b->number)
		return true;
	if (a->form >= RELAY_CONNECT || b->form >= RELAY_CONNECT)
		return false;
	if (look_at(a, &first) < 0 || look_at(b, &second) < 0)
		return false;
	return first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
	       (S_ISFIFO(first.st_mode) || S_ISSOCK(first.st_mode));
}

int relay_end_attach(struct relay_end *end)
{
	int attached = 0;

	if (end->form == RELAY_CONNECT)
		attached = relay_socket_connect(end);
	else if (end->form == RELAY_LISTEN)
		attached = relay_socket_accept(end);
	else if (end->sort == RELAY_PIPE)
		attached = relay_fifo_attach(end);
	if (attached > 0) {
		end->state = RELAY_OPEN;
		end->peers++;
		end->retry_at = end->give_up = 0;
	}
	return attached;
}

void relay_end_leave(struct relay_end *end, int terminator)
{
	if (end->sort == RELAY_PIPE && end->is_sink)
		relay_fifo_reader_left(end, terminator);
	else if (end->sort == RELAY_PIPE && end->returns)
		relay_fifo_writer_left(end);
	else if (end->form == RELAY_LISTEN && end->returns)
		relay_socket_leave(end);
	else
		end->state = RELAY_OVER;
	end->retry_at = end->retry_after = 0;
	end->ready = end->wanted = false;
}

int64_t relay_end_unread(const struct relay_end *end)
{
	int unread = 0;

	if (end->sort != RELAY_PIPE || end->descriptor < 0 ||
	    ioctl(end->descriptor, FIONREAD, &unread) < 0)
		return 0;
	return unread;
}

bool relay_end_deserted(const struct relay_end *end)
{
	struct pollfd look = { .fd = end->descriptor };

	return end->is_sink && end->descriptor >= 0 && poll(&look, 1, 0) > 0 &&
	       (look.revents & (POLLERR | (end->sort == RELAY_PIPE ? 0 : POLLHUP)));
}

/* Whether END's number is still what it was; one named twice has been closed by then. */
static bool is_still_there(const struct relay_end *end)
{
	struct stat ours, inherited;

	return has_descriptor(end) && fstat(end->descriptor, &ours) == 0 &&
	       fstat(end->number, &inherited) == 0 && ours.st_dev == inherited.st_dev &&
	       ours.st_ino == inherited.st_ino;
}

/*
 * Whoever waits for the end of what we were given must not wait for us.  Close
 * our own first: the last one tells whether what was written is there.
 */
static void close_inherited(const struct relay_end *end)
{
	OWN_FD int nothing = -1;

	if (end->number > STDERR_FILENO) {
		close(end->number);
	} else if (end->number < STDERR_FILENO) {
		nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (nothing >= 0)
			dup2(nothing, end->number);
	}
}

/*
 * Remove END's path, if it is still what we made; where we could not look at that
 * then, a FIFO or socket of ours.  Returns 0, or an errno: it may be there.
 */
static int remove_made(const struct relay_end *end)
{
	struct stat status;
	OWN_FD int other = -1;
	bool ours;

	if (lstat(end->path, &status) < 0)
		return errno == ENOENT ? 0 : errno;
	if (end->inode == 0)
		ours = (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) &&
		       status.st_uid == geteuid();
	else
		ours = status.st_dev == end->device && status.st_ino == end->inode;
	if (!ours)
		return 0;
	/* Who has come to a FIFO meanwhile would wait for its other side for ever. */
	if (S_ISFIFO(status.st_mode))
		other = open(end->path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	return unlink(end->path) == 0 || errno == ENOENT ? 0 : errno;
}

int relay_end_close(struct relay_end *end)
{
	bool inherited;
	int error = 0;

	/* First: a socket that nobody listens to is there for others to replace. */
	if (end->made)
		end->left = remove_made(end);
	end->made = false;
	if (end->form == RELAY_CONNECT || end->form == RELAY_LISTEN)
		relay_socket_close(end);
	if (end->descriptor >= 0) {
		if (relay_end_deserted(end))
			end->lost_bytes += relay_end_unread(end);
		inherited = is_still_there(end);
		if (close(end->descriptor) < 0 && errno != EINTR)
			error = errno;
		if (inherited)
			close_inherited(end);
	}
	end->descriptor = -1;
	if (end->anchor >= 0)
		close(end->anchor);
	end->anchor = -1;
	free(end->tail.bytes);
	free(end->shadow);
	end->tail = (struct relay_bytes){ 0 };
	end->shadow = NULL;
	end->state = RELAY_OVER;
	errno = error;
	return error == 0 ? 0 : -1;
}

void relay_end_abandon(struct relay_end *end)
{
	end->made = end->made || (end->created && end->inode != 0);
	relay_end_close(end);
}

void relay_end_enlarge(const struct relay_end *end, size_t size)
{
	if (end->sort != RELAY_PIPE || end->descriptor < 0 ||
	    fcntl(end->descriptor, F_GETPIPE_SZ) >= (int)size)
		return;
	/* What an ordinary user may have is bounded; half of it is good, too. */
	while (fcntl(end->descriptor, F_SETPIPE_SZ, (int)size) < 0 && size > 131072)
		size /= 2;
}

void relay_end_shrink(const struct relay_end *end)
{
	if (end->sort == RELAY_PIPE && end->descriptor >= 0)
		fcntl(end->descriptor, F_SETPIPE_SZ, 1);
}

char *relay_bytes_place(struct relay_bytes *queue, size_t length)
{
	size_t used = queue->end - queue->start, size = queue->size > 0 ? queue->size : 4096;
	char *grown;

	if (queue->size - queue->end >= length)
		return queue->bytes + queue->end;
	if (queue->start > 0) {
		memmove(queue->bytes, queue->bytes + queue->start, used);
		queue->start = 0;
		queue->end = used;
		if (queue->size - used >= length)
			return queue->bytes + used;
	}
	while (size - used < length)
		size *= 2;
	grown = realloc(queue->bytes, size);
	if (grown == NULL)
		return NULL;
	queue->bytes = grown;
	queue->size = size;
	return grown + used;
}

int relay_bytes_add(struct relay_bytes *queue, const char *bytes, size_t length)
{
	char *place = relay_bytes_place(queue, length);

	if (place == NULL)
		return -1;
	memcpy(place, bytes, length);
	queue->end += length;
	return 0;
}
