/* SPDX-License-Identifier: MIT */
#include "mqdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "own.h"

#define MQUEUE_MAGIC 0x19800202

/* A mount of our own. */
static int open_detached(void)
{
	OWN_FD int context = fsopen("mqueue", FSOPEN_CLOEXEC), mount = -1;

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	/* What fsmount() gives cannot be read; it can be opened. */
	return mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int mqdir_open_at(int root, const char *path, dev_t *device)
{
	OWN_FD int directory = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs system;
	struct stat status;

	if (directory < 0) {
		if (errno == ENOTDIR || errno == ELOOP)
			errno = ENOENT;
		return -1;
	}
	if (fstatfs(directory, &system) < 0 || fstat(directory, &status) < 0)
		return -1;
	if (system.f_type != MQUEUE_MAGIC) {
		errno = ENOENT;
		return -1;
	}
	*device = status.st_dev;
	return own_take_fd(&directory);
}

/*
 * Whether a queue that DIRECTORY shows is not the one that its name opens: it
 * is then another namespace's.  Where none can be opened, nobody knows.
 */
static bool is_foreign(int directory, dev_t device)
{
	int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;
	bool foreign = false;

	if (list == NULL) {
		own_drop_fd(&again);
		return false;
	}
	while ((entry = readdir(list)) != NULL) {
		char name[sizeof entry->d_name + 1];
		OWN_FD int queue = -1;
		struct stat status;

		if (entry->d_name[0] == '.' &&
		    (entry->d_name[1] == '\0' || entry->d_name[1] == '.'))
			continue;
		snprintf(name, sizeof name, "/%s", entry->d_name);
		queue = mq_open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (queue < 0 && errno == EACCES)
			continue;
		/* One that has gone in between says nothing. */
		if (queue < 0 && fstatat(directory, entry->d_name, &status, 0) < 0)
			continue;
		foreign = queue < 0 || (fstat(queue, &status) == 0 && status.st_dev != device);
		break;
	}
	closedir(list);
	return foreign;
}

int mqdir_open(const char *path)
{
	OWN_FD int directory = open_detached();
	dev_t device;

	if (directory >= 0)
		return own_take_fd(&directory);
	directory = mqdir_open_at(AT_FDCWD, path, &device);
	if (directory >= 0 && is_foreign(directory, device)) {
		errno = EXDEV;
		return -1;
	}
	return own_take_fd(&directory);
}
