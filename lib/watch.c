/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/*
 * Memory for LENGTH bytes in OLD's place, taken as it is touched: a page at a time,
 * not a huge one for each byte of data among holes.
 */
static char *take(char *old, int64_t room, int64_t length)
{
	void *memory = room > 0 ? mremap(old, (size_t)room, (size_t)length, MREMAP_MAYMOVE)
				: mmap(NULL, (size_t)length, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, (size_t)length, MADV_NOHUGEPAGE);
	return memory;
}

static int too_large(struct watch *watch, int64_t needed)
{
	watch->needed = needed;
	errno = ENOMEM;
	return -1;
}

static int make_room(struct watch *watch, int64_t length)
{
	int64_t room = length > 0 ? length : 1;
	char *before, *now;

	if (room <= watch->room)
		return 0;
	before = take(watch->before, watch->room, room);
	if (before == NULL)
		return too_large(watch, length);
	watch->before = before;
	now = take(watch->now, watch->room, room);
	if (now == NULL)
		return too_large(watch, length);
	watch->now = now;
	watch->room = room;
	return 0;
}

/* Make LENGTH bytes zeros, and give back the pages that are no more than that. */
static void clear(char *memory, int64_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t before = (page - (uintptr_t)memory % page) % page, size = (size_t)length, whole;

	if (size < before + page) {
		memset(memory, 0, size);
		return;
	}
	whole = (size - before) / page * page;
	memset(memory, 0, before);
	if (madvise(memory + before, whole, MADV_DONTNEED) < 0)
		memset(memory + before, 0, whole);
	memset(memory + before + whole, 0, size - before - whole);
}

static void clear_holes(const struct watch *watch, char *memory)
{
	int64_t at = 0;

	for (size_t i = 0; i < watch->is.count; i++) {
		clear(memory + at, watch->is.parts[i].start - at);
		at = watch->is.parts[i].end;
	}
	clear(memory + at, watch->length - at);
}

/* Whether two copies of LENGTH bytes do not fit, whoever else gives way. */
static bool is_beyond_memory(int64_t length)
{
	struct sysinfo all;

	return sysinfo(&all) == 0 &&
	       (__int128)2 * length >
		       ((__int128)all.totalram + (__int128)all.totalswap) * all.mem_unit;
}

static int read_parts(struct watch *watch)
{
	int64_t bytes;

	if (segment_data_find(&watch->is, watch->segment, watch->offset, watch->length,
			      watch->unit) < 0)
		return -1;
	bytes = segment_data_bytes(&watch->is);
	if (is_beyond_memory(bytes))
		return too_large(watch, bytes);
	watch->moved = !segment_data_same(&watch->was, &watch->is);
	if (watch->moved)
		clear_holes(watch, watch->now);
	for (size_t i = 0; i < watch->is.count; i++) {
		const struct segment_part *part = &watch->is.parts[i];
		int64_t length = part->end - part->start;
		ssize_t count = segment_read(watch->segment, watch->offset + part->start,
					     watch->now + part->start, (size_t)length);

		if (count >= 0 && count < length)
			errno = ENODATA;
		if (count < length)
			return -1;
	}
	return 0;
}

static int read_now(struct watch *watch)
{
	struct segment_facts facts;

	watch->needed = 0;
	if (watch->grows) {
		int64_t length;

		if (segment_look(watch->segment, &facts) < 0)
			return -1;
		length = facts.size - watch->offset;
		length -= length % (int64_t)watch->unit;
		if (length > watch->length) {
			if (make_room(watch, length) < 0)
				return -1;
			watch->length = length;
		}
	}
	if (read_parts(watch) < 0)
		return -1;
	/* What lies behind the end looks like a hole. */
	if (watch->segment->descriptor < 0)
		return 0;
	if (segment_look(watch->segment, &facts) < 0)
		return -1;
	errno = ENODATA;
	return facts.size < watch->offset + watch->length ? -1 : 0;
}

/* The look is over: what is becomes what was. */
static void turn(struct watch *watch)
{
	struct segment_data was = watch->was;

	if (watch->moved)
		clear_holes(watch, watch->before);
	watch->was = watch->is;
	watch->is = was;
}

int watch_begin(struct watch *watch)
{
	if (make_room(watch, watch->length) < 0 || read_now(watch) < 0)
		return -1;
	for (size_t i = 0; i < watch->is.count; i++) {
		const struct segment_part *part = &watch->is.parts[i];

		memcpy(watch->before + part->start, watch->now + part->start,
		       (size_t)(part->end - part->start));
	}
	turn(watch);
	return 0;
}

void watch_end(struct watch *watch)
{
	segment_data_end(&watch->was);
	segment_data_end(&watch->is);
	segment_data_end(&watch->either);
	if (watch->room == 0)
		return;
	munmap(watch->before, (size_t)watch->room);
	munmap(watch->now, (size_t)watch->room);
	watch->room = 0;
}

/* From AT on, the first unit before END that has changed (WANTED) or has not; or END. */
static int64_t find(const struct watch *watch, int64_t at, int64_t end, bool wanted)
{
	enum { STRIDE = 4096 };

	for (; at < end; at += (int64_t)watch->unit) {
		if (wanted && at % STRIDE == 0)
			while (end - at >= STRIDE &&
			       memcmp(watch->before + at, watch->now + at, STRIDE) == 0)
				at += STRIDE;
		if (at >= end)
			return end;
		if ((memcmp(watch->before + at, watch->now + at, watch->unit) != 0) == wanted)
			break;
	}
	return at;
}

int64_t watch_next(struct watch *watch, void (*changed)(void *, const struct watch_change *),
		   void *context)
{
	int64_t count = 0;

	if (read_now(watch) < 0 || segment_data_join(&watch->either, &watch->was, &watch->is) < 0)
		return -1;
	for (size_t i = 0; i < watch->either.count; i++) {
		int64_t last = watch->either.parts[i].end;
		int64_t at = find(watch, watch->either.parts[i].start, last, true);

		while (at < last) {
			int64_t end = find(watch, at, last, false);
			struct watch_change change = { .offset = watch->offset + at,
						       .length = end - at,
						       .before = watch->before + at,
						       .now = watch->now + at };

			changed(context, &change);
			memcpy(watch->before + at, watch->now + at, (size_t)(end - at));
			count++;
			at = find(watch, end, last, true);
		}
	}
	turn(watch);
	return count;
}
