/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fdio.h"
#include "own.h"
#include "shmfile.h"

#define PLACE "/dev/shm/"
#define SPARE ".ipcbox-"

/* "/proc/self/fd/" and a number. */
struct way {
	char path[32];
};

/* By hand: printf(3) is four pages that most who open a file have no other use for. */
static struct way way_to(int descriptor)
{
	struct way way;
	char *end = stpcpy(way.path, "/proc/self/fd/");
	int digits = 1;

	for (int rest = descriptor; rest >= 10; rest /= 10)
		digits++;
	end[digits] = '\0';
	for (; digits > 0; descriptor /= 10)
		end[--digits] = (char)('0' + descriptor % 10);
	return way;
}

char *shmfile_path(const struct ref *ref, char *path)
{
	const char *prefix = "";

	if (ref->kind == REF_SEM)
		prefix = "sem.";
	else if (ref->kind == REF_RING)
		prefix = "ring.";
	stpcpy(stpcpy(stpcpy(path, PLACE), prefix), ref->name + 1);
	return path;
}

/* Open what FOUND, of O_PATH, is. */
static int open_way(int found, int flags)
{
	int descriptor = open(way_to(found).path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (descriptor < 0 && errno == ENOENT)
		errno = ENOSYS; /* the object is there; /proc is not */
	return descriptor;
}

int shmfile_open(const struct ref *ref, int flags, struct stat *at)
{
	char path[SHMFILE_PATH_MAX];

	return shmfile_open_at(AT_FDCWD, shmfile_path(ref, path), flags, at);
}

int shmfile_open_at(int directory, const char *name, int flags, struct stat *at)
{
	struct stat own;
	OWN_FD int found = -1;

	if (at == NULL)
		at = &own;
	at->st_mode = 0;
	found = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (found < 0 || fstat(found, at) < 0)
		return -1;
	if (!S_ISREG(at->st_mode)) {
		errno = ENOTSUP;
		return -1;
	}
	return open_way(found, flags);
}

int shmfile_open_quietly(int directory, const char *name, struct stat *at)
{
	int descriptor = shmfile_open_at(directory, name, O_RDONLY | O_NOATIME, at);

	if (descriptor < 0 && errno == EPERM)
		descriptor = shmfile_open_at(directory, name, O_RDONLY, at);
	return descriptor;
}

const char *shmfile_sort(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return NULL;
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "no regular file";
	}
}

bool shmfile_is_ours(const struct stat *at)
{
	return at->st_uid == 0 || at->st_uid == geteuid();
}

int shmfile_new(mode_t mode, off_t size, bool reserve)
{
	OWN_FD int descriptor = open(PLACE, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (descriptor < 0 || ftruncate(descriptor, size) < 0)
		return -1;
	if (reserve && size > 0 && fdio_reserve(descriptor, 0, size) < 0)
		return -1;
	/* The umask has no say in it. */
	if (fchmod(descriptor, mode) < 0)
		return -1;
	return own_take_fd(&descriptor);
}

static int link_as(int descriptor, const char *path)
{
	return linkat(AT_FDCWD, way_to(descriptor).path, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

int shmfile_publish(int descriptor, const struct ref *ref)
{
	char path[SHMFILE_PATH_MAX];

	return link_as(descriptor, shmfile_path(ref, path));
}

/* Remove the spare files of those who were killed in mid-replacement. */
static void sweep_spares(void)
{
	DIR *place = opendir(PLACE);
	struct dirent *entry;

	if (place == NULL)
		return;
	while ((entry = readdir(place)) != NULL) {
		char *end;
		long pid;

		if (strncmp(entry->d_name, SPARE, strlen(SPARE)) != 0)
			continue;
		pid = strtol(entry->d_name + strlen(SPARE), &end, 10);
		if (*end == '.' && pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			unlinkat(dirfd(place), entry->d_name, 0);
	}
	closedir(place);
}

int shmfile_replace(int descriptor, const struct ref *ref)
{
	char path[SHMFILE_PATH_MAX], spare[sizeof(PLACE SPARE) + 32];
	struct stat at;
	int result;

	if (lstat(shmfile_path(ref, path), &at) == 0 && !S_ISREG(at.st_mode)) {
		errno = ENOTSUP;
		return -1;
	}
	sweep_spares();
	/* Who cannot see our process (another PID namespace) may sweep our spare: again. */
	for (unsigned number = 0;; number++) {
		snprintf(spare, sizeof(spare), PLACE SPARE "%d.%u", getpid(), number);
		result = link_as(descriptor, spare);
		if (result < 0 && errno == EEXIST)
			continue;
		if (result < 0 || (result = rename(spare, path)) == 0 || errno != ENOENT)
			break;
		unlink(spare);
	}
	if (result < 0) {
		int kept = errno;

		unlink(spare);
		errno = kept;
	}
	return result;
}

int shmfile_remove(const struct ref *ref, const struct stat *made)
{
	char path[SHMFILE_PATH_MAX];
	struct stat at;

	if (lstat(shmfile_path(ref, path), &at) < 0)
		return -1;
	if (at.st_dev != made->st_dev || at.st_ino != made->st_ino) {
		errno = ESTALE;
		return -1;
	}
	return unlink(path);
}

off_t shmfile_room(void)
{
	struct statvfs place;

	if (statvfs(PLACE, &place) < 0)
		return -1;
	return (off_t)place.f_bavail * (off_t)place.f_frsize;
}
