/* SPDX-License-Identifier: MIT */
#include "segment-data.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Add what begins no earlier than the last part does. */
static int add(struct segment_data *data, int64_t start, int64_t end)
{
	struct segment_part *last = data->count > 0 ? &data->parts[data->count - 1] : NULL;

	if (last != NULL && start <= last->end) {
		if (end > last->end)
			last->end = end;
		return 0;
	}
	if (data->count == data->room) {
		size_t room = data->room > 0 ? 2 * data->room : 16;
		void *parts = realloc(data->parts, room * sizeof *data->parts);

		if (parts == NULL)
			return -1;
		data->parts = parts;
		data->room = room;
	}
	data->parts[data->count++] = (struct segment_part){ start, end };
	return 0;
}

int segment_data_find(struct segment_data *data, const struct segment *segment, int64_t offset,
		      int64_t length, size_t unit)
{
	int64_t end = offset + length, at = offset, hole;

	data->count = 0;
	for (; at < end; at = hole) {
		int64_t start = at, from, to;

		if (segment->descriptor >= 0)
			start = lseek(segment->descriptor, at, SEEK_DATA);
		if (start >= end || (start < 0 && errno == ENXIO))
			break;
		hole = segment->descriptor >= 0 && start >= 0
			       ? lseek(segment->descriptor, start, SEEK_HOLE)
			       : end;
		if (start < 0)
			start = at; /* no such thing here */
		if (hole <= start || hole > end)
			hole = end;
		from = (start - offset) / (int64_t)unit * (int64_t)unit;
		to = (hole - offset + (int64_t)unit - 1) / (int64_t)unit * (int64_t)unit;
		if (add(data, from, to < length ? to : length) < 0)
			return -1;
	}
	return 0;
}

int segment_data_join(struct segment_data *either, const struct segment_data *a,
		      const struct segment_data *b)
{
	size_t i = 0, j = 0;

	either->count = 0;
	while (i < a->count || j < b->count) {
		bool first =
			j == b->count || (i < a->count && a->parts[i].start < b->parts[j].start);
		const struct segment_part *part = first ? &a->parts[i++] : &b->parts[j++];

		if (add(either, part->start, part->end) < 0)
			return -1;
	}
	return 0;
}

int64_t segment_data_bytes(const struct segment_data *data)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < data->count; i++)
		bytes += data->parts[i].end - data->parts[i].start;
	return bytes;
}

bool segment_data_same(const struct segment_data *a, const struct segment_data *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->parts[i].start != b->parts[i].start || a->parts[i].end != b->parts[i].end)
			return false;
	return true;
}

void segment_data_end(struct segment_data *data)
{
	free(data->parts);
	*data = (struct segment_data){ 0 };
}
