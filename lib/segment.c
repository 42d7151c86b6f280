/* SPDX-License-Identifier: MIT */
#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "shmfile.h"

static void facts_of_file(const struct stat *at, struct segment_facts *facts)
{
	*facts = (struct segment_facts){
		.size = at->st_size,
		.owner = at->st_uid,
		.creator = at->st_uid,
		.mode = at->st_mode & 07777,
		.removed = at->st_nlink == 0,
		.device = at->st_dev,
		.inode = at->st_ino,
		.changed = at->st_mtim,
	};
}

static void facts_of_id(int id, const struct shmid_ds *at, struct segment_facts *facts)
{
	*facts = (struct segment_facts){
		.size = (int64_t)at->shm_segsz,
		.owner = at->shm_perm.uid,
		.creator = at->shm_perm.cuid,
		.mode = at->shm_perm.mode & 0777,
		.removed = (at->shm_perm.mode & SHM_DEST) != 0,
		.inode = (ino_t)id,
	};
}

static int look_at_id(int id, struct segment_facts *facts)
{
	struct shmid_ds at;

	if (shmctl(id, IPC_STAT, &at) < 0) {
		if (errno == EINVAL || errno == EIDRM)
			errno = ENOENT;
		return -1;
	}
	facts_of_id(id, &at, facts);
	return 0;
}

/* The same of one that we may not read: its owner may remove it all the same. */
static int look_at_any_id(int id, struct segment_facts *facts)
{
	struct shmid_ds at;

	if (look_at_id(id, facts) == 0)
		return 0;
	/* It takes an index for an id, and gives the id that is there. */
	if (errno != EACCES || shmctl(id, SHM_STAT_ANY, &at) != id)
		return -1;
	facts_of_id(id, &at, facts);
	return 0;
}

/* The id of REF's segment, or -1 with errno. */
static int id_of(const struct ref *ref)
{
	return ref->form == REF_ID ? ref->id : shmget(ref->key, 0, 0);
}

static int attach(struct segment *segment, const struct ref *ref, enum segment_access access)
{
	void *memory;

	segment->id = id_of(ref);
	if (segment->id < 0)
		return -1;
	memory = shmat(segment->id, NULL, access == SEGMENT_READ ? SHM_RDONLY : 0);
	if (memory == (void *)-1) {
		if (errno == EINVAL || errno == EIDRM)
			errno = ENOENT;
		return -1;
	}
	segment->memory = memory;
	/* Attached first: what is looked at now cannot become another segment. */
	if (look_at_id(segment->id, &segment->facts) < 0) {
		segment_close(segment);
		return -1;
	}
	return 0;
}

static int flags_of(enum segment_access access)
{
	return access == SEGMENT_READ ? O_RDONLY : O_RDWR;
}

/* Take DESCRIPTOR, or fail because of what AT tells. */
static int adopt(struct segment *segment, int descriptor, const struct stat *at)
{
	struct stat now;

	segment->sort = at->st_mode != 0 ? shmfile_sort(at->st_mode) : NULL;
	if (descriptor < 0)
		return -1;
	if (fstat(descriptor, &now) < 0) {
		own_drop_fd(&descriptor);
		return -1;
	}
	segment->descriptor = descriptor;
	facts_of_file(&now, &segment->facts);
	return 0;
}

int segment_open(struct segment *segment, const struct ref *ref, enum segment_access access)
{
	struct stat at;
	int opened;

	*segment = (struct segment){ .descriptor = -1, .id = -1 };
	if (ref_is_posix(ref))
		opened = adopt(segment, shmfile_open(ref, flags_of(access), &at), &at);
	else
		opened = attach(segment, ref, access);
	segment->size = segment->facts.size;
	return opened;
}

int segment_open_file(struct segment *segment, const char *path, enum segment_access access)
{
	struct stat at = { 0 };
	int descriptor = -1, opened, kept;
	OWN_FD int found = open(path, O_PATH | O_CLOEXEC);

	*segment = (struct segment){ .descriptor = -1, .id = -1 };
	if (found < 0 || fstat(found, &at) < 0)
		return -1;
	if (S_ISREG(at.st_mode)) {
		char way[32];

		snprintf(way, sizeof way, "/proc/self/fd/%d", found);
		descriptor = open(way, flags_of(access) | O_NOCTTY | O_CLOEXEC);
		if (descriptor < 0 && errno == ENOENT)
			errno = ENOSYS; /* the file is there; /proc is not */
	} else {
		errno = ENOTSUP;
	}
	opened = adopt(segment, descriptor, &at);
	kept = errno;
	segment->size = segment->facts.size;
	errno = kept;
	return opened;
}

void segment_close(struct segment *segment)
{
	int kept = errno;

	own_drop_fd(&segment->descriptor);
	segment->descriptor = -1;
	if (segment->memory != NULL)
		shmdt(segment->memory);
	segment->memory = NULL;
	errno = kept;
}

int segment_look(const struct segment *segment, struct segment_facts *facts)
{
	struct stat at;

	if (segment->descriptor < 0)
		return look_at_id(segment->id, facts);
	if (fstat(segment->descriptor, &at) < 0)
		return -1;
	facts_of_file(&at, facts);
	return 0;
}

int segment_look_by_ref(const struct ref *ref, struct segment_facts *facts)
{
	char path[SHMFILE_PATH_MAX];
	struct stat at;
	int id;

	if (!ref_is_posix(ref)) {
		id = id_of(ref);
		return id < 0 ? -1 : look_at_any_id(id, facts);
	}
	if (lstat(shmfile_path(ref, path), &at) < 0)
		return -1;
	if (!S_ISREG(at.st_mode)) {
		errno = ENOTSUP;
		return -1;
	}
	facts_of_file(&at, facts);
	return 0;
}

int segment_look_if_readable(const struct ref *ref, struct segment_facts *facts)
{
	struct segment segment;
	int id;

	/* IPC_STAT asks for the right to read, too, and leaves no trace as attaching does. */
	if (!ref_is_posix(ref)) {
		id = id_of(ref);
		return id < 0 ? -1 : look_at_id(id, facts);
	}
	if (segment_open(&segment, ref, SEGMENT_READ) < 0)
		return -1;
	*facts = segment.facts;
	segment_close(&segment);
	return 0;
}

const char *segment_sort_by_ref(const struct ref *ref)
{
	char path[SHMFILE_PATH_MAX];
	struct stat at;

	if (!ref_is_posix(ref) || lstat(shmfile_path(ref, path), &at) < 0)
		return NULL;
	return shmfile_sort(at.st_mode);
}

ssize_t segment_read(const struct segment *segment, int64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	if (segment->memory != NULL) {
		if (offset >= segment->size)
			return 0;
		if ((int64_t)size > segment->size - offset)
			size = (size_t)(segment->size - offset);
		if (segment_populate(segment->memory + offset, size, false) < 0)
			return -1;
		memcpy(buffer, segment->memory + offset, size);
		return (ssize_t)size;
	}
	while (done < size) {
		ssize_t length = pread(segment->descriptor, (char *)buffer + done, size - done,
				       offset + (int64_t)done);

		if (length < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (length < 0)
			return -1;
		if (length == 0)
			break;
		done += (size_t)length;
	}
	return (ssize_t)done;
}

int segment_descriptor(const struct segment *segment)
{
	uintptr_t start = (uintptr_t)segment->memory, page = (uintptr_t)getpagesize();
	uintptr_t end = start + ((uintptr_t)segment->size + page - 1) / page * page;
	char way[64];
	struct stat at;
	OWN_FD int descriptor = -1;

	snprintf(way, sizeof way, "/proc/self/map_files/%" PRIxPTR "-%" PRIxPTR, start, end);
	descriptor = open(way, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (descriptor < 0 || fstat(descriptor, &at) < 0 || at.st_ino != (ino_t)segment->id ||
	    at.st_size < segment->size)
		return -1;
	return own_take_fd(&descriptor);
}

int segment_populate(const char *memory, size_t length, bool writing)
{
	size_t before = (uintptr_t)memory % (size_t)getpagesize();
	union {
		const char *from;
		void *base; /* madvise(2) has no const; it changes nothing */
	} start = { .from = memory - before };
	int kept = errno, advice = writing ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;

	/* Other errors, as EINVAL before Linux 5.14, leave it to the faults. */
	if (madvise(start.base, length + before, advice) < 0 &&
	    (errno == EFAULT || errno == ENOMEM || errno == EHWPOISON)) {
		errno = ENOMEM;
		return -1;
	}
	errno = kept;
	return 0;
}

int segment_remove(const struct ref *ref, const struct segment_facts *made)
{
	const struct stat at = { .st_dev = made->device, .st_ino = made->inode };
	struct segment_facts now;

	if (ref_is_posix(ref))
		return shmfile_remove(ref, &at);
	/* An id is not given out again before all others have been. */
	if (look_at_any_id(ref->id, &now) < 0)
		return -1;
	if (now.removed) {
		errno = ENOENT;
		return -1;
	}
	if (now.creator != made->creator || now.size != made->size) {
		errno = ESTALE;
		return -1;
	}
	return shmctl(ref->id, IPC_RMID, NULL);
}
