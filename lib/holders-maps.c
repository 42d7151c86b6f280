/* SPDX-License-Identifier: MIT */
/* What a process has mapped and open. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "holders-parts.h"
#include "own.h"
#include "procfs.h"

static void note_range(struct hunt *hunt, const struct procfs_mapping *mapping, size_t object)
{
	struct range *ranges = hunt->ranges;

	if (hunt->range_count == hunt->range_room) {
		size_t room = hunt->range_room == 0 ? 64 : 2 * hunt->range_room;

		ranges = reallocarray(hunt->ranges, room, sizeof *ranges);
		if (ranges == NULL) {
			hunt->failed = true;
			return;
		}
		hunt->ranges = ranges;
		hunt->range_room = room;
	}
	ranges[hunt->range_count++] = (struct range){ mapping->start, mapping->end, object };
}

/* A System V segment's file is called after the key that it was made with. */
static bool is_segment(struct hunt *hunt, const struct procfs_mapping *mapping,
		       const struct object **segment)
{
	if (!hunt->any_segment || strncmp(mapping->path, "/SYSV", 5) != 0)
		return false;
	*segment = census_find_id(hunt->census, REF_SHM, (int)mapping->inode);
	return *segment != NULL && hunt_has_segments(hunt, mapping->device);
}

/* A mapping of a file in /dev/shm that the census does not have. */
static size_t unlinked_mapping(struct hunt *hunt, const struct procfs_mapping *mapping)
{
	char path[64];

	if (!hunt->unlinked)
		return (size_t)CENSUS_NONE;
	snprintf(path, sizeof path, "map_files/%llx-%llx", (unsigned long long)mapping->start,
		 (unsigned long long)mapping->end);
	procfs_unescape(mapping->path);
	return hunt_unlinked(hunt, mapping->device, mapping->inode, mapping->path, hunt->directory,
			     path);
}

static int take_line(struct hunt *hunt, char *line)
{
	const struct object *segment;
	struct procfs_mapping mapping;
	size_t object = (size_t)CENSUS_NONE;

	if (!procfs_mapping(line, &mapping))
		return 0;
	if (hunt->any_posix && mapping.device == hunt->world->shm_device) {
		object = hunt_file(hunt, mapping.device, mapping.inode);
		if (object == (size_t)CENSUS_NONE)
			object = unlinked_mapping(hunt, &mapping);
	} else if (is_segment(hunt, &mapping, &segment)) {
		if (!hunt_is_inside(hunt)) {
			if (hunt->namespace != 0)
				return 0; /* that of another namespace, with the same id */
			return -1;
		}
		object = (size_t)(segment - hunt->census->objects);
	}
	if (object == (size_t)CENSUS_NONE)
		return 0;
	if (hunt->wanted & HOLDERS_WAITERS)
		note_range(hunt, &mapping, object);
	hunt_add_holder(hunt, object, true);
	return 0;
}

static int read_mappings(struct hunt *hunt)
{
	OWN_FD int maps = openat(hunt->view, "maps", O_RDONLY | O_CLOEXEC);
	struct procfs_lines lines = { .file = maps, .buffer = hunt->buffer, .size = HUNT_BUFFER };
	char *line;

	if (maps < 0)
		return -1;
	for (; (line = procfs_line(&lines)) != NULL; hunt->any_line = true)
		if (take_line(hunt, line) < 0)
			return -1;
	return errno == 0 ? 0 : -1;
}

/*
 * A process whose first thread has ended shows nothing of its memory and files,
 * which the other threads have still: look at one of those.  Returns its
 * directory, or -1: there is none.
 */
static int open_living_thread(const struct hunt *hunt)
{
	int directory = openat(hunt->directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = directory < 0 ? NULL : fdopendir(directory);
	int found = -1;
	pid_t tid;

	if (list == NULL) {
		own_drop_fd(&directory);
		return -1;
	}
	while (found < 0 && (tid = process_next(list)) != 0) {
		struct process thread;
		char path[32];

		snprintf(path, sizeof path, "%d/stat", (int)tid);
		if (process_stat(directory, path, &thread) < 0 || thread.state == 'Z' ||
		    thread.state == 'X')
			continue;
		snprintf(path, sizeof path, "%d", (int)tid);
		found = openat(directory, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	closedir(list);
	return found;
}

/* Whether the process at hand may have threads beside the first. */
static bool has_threads(const struct hunt *hunt)
{
	struct stat status;

	return fstatat(hunt->directory, "task", &status, 0) == 0 && status.st_nlink > 3;
}

int hunt_mappings(struct hunt *hunt)
{
	int result = read_mappings(hunt), thread;

	if (result < 0 || hunt->any_line || !has_threads(hunt))
		return result;
	thread = open_living_thread(hunt);
	if (thread < 0)
		return 0;
	hunt->view = thread;
	return read_mappings(hunt);
}

/* The file behind "DIRECTORY/NAME", where that is one of the world's. */
static size_t object_at(struct hunt *hunt, int directory, const char *name)
{
	char link[PATH_MAX];
	ssize_t length;
	struct statx status;
	dev_t device;
	size_t object;

	/* No question to a far server. */
	if (statx(directory, name, AT_STATX_DONT_SYNC, STATX_INO, &status) < 0)
		return (size_t)CENSUS_NONE;
	device = makedev(status.stx_dev_major, status.stx_dev_minor);
	if (device != hunt->world->shm_device && device != hunt->world->queue_device)
		return (size_t)CENSUS_NONE;
	object = hunt_file(hunt, device, status.stx_ino);
	if (object != (size_t)CENSUS_NONE || !hunt->unlinked)
		return object;
	length = readlinkat(directory, name, link, sizeof link - 1);
	if (length <= 0)
		return (size_t)CENSUS_NONE;
	link[length] = '\0';
	return hunt_unlinked(hunt, device, status.stx_ino, link, directory, name);
}

struct object *hunt_descriptor(struct hunt *hunt, int number)
{
	char path[32];
	size_t object;

	snprintf(path, sizeof path, "fd/%d", number);
	object = object_at(hunt, hunt->view, path);
	return object == (size_t)CENSUS_NONE ? NULL : &hunt->census->objects[object];
}

int hunt_descriptors(struct hunt *hunt)
{
	int directory = openat(hunt->view, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = directory < 0 ? NULL : fdopendir(directory);
	const struct dirent *entry;

	if (list == NULL) {
		own_drop_fd(&directory);
		return -1;
	}
	errno = 0;
	while ((entry = readdir(list)) != NULL) {
		size_t object;

		if (entry->d_name[0] == '.')
			continue;
		object = object_at(hunt, directory, entry->d_name);
		if (object == (size_t)CENSUS_NONE)
			continue;
		hunt->any_descriptor |= hunt->census->objects[object].kind == REF_MQ;
		hunt_add_holder(hunt, object, false);
	}
	closedir(list);
	return 0;
}
