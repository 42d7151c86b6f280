/* SPDX-License-Identifier: MIT */
/* Which object a file is; and the objects that have no name any more, but holders. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "census-parts.h"
#include "holders-parts.h"

/* The name of an object in LINK, what a process's mapping or descriptor is called. */
static bool name_of_link(const char *link, char *name)
{
	static const char ending[] = " (deleted)", place[] = "/dev/shm/";
	const char *slash = strrchr(link, '/');
	size_t length = strlen(link);

	/* What lies in a directory there is no object. */
	if (strncmp(link, place, sizeof place - 1) == 0 && slash != link + sizeof place - 2)
		return false;
	if (slash == NULL || length < sizeof ending ||
	    strcmp(link + length - (sizeof ending - 1), ending) != 0)
		return false;
	length -= sizeof ending - 1 + (size_t)(slash + 1 - link);
	if (length == 0 || length > REF_NAME_MAX)
		return false;
	memcpy(name, slash + 1, length);
	name[length] = '\0';
	return true;
}

static const char *skip_prefix(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 && name[length] != '\0' ? name + length : NULL;
}

/* Whether an entry of /dev/shm is INODE: it was made since the census. */
static bool has_name_by_now(const struct world *world, ino_t inode)
{
	DIR *list = world_list(world->shm);
	const struct dirent *entry;

	if (list == NULL)
		return false;
	while ((entry = readdir(list)) != NULL && entry->d_ino != inode)
		;
	closedir(list);
	return entry != NULL;
}

static void take_status(struct object *object, const struct stat *status)
{
	bool is_queue = object->kind == REF_MQ;

	object->owner = object->creator_owner = status->st_uid;
	object->group = object->creator_group = status->st_gid;
	object->mode = status->st_mode & 07777;
	object->size = is_queue ? CENSUS_NONE : status->st_size;
	object->used = is_queue ? CENSUS_NONE : status->st_blocks * 512;
	object->used_at = status->st_mtime;
	object->changed_at = is_queue ? CENSUS_NONE : status->st_ctime;
}

/* The file of OBJECT may not be looked at, for ERROR: only its name is known. */
static void leave_unseen(struct hunt *hunt, struct object *object, int error)
{
	object->unseen = true;
	object->owner = object->creator_owner = (uid_t)-1;
	object->group = object->creator_group = (gid_t)-1;
	census_note_hidden(object, error, &hunt->missed);
}

/* Add the file at PATH below AT, when it has NAME no more.  Returns whether it was added. */
static bool add_unlinked(struct hunt *hunt, struct object *object, const char *name, int at,
			 const char *path)
{
	struct stat status;
	int error = fstatat(at, path, &status, 0) < 0 ? errno : 0;
	const char *inner = skip_prefix(name, "sem.");

	/* A creator's mapping of a semaphore bears another name than the file has. */
	if (error == 0 &&
	    (status.st_nlink != 0 || status.st_ino != object->inode || !S_ISREG(status.st_mode)))
		return false;
	/* What others have mapped, but not open, is CAP_CHECKPOINT_RESTORE's to look at. */
	if (error != 0 &&
	    ((error != EPERM && error != EACCES) || has_name_by_now(hunt->world, object->inode)))
		return false;
	object->name = (char *)(uintptr_t)name;
	if (object->device == hunt->world->queue_device) {
		object->kind = REF_MQ;
	} else if (error == 0 && status.st_size == 32 && inner != NULL) {
		object->kind = REF_SEM;
		object->name = (char *)(uintptr_t)inner;
	}
	if (error == 0)
		take_status(object, &status);
	else
		leave_unseen(hunt, object, error);
	if (census_add_indexed(hunt->census, object) == 0)
		return true;
	hunt->failed = true;
	return false;
}

size_t hunt_file(const struct hunt *hunt, dev_t device, ino_t inode)
{
	const struct object *known = census_find_inode(hunt->census, device, inode);

	return known == NULL ? (size_t)CENSUS_NONE : (size_t)(known - hunt->census->objects);
}

size_t hunt_unlinked(struct hunt *hunt, dev_t device, ino_t inode, const char *link, int at,
		     const char *path)
{
	struct object object;
	char name[REF_NAME_MAX + 1];
	size_t known;

	if (!hunt->unlinked || !name_of_link(link, name))
		return (size_t)CENSUS_NONE;
	object = census_blank(REF_SHM, false);
	object.removed = true;
	object.device = device;
	object.inode = inode;
	hunt_census_begin(hunt);
	/* Another thread may have been first. */
	known = hunt_file(hunt, device, inode);
	if (known == (size_t)CENSUS_NONE && add_unlinked(hunt, &object, name, at, path))
		known = hunt->census->count - 1;
	hunt_census_end(hunt);
	return known;
}
