/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "mqdir.h"
#include "own.h"
#include "shmfile.h"

/* The initial PID namespace's inode.  Source: include/linux/proc_ns.h in the kernel. */
enum { FIRST_PID_NAMESPACE = (int)0xEFFFFFFC };

static ino_t namespace_at(int root, const char *path)
{
	struct stat status;

	return fstatat(root, path, &status, 0) == 0 ? status.st_ino : 0;
}

static void take_shm(struct world *world, int root, const char *path)
{
	struct stat status;

	world->shm = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (world->shm >= 0 && fstat(world->shm, &status) == 0)
		world->shm_device = status.st_dev;
	else if (errno != ENOENT && errno != ENOTDIR)
		world->shm_error = errno;
}

static void take_queues(struct world *world, int descriptor)
{
	struct stat status;

	world->queues = descriptor;
	if (descriptor < 0)
		world->queues_error = errno;
	else if (fstat(descriptor, &status) == 0)
		world->queue_device = status.st_dev;
}

static void take_common(struct world *world)
{
	struct stat status;

	*world = (struct world){ .shm = -1, .queues = -1 };
	/* With hidepid=, others are not there at all; from inside a PID namespace, outside is not.
	 */
	world->all_processes =
		stat("/proc/1", &status) == 0 &&
		(int)namespace_at(AT_FDCWD, "/proc/self/ns/pid") == FIRST_PID_NAMESPACE;
}

void world_open(struct world *world)
{
	take_common(world);
	world->namespace = namespace_at(AT_FDCWD, "/proc/self/ns/ipc");
	take_shm(world, AT_FDCWD, "/dev/shm");
	take_queues(world, mqdir_open("/dev/mqueue"));
}

int world_is_foreign(pid_t pid)
{
	char path[64];
	ino_t theirs;

	snprintf(path, sizeof path, "/proc/%d/ns/ipc", (int)pid);
	theirs = namespace_at(AT_FDCWD, path);
	return theirs == 0 ? -1 : theirs != namespace_at(AT_FDCWD, "/proc/self/ns/ipc");
}

int world_open_of(struct world *world, pid_t pid)
{
	char path[64];
	OWN_FD int process = -1, namespace = -1;
	int queues;
	dev_t device;

	take_common(world);
	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0) {
		if (errno == ENOENT)
			errno = ESRCH;
		return -1;
	}
	namespace = openat(process, "ns/ipc", O_RDONLY | O_CLOEXEC);
	world->namespace = namespace_at(process, "ns/ipc");
	if (namespace < 0)
		world->sysv_error = errno;
	else if (world->namespace != namespace_at(AT_FDCWD, "/proc/self/ns/ipc") &&
		 setns(namespace, CLONE_NEWIPC) < 0)
		world->sysv_error = errno;
	take_shm(world, process, "root/dev/shm");
	/* Once inside, a mount of our own shows its queues, mounted there or not. */
	queues = world->sysv_error == 0 ? mqdir_open("/nowhere") : -1;
	if (queues < 0)
		queues = mqdir_open_at(process, "root/dev/mqueue", &device);
	take_queues(world, queues);
	return 0;
}

void world_close(struct world *world)
{
	own_drop_fd(&world->shm);
	own_drop_fd(&world->queues);
	world->shm = world->queues = -1;
}

DIR *world_list(int directory)
{
	/* A descriptor of its own: one that is shared would go on where it stopped. */
	int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again < 0 ? NULL : fdopendir(again);

	if (list == NULL)
		own_drop_fd(&again);
	return list;
}

/* One question; EAGAIN is "somebody", who may be looking as briefly as we. */
static int ask_lease(int directory, const char *name, dev_t device, ino_t inode)
{
	struct stat status;
	OWN_FD int descriptor = shmfile_open_at(directory, name, O_RDONLY, &status);

	if (descriptor < 0)
		return errno == EAGAIN ? 1 : -1;
	if (status.st_dev != device || status.st_ino != inode) {
		errno = ESTALE;
		return -1;
	}
	if (fcntl(descriptor, F_SETLEASE, F_WRLCK) == 0)
		return fcntl(descriptor, F_SETLEASE, F_UNLCK) < 0 ? -1 : 0;
	return errno == EAGAIN || errno == EBUSY ? 1 : -1;
}

int world_is_held(int directory, const char *name, dev_t device, ino_t inode)
{
	const struct timespec moment = { .tv_nsec = 2000000 };
	sigset_t signals, kept;
	int held = 1, error;

	/* Who opens the file in that instant makes the kernel signal us. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGIO);
	sigprocmask(SIG_BLOCK, &signals, &kept);
	for (int tries = 0; held == 1 && tries < 4; tries++) {
		if (tries > 0)
			nanosleep(&moment, NULL);
		held = ask_lease(directory, name, device, inode);
	}
	error = errno;
	while (sigtimedwait(&signals, NULL, &(struct timespec){ 0 }) > 0)
		;
	sigprocmask(SIG_SETMASK, &kept, NULL);
	errno = error;
	return held;
}
