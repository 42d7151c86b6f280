/* SPDX-License-Identifier: MIT */
#include "call-desk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "own.h"

#ifndef MQUEUE_MAGIC
#define MQUEUE_MAGIC 0x19800202
#endif

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static const char magic[8] = "ipcdesk1";

static struct call_desk *map(int descriptor)
{
	void *memory = mmap(NULL, sizeof(struct call_desk), PROT_READ | PROT_WRITE, MAP_SHARED,
			    descriptor, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

struct call_desk *call_desk_make(int *descriptor)
{
	OWN_FD int file = memfd_create("ipcbox-call", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct call_desk *desk = NULL;
	int sized = -1;

	while (file >= 0 && (sized = ftruncate(file, sizeof *desk)) < 0 && errno == EINTR)
		;
	if (sized == 0 && fcntl(file, F_ADD_SEALS, SEALS) == 0)
		desk = map(file);
	if (desk == NULL)
		return NULL;
	if (getrandom(desk->token, sizeof desk->token, 0) != (ssize_t)sizeof desk->token) {
		call_desk_close(desk);
		return NULL;
	}
	memcpy(desk->magic, magic, sizeof magic);
	*descriptor = own_take_fd(&file);
	return desk;
}

void call_desk_close(struct call_desk *desk)
{
	munmap(desk, sizeof *desk);
}

/*
 * The descriptor NUMBER of the process whose folder is PROCESS, opened again
 * with FLAGS: only when it is a regular file of the file system TYPE, of user
 * UID, without a name.  All that is known before it is opened, for opening does
 * something to other files, and closing the queue that is served would release
 * the lock on it.
 */
static int open_theirs(int process, int number, long type, int flags, uid_t uid,
		       struct stat *status)
{
	char path[32];
	struct statfs place;
	OWN_FD int found = -1;

	snprintf(path, sizeof path, "fd/%d", number);
	found = openat(process, path, O_PATH | O_CLOEXEC);
	if (found < 0 || fstat(found, status) < 0 || fstatfs(found, &place) < 0)
		return -1;
	if (!S_ISREG(status->st_mode) || place.f_type != type) {
		errno = ENOTSUP;
		return -1;
	}
	if (status->st_uid != uid || status->st_nlink != 0) {
		errno = EEXIST;
		return -1;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", found);
	return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* The private queue that REQUEST wants its reply in. */
static const char *open_reply(int process, const struct call_header *request, uid_t uid, int *reply)
{
	struct mq_attr attributes;
	struct stat status;
	const char *wrong = NULL;

	*reply = open_theirs(process, (int)request->reply, MQUEUE_MAGIC, O_WRONLY, uid, &status);
	if (*reply < 0)
		return errno == EEXIST ? "wants its reply in a queue that is not its own"
				       : "has no queue for its reply";
	if (mq_getattr(*reply, &attributes) < 0 || attributes.mq_msgsize < CALL_HEADER_SIZE)
		wrong = "has a queue that is too small for a reply";
	if (wrong != NULL) {
		close(*reply);
		*reply = -1;
	}
	return wrong;
}

static const char *open_desk(int process, const struct call_header *request, uid_t uid,
			     struct call_desk **desk)
{
	struct stat status;
	OWN_FD int file = open_theirs(process, request->desk, TMPFS_MAGIC, O_RDWR, uid, &status);

	if (file < 0 && errno == EEXIST)
		return "has a desk that is not its own";
	if (file < 0)
		return errno == EACCES || errno == EPERM
			       ? "comes from a process that may not be looked at"
			       : "has no desk";
	if (status.st_size != (off_t)sizeof **desk || (fcntl(file, F_GET_SEALS) & SEALS) != SEALS)
		return "has a desk that is not its own";
	*desk = map(file);
	if (*desk == NULL)
		return "has a desk that cannot be mapped";
	if (memcmp((*desk)->magic, magic, sizeof magic) == 0 &&
	    memcmp((*desk)->token, request->token, sizeof request->token) == 0)
		return NULL;
	call_desk_close(*desk);
	return "was not written by the process that it names";
}

struct call_desk *call_desk_open(const struct call_header *request, bool posix, uid_t *uid,
				 int *reply, const char **wrong)
{
	struct call_desk *desk = NULL;
	struct stat status;
	char path[32];
	OWN_FD int process = -1;

	*reply = -1;
	snprintf(path, sizeof path, "/proc/%d", (int)request->pid);
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0 || fstat(process, &status) < 0) {
		*wrong = "comes from a process that has ended";
		return NULL;
	}
	*uid = status.st_uid;
	if (geteuid() != 0 && *uid != geteuid()) {
		*wrong = "comes from another user";
		return NULL;
	}
	*wrong = open_desk(process, request, *uid, &desk);
	if (*wrong != NULL)
		return NULL;
	if (posix != (request->reply < CALL_TYPE_LEAST))
		*wrong = "has no place for a reply in a queue of this family";
	else if (posix)
		*wrong = open_reply(process, request, *uid, reply);
	if (*wrong == NULL)
		return desk;
	call_desk_close(desk);
	return NULL;
}

static void reset_stream(struct call_stream *stream)
{
	atomic_store(&stream->in, 0);
	atomic_store(&stream->out, 0);
	atomic_store(&stream->ended, 0);
	atomic_store(&stream->left, 0);
}

void call_desk_reset(struct call_desk *desk, uint64_t sequence)
{
	/* Untouched pages need not come into being. */
	if (atomic_load(&desk->request.in) != 0 || atomic_load(&desk->request.ended) != 0)
		reset_stream(&desk->request);
	if (atomic_load(&desk->reply.in) != 0 || atomic_load(&desk->reply.ended) != 0)
		reset_stream(&desk->reply);
	atomic_store(&desk->letter_bytes, 0);
	atomic_store(&desk->state, sequence << 2 | CALL_WAITING);
}

const char *call_desk_take(struct call_desk *desk, uint64_t sequence)
{
	uint64_t state = sequence << 2 | CALL_WAITING;

	if (atomic_compare_exchange_strong(&desk->state, &state, sequence << 2 | CALL_TAKEN))
		return NULL;
	return state == (sequence << 2 | CALL_WITHDRAWN) ? "was withdrawn" : "was taken before";
}

bool call_desk_withdraw(struct call_desk *desk, uint64_t sequence)
{
	uint64_t state = sequence << 2 | CALL_WAITING;

	return atomic_compare_exchange_strong(&desk->state, &state, sequence << 2 | CALL_WITHDRAWN);
}
