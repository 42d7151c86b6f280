/* SPDX-License-Identifier: MIT */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Where IPC objects are: the caller's IPC namespace with the /dev/shm and the
 * queues that belong to it; or another process's.
 */
struct world {
	int shm;          /* the directory /dev/shm, or -1 */
	int queues;       /* the directory of POSIX queues, or -1 */
	int shm_error;    /* why SHM is -1; 0: there is none, and so no objects */
	int queues_error; /* why QUEUES is -1, as of mqdir_open() */
	int sysv_error;   /* why System V objects cannot be seen, or 0 */
	dev_t shm_device; /* of /dev/shm */
	dev_t queue_device;
	ino_t namespace;    /* the IPC namespace, as /proc/PID/ns/ipc has it; 0: unknown */
	bool all_processes; /* /proc shows every process that could hold an object */
};

/*
 * Open our own world.  Its errors are in the struct: what can be seen, can.
 */
void world_open(struct world *world);

/*
 * Open the world of process PID, as far as we may.  When that is another IPC
 * namespace, the calling process moves into it (for good: setns(2) would undo
 * the caller's semaphore operations, so it must be a child of fork(2), which
 * inherits none).  Returns 0, or -1 with errno: ESRCH no such process.
 */
int world_open_of(struct world *world, pid_t pid);

/* Whether PID is in another IPC namespace than we: -1 with errno: cannot tell. */
int world_is_foreign(pid_t pid);

void world_close(struct world *world);

/*
 * The entries of DIRECTORY, one of the world's (or -1), from the first on; as
 * opendir(3), for closedir(3).
 */
struct __dirstream *world_list(int directory);

/*
 * Whether anybody has the file NAME of DIRECTORY (one of the world's) open or
 * mapped, which the kernel tells by granting or refusing a write lease; it is
 * given back at once.  DEVICE and INODE say which file it must be.
 * Returns 1 somebody has it, 0 nobody has it, or -1 with errno: EACCES or EPERM
 * we may not ask, ENOENT it is gone, ESTALE another file has its name.
 * Source: fcntl(2), F_SETLEASE.
 */
int world_is_held(int directory, const char *name, dev_t device, ino_t inode);

#endif
