/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fdio.h"
#include "own.h"
#include "store-family.h"

enum {
	BLOCK = 512 * 1024,
	MEMORY_BLOCK = 2 * 1024 * 1024,
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * Reserve LENGTH bytes from FROM, the end, on, or nothing: some file systems keep,
 * and count as the file's, as much of it as they had room for.
 */
static int reserve(int file, int64_t from, int64_t length)
{
	struct stat at;
	int failed, kept;

	do
		failed = fallocate(file, FALLOC_FL_KEEP_SIZE, from, length);
	while (failed < 0 && errno == EINTR);
	if (failed == 0 || errno == EOPNOTSUPP)
		failed = fdio_reserve(file, from, length);
	if (failed == 0)
		return 0;
	kept = errno;
	/* Cut where it ends, it gives back what is behind. */
	if (fstat(file, &at) == 0)
		failed = ftruncate(file, at.st_size);
	errno = kept;
	return -1;
}

/* Make room for LENGTH bytes at OFFSET, all of which is memory that can be stored to. */
static int extend(const struct segment *segment, int64_t offset, int64_t length)
{
	struct segment_facts now;
	int64_t end;

	if (__builtin_add_overflow(offset, length, &end)) {
		errno = EFBIG;
		return -1;
	}
	if (segment_look(segment, &now) < 0)
		return -1;
	return end <= now.size ? 0 : reserve(segment->descriptor, now.size, end - now.size);
}

int store_write(struct store *store, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	/* The gap in front of the first byte is memory, too. */
	if (store->grow && store->stored == 0 && extend(store->segment, store->offset, 1) < 0)
		return -1;
	while (bytes < end) {
		ssize_t count = pwrite(store->segment->descriptor, bytes, (size_t)(end - bytes),
				       store->offset + store->stored);

		if (count < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (count < 0)
			continue;
		bytes += count;
		store->stored += count;
	}
	return 0;
}

bool store_ends_before(const struct store *store, int64_t end)
{
	struct segment_facts now;

	return store->segment->memory == NULL && segment_look(store->segment, &now) == 0 &&
	       now.size < end;
}

enum store_end store_end_of_room(const struct store *store)
{
	char byte;
	ssize_t count = fdio_read(store->input, &byte, 1, -1);

	if (count < 0)
		return STORE_INPUT_FAILED;
	return count > 0 ? STORE_FULL : STORE_DONE;
}

/* The kernel stores what it reads: memory that is not there is an error and no signal. */
static enum store_end read_into_memory(struct store *store)
{
	while (store->stored < store->room) {
		char *memory = store->segment->memory + store->offset + store->stored;
		int64_t part = least(store->room - store->stored, MEMORY_BLOCK);
		ssize_t count;

		segment_populate(memory, (size_t)part, true);
		count = fdio_read(store->input, memory, (size_t)part, -1);
		if (count < 0 && errno == EFAULT) {
			errno = ENOMEM; /* huge pages that are not there */
			return STORE_FAILED;
		}
		if (count < 0)
			return STORE_INPUT_FAILED;
		if (count == 0)
			return STORE_DONE;
		store->stored += count;
	}
	return store_end_of_room(store);
}

/* Whether a write of the next LENGTH bytes would make the segment longer again. */
static bool would_lengthen(const struct store *store, int64_t length)
{
	return !store->grow && store_ends_before(store, store->offset + store->stored + length);
}

/* What a file has for sure is copied by the kernel. */
static enum store_end copy_known(struct store *store)
{
	int target = store->segment->descriptor;

	if (store->left <= 0 || lseek(target, store->offset, SEEK_SET) < 0)
		return STORE_DONE;
	while (store->stored < store->left) {
		int64_t part = least(store->left - store->stored, BLOCK), count;

		if (would_lengthen(store, part))
			return STORE_CUT;
		count = (int64_t)fdio_copy(store->input, target, (size_t)part);
		store->stored += count;
		if (count < part)
			break;
	}
	return STORE_DONE;
}

/* Through a buffer, which is faster than the page faults of a mapping. */
static enum store_end read_and_write(struct store *store)
{
	OWN_MEM char *buffer = aligned_alloc(4096, BLOCK);
	enum store_end end = copy_known(store);

	if (end != STORE_DONE)
		return end;
	if (buffer == NULL)
		return STORE_FAILED;
	while (store->grow || store->stored < store->room) {
		int64_t part = store->grow ? BLOCK : least(store->room - store->stored, BLOCK);
		ssize_t count = fdio_read(store->input, buffer, (size_t)part, -1);

		if (count < 0)
			return STORE_INPUT_FAILED;
		if (count == 0)
			return STORE_DONE;
		if (would_lengthen(store, count))
			return STORE_CUT;
		if (store_write(store, buffer, (size_t)count) < 0)
			return STORE_FAILED;
	}
	return store_end_of_room(store);
}

/* What is behind the end of the input would be more of it, for ever. */
static bool is_itself(const struct store *store)
{
	struct segment_facts target;
	struct stat input;

	return fstat(store->input, &input) == 0 && segment_look(store->segment, &target) == 0 &&
	       input.st_dev == target.device && input.st_ino == target.inode;
}

enum store_end store(struct store *store)
{
	enum store_end end;

	store->stored = 0;
	if (store->grow && is_itself(store))
		return STORE_ITSELF;
	store->left = store->type == NULL ? fdio_left(store->input) : -1;
	if (!store->grow && store->left > store->room)
		return STORE_TOO_LONG;
	if (store->grow && store->left > 0 &&
	    extend(store->segment, store->offset, store->left) < 0)
		return STORE_FAILED;
	if (store->type != NULL)
		end = store_numbers(store);
	else if (store->segment->memory != NULL)
		end = read_into_memory(store);
	else
		end = read_and_write(store);
	if (end == STORE_DONE && store->stored > 0 &&
	    store_ends_before(store, store->offset + store->stored))
		return STORE_CUT;
	return end;
}
