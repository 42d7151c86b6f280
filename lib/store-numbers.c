/* SPDX-License-Identifier: MIT */
/* Numbers on their way into a segment: through its mapping, each in one piece. */
#include <errno.h>
#include <string.h>

#include "mapping.h"
#include "source.h"
#include "store-family.h"

enum {
	LINE_MAX_BYTES = 1024,    /* of a number */
	WINDOW = 2 * 1024 * 1024, /* of attached memory, made ready at a time */
};

/* Where numbers go. */
struct place {
	struct store *store;
	struct mapping mapping; /* of what has a descriptor */
	char *memory;           /* NULL: growing, by writes */
	int64_t ready;          /* up to there, attached memory can be stored to */
};

/* In one piece where it is aligned: nobody sees half of the number. */
static void store_number(char *memory, const char *bytes, size_t size)
{
	union {
		char bytes[NUMBER_SIZE_MAX];
		uint16_t two;
		uint32_t four;
		uint64_t eight;
	} value;
	void *place = memory;

	memcpy(value.bytes, bytes, size);
	if ((uintptr_t)memory % size != 0)
		memcpy(memory, bytes, size);
	else if (size == 1)
		__atomic_store_n(memory, value.bytes[0], __ATOMIC_RELEASE);
	else if (size == 2)
		__atomic_store_n((uint16_t *)place, value.two, __ATOMIC_RELEASE);
	else if (size == 4)
		__atomic_store_n((uint32_t *)place, value.four, __ATOMIC_RELEASE);
	else
		__atomic_store_n((uint64_t *)place, value.eight, __ATOMIC_RELEASE);
}

/* Why what was stored through the mapping did not get there. */
static enum store_end lost(const struct store *store, int64_t end)
{
	if (store_ends_before(store, end))
		return STORE_CUT;
	errno = ENOSPC; /* a hole, and no memory for it */
	return STORE_FAILED;
}

/* Attached memory of huge pages may not be there.  Returns 0, or -1 with errno. */
static int get_ready(struct place *place, int64_t offset, size_t size)
{
	const struct segment *segment = place->store->segment;
	int64_t end = offset + WINDOW;

	if (segment->memory == NULL || offset + (int64_t)size <= place->ready)
		return 0;
	if (segment_populate(place->memory + offset, size, true) < 0)
		return -1;
	if (end > segment->size)
		end = segment->size;
	place->ready = segment_populate(place->memory + offset, (size_t)(end - offset), true) < 0
			       ? offset + (int64_t)size
			       : end;
	return 0;
}

static enum store_end put_number(struct place *place, const struct record *record)
{
	struct store *store = place->store;
	char text[LINE_MAX_BYTES + 1], bytes[NUMBER_SIZE_MAX];
	int64_t offset = store->offset + store->stored;
	size_t size = store->type->size;
	uint64_t bits;

	memcpy(text, record->data, record->length);
	text[record->length] = '\0';
	store->phrase = strlen(text) == record->length ? number_scan(store->type, text, &bits)
						       : "has a NUL";
	if (store->phrase != NULL)
		return STORE_BROKEN;
	number_save(store->type, bits, bytes);
	if (!store->grow && store->room - store->stored < (int64_t)size)
		return STORE_FULL;
	if (place->memory == NULL)
		return store_write(store, bytes, size) < 0 ? STORE_FAILED : STORE_DONE;
	if (get_ready(place, offset, size) < 0)
		return STORE_FAILED;
	store_number(place->memory + offset, bytes, size);
	if (store->segment->memory == NULL && mapping_is_cut(&place->mapping))
		return lost(store, offset + (int64_t)size);
	store->stored += (int64_t)size;
	return STORE_DONE;
}

static enum store_end read_numbers(struct place *place)
{
	struct store *store = place->store;
	struct source source = { .descriptor = store->input,
				 .stop = -1,
				 .limit = LINE_MAX_BYTES,
				 .parser = { .frame = FRAME_LINE } };
	enum store_end end = STORE_DONE;
	struct record record;

	for (bool more = true; more && end == STORE_DONE;) {
		switch (source_next(&source, &record)) {
		case SOURCE_RECORD:
			end = put_number(place, &record);
			break;
		case SOURCE_EMPTY:
		case SOURCE_END:
			more = false;
			break;
		case SOURCE_TOO_LONG:
			store->phrase = "is too long";
			end = STORE_BROKEN;
			break;
		case SOURCE_BROKEN:
			store->phrase = source.parser.phrase;
			end = STORE_BROKEN;
			break;
		case SOURCE_STOPPED:
		case SOURCE_FAILED:
			end = STORE_INPUT_FAILED;
			break;
		}
	}
	store->line = source.number;
	if (end != STORE_DONE && end != STORE_INPUT_FAILED)
		source_unread(&source);
	source_close(&source);
	return end;
}

enum store_end store_numbers(struct store *store)
{
	struct place place = { .store = store, .memory = store->segment->memory };
	const struct segment *segment = store->segment;
	enum store_end end;
	bool cut;
	int kept;

	if (store->grow || segment->memory != NULL)
		return read_numbers(&place);
	if (store->room == 0)
		return store_end_of_room(store);
	if (mapping_open(&place.mapping, segment->descriptor, (size_t)segment->size, true) < 0)
		return STORE_FAILED;
	place.memory = (char *)place.mapping.memory;
	end = read_numbers(&place);
	kept = errno;
	cut = mapping_is_cut(&place.mapping);
	mapping_close(&place.mapping);
	errno = kept;
	return cut && end == STORE_DONE ? lost(store, store->offset + store->stored) : end;
}
