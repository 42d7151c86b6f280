/* SPDX-License-Identifier: MIT */
#ifndef SEGMENT_DATA_H
#define SEGMENT_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "segment.h"

/*
 * The parts of a range of a segment that hold data, in order.  Between them are
 * holes, which read as zeros and take no memory.  The zero value has no part.
 * Source: lseek(2) on SEEK_DATA.
 */
struct segment_data {
	struct segment_part {
		int64_t start, end; /* counted from the range's start */
	} * parts;
	size_t count, room;
};

/*
 * Find those of LENGTH bytes from OFFSET on; none begins or ends inside a UNIT of
 * bytes.  Where nobody can tell (System V, some file systems), all is data.
 * Returns 0, or -1 with errno ENOMEM.
 */
int segment_data_find(struct segment_data *data, const struct segment *segment, int64_t offset,
		      int64_t length, size_t unit);

/* EITHER becomes what is in A or in B.  Returns 0, or -1 with errno ENOMEM. */
int segment_data_join(struct segment_data *either, const struct segment_data *a,
		      const struct segment_data *b);

int64_t segment_data_bytes(const struct segment_data *data);
bool segment_data_same(const struct segment_data *a, const struct segment_data *b);
void segment_data_end(struct segment_data *data);

#endif
