/* SPDX-License-Identifier: MIT */
/*
 * Who serves a queue: the holder of a lock on a byte of a file.  A POSIX queue
 * is that file, and who can lock it may read it.  The file of System V is one
 * that everybody can lock, any byte of it: there only those count who may
 * read the queue.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "own.h"
#include "process.h"
#include "procfs.h"
#include "queue-family.h"

enum { STATUS_MOST = 1 << 14 }; /* what has no end in it is of a user with a thousand groups */

/* Not by its handle, which may be the number of any descriptor for System V. */
static bool is_its_own_file(const struct queue *queue)
{
	return queue->family == &queue_posix;
}

/* Set or look at the lock of those who serve QUEUE, in the file that holds it. */
static int service_lock(const struct queue *queue, int file, int command, short type,
			struct flock *lock)
{
	*lock = (struct flock){ .l_type = type,
				.l_whence = SEEK_SET,
				.l_start = queue->family->service_byte(queue),
				.l_len = 1 };
	return fcntl(file, command, lock);
}

/* Whether one of the numbers in the line NAME of STATUS is ID. */
static bool has_number(const char *status, const char *name, unsigned id)
{
	const char *at = strstr(status, name);
	char *next;

	if (at == NULL)
		return false;
	for (at += strlen(name); *at != '\n'; at = next) {
		unsigned long number = strtoul(at, &next, 10);

		if (next == at)
			return false;
		if (number == id)
			return true;
		next += strspn(next, " \t");
	}
	return false;
}

static bool is_user(const char *status, uid_t user)
{
	return has_number(status, "\nUid:", user);
}

static bool is_in_group(const char *status, gid_t group)
{
	return has_number(status, "\nGid:", group) || has_number(status, "\nGroups:", group);
}

/*
 * Whether PROCESS may read QUEUE, by any of its users and groups.  Of whom nothing
 * can be known it is taken for granted: two must not serve the same.
 */
static bool may_serve(const struct queue *queue, pid_t process)
{
	char path[32], status[STATUS_MOST];
	struct queue_facts facts;
	const char *capabilities;

	snprintf(path, sizeof path, "/proc/%d/status", process);
	if (process_read(AT_FDCWD, path, status, sizeof status) < 0 ||
	    queue_look(queue, &facts) < 0)
		return true;
	capabilities = strstr(status, "\nCapEff:");
	if (capabilities == NULL || strtoull(capabilities + 8, NULL, 16) >> CAP_IPC_OWNER & 1)
		return true;
	return (facts.mode & 0004) != 0 || is_user(status, 0) || is_user(status, geteuid()) ||
	       is_user(status, facts.owner) || is_user(status, facts.creator) ||
	       ((facts.mode & 0040) != 0 &&
		(is_in_group(status, facts.group) || is_in_group(status, facts.creator_group)));
}

/* The process that has a lock like WANTED on FILE, from LINE of /proc/locks; or 0. */
static pid_t holder_in(const char *line, const struct stat *file, off_t wanted)
{
	unsigned major, minor;
	unsigned long long inode;
	long long first, last;
	int pid, found = sscanf(line, "%*d: POSIX %*s %*s %d %x:%x:%llu %lld %lld", &pid, &major,
				&minor, &inode, &first, &last);

	/* EOF stands for the last where there is none. */
	if (found < 5 || inode != file->st_ino || makedev(major, minor) != file->st_dev)
		return 0;
	return pid > 0 && first <= wanted && (found == 5 || last >= wanted) ? pid : 0;
}

/*
 * Of all who hold the lock one that may serve QUEUE; 0: none of them, -1: they
 * cannot be seen.
 */
static pid_t search(const struct queue *queue, int file)
{
	char buffer[4096];
	OWN_FD int locks = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	struct procfs_lines lines = { .file = locks, .buffer = buffer, .size = sizeof buffer };
	struct stat status;
	const char *line;

	if (locks < 0 || fstat(file, &status) < 0)
		return -1;
	while ((line = procfs_line(&lines)) != NULL) {
		pid_t pid = holder_in(line, &status, queue->family->service_byte(queue));

		if (pid > 0 && pid != getpid() && may_serve(queue, pid))
			return pid;
	}
	return errno == 0 ? 0 : -1;
}

static pid_t holder_of(const struct queue *queue, int file)
{
	struct flock lock;
	pid_t found;

	if (service_lock(queue, file, F_GETLK, F_WRLCK, &lock) < 0)
		return -1;
	if (lock.l_type == F_UNLCK)
		return 0;
	found = lock.l_pid;
	/* One of many is told; -1 is an open file's, and none of a server's. */
	if (!is_its_own_file(queue) && found != 0 && (found < 0 || !may_serve(queue, found))) {
		pid_t other = search(queue, file);

		if (other >= 0)
			return other;
	}
	if (found > 0)
		return found;
	errno = ESRCH;
	return -1;
}

/* The file that is locked for serving; once opened it stays so. */
static int service_file(struct queue *queue)
{
	int file = queue->family->open_service(queue);

	if (file >= 0 && !is_its_own_file(queue))
		queue->service = file;
	return file;
}

pid_t queue_server(struct queue *queue)
{
	int file = service_file(queue);

	return file < 0 ? -1 : holder_of(queue, file);
}

int queue_serve(struct queue *queue)
{
	int file = service_file(queue);
	struct flock lock;

	if (file < 0)
		return -1;
	if (holder_of(queue, file) != 0) {
		errno = EAGAIN;
		return -1;
	}
	if (service_lock(queue, file, F_SETLK, F_WRLCK, &lock) == 0)
		return 0;
	if (errno != EBADF)
		return -1;
	/* The file is open for reading only: look whether somebody was as quick. */
	if (service_lock(queue, file, F_SETLK, F_RDLCK, &lock) < 0)
		return -1;
	if (holder_of(queue, file) == 0)
		return 0;
	service_lock(queue, file, F_SETLK, F_UNLCK, &lock);
	errno = EAGAIN;
	return -1;
}
