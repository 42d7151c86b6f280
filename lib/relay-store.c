/* SPDX-License-Identifier: MIT */
#include "relay-store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	RING_WITH_FILE = 1 << 20,
	BLOCK = 1 << 18,     /* of what is moved to the file at once */
	HOLE_LEAST = 1 << 24 /* of what is given back to the disk at once */
};

int relay_store_begin(struct relay_store *store)
{
	int64_t size = store->limit;

	if (store->file >= 0 && size > RING_WITH_FILE)
		size = RING_WITH_FILE;
	store->size = (size_t)size;
	store->ring =
		mmap(NULL, store->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (store->ring == MAP_FAILED) {
		store->ring = NULL;
		return -1;
	}
	if (store->file >= 0)
		store->bounce = malloc(BLOCK);
	return store->file >= 0 && store->bounce == NULL ? -1 : 0;
}

void relay_store_end(struct relay_store *store)
{
	if (store->ring != NULL)
		munmap(store->ring, store->size);
	free(store->bounce);
	store->ring = store->bounce = NULL;
}

/* Where byte OFFSET stands in the ring, and how many can stand there in a row. */
static char *spot(const struct relay_store *store, int64_t offset, size_t *row)
{
	size_t at = (size_t)(offset - store->origin) % store->size;

	*row = store->size - at;
	return store->ring + at;
}

/* Move the oldest bytes of the ring to the file.  Returns whether any went. */
static bool spill(struct relay_store *store)
{
	size_t row;
	const char *from = spot(store, store->kept, &row);
	size_t length = (size_t)(store->end - store->kept);
	ssize_t written;

	if (length > row)
		length = row;
	if (length > BLOCK)
		length = BLOCK;
	if (store->kept == store->base)
		store->file_origin = store->punched = store->base;
	do
		written = pwrite(store->file, from, length, store->kept - store->file_origin);
	while (written < 0 && errno == EINTR);
	store->error = written < 0 ? errno : 0;
	if (written <= 0)
		return false;
	store->kept += written;
	return true;
}

char *relay_store_place(struct relay_store *store, size_t *length)
{
	int64_t allowed = store->limit - (store->end - store->base);
	size_t row, free_now;
	char *place;

	if (store->base == store->end)
		store->origin = store->kept = store->end; /* memory that is warm */
	if (allowed > 0 && store->end - store->kept == (int64_t)store->size &&
	    (store->file < 0 || !spill(store)))
		return NULL;
	place = spot(store, store->end, &row);
	free_now = store->size - (size_t)(store->end - store->kept);
	*length = row < free_now ? row : free_now;
	if ((int64_t)*length > allowed)
		*length = allowed > 0 ? (size_t)allowed : 0;
	return *length > 0 ? place : NULL;
}

void relay_store_fill(struct relay_store *store, size_t length)
{
	store->end += (int64_t)length;
	if (store->end - store->base > store->most)
		store->most = store->end - store->base;
}

size_t relay_store_add(struct relay_store *store, const char *bytes, size_t length)
{
	size_t added = 0, row;
	char *place;

	while (added < length && (place = relay_store_place(store, &row)) != NULL) {
		if (row > length - added)
			row = length - added;
		memcpy(place, bytes + added, row);
		relay_store_fill(store, row);
		added += row;
	}
	return added;
}

/* Read into BOUNCE from byte OFFSET on, which is in the file.  Returns 0, or -1 with errno. */
static int fetch(struct relay_store *store, int64_t offset)
{
	size_t length = store->kept - offset < BLOCK ? (size_t)(store->kept - offset) : BLOCK;
	ssize_t got;

	do
		got = pread(store->file, store->bounce, length, offset - store->file_origin);
	while (got < 0 && errno == EINTR);
	store->fetched = store->fetched_end = offset;
	if (got == 0)
		errno = EIO; /* somebody has cut the file */
	if (got <= 0)
		return -1;
	store->fetched_end += got;
	return 0;
}

ssize_t relay_store_look(struct relay_store *store, int64_t offset, const char **bytes)
{
	size_t row, length;

	if (offset >= store->kept) {
		*bytes = spot(store, offset, &row);
		length = (size_t)(store->end - offset);
		return (ssize_t)(length < row ? length : row);
	}
	if ((offset < store->fetched || offset >= store->fetched_end) && fetch(store, offset) < 0)
		return -1;
	*bytes = store->bounce + (offset - store->fetched);
	return (ssize_t)(store->fetched_end - offset);
}

void relay_store_release(struct relay_store *store, int64_t base)
{
	bool had_file = store->kept > store->base;

	store->base = base;
	if (base >= store->kept) {
		/* What could not be given back now is overwritten later. */
		if (had_file && ftruncate(store->file, 0) == 0)
			store->error = 0; /* there is room again */
		store->kept = base;
	} else if (base - store->punched >= HOLE_LEAST) {
		fallocate(store->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  store->punched - store->file_origin, base - store->punched);
		store->punched = base;
	}
}
