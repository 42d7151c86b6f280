/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A file in memory that others may cut short at any time.  Who touches memory
 * beyond a file's end gets SIGBUS; here, the whole mapping is then replaced by
 * zeros that are nobody else's, and mapping_is_cut() tells.  So after reading,
 * or writing, ask before believing.
 * Source: mmap(2).
 */
struct mapping {
	unsigned char *memory;
	size_t size;
	int cut;
};

enum { MAPPING_MOST = 16 }; /* at a time, in one process */

/*
 * Map SIZE bytes of DESCRIPTOR, shared, for reading or for writing, too.
 * MAPPING must stay where it is until mapping_close().  Returns 0, or -1 with
 * the errno of mmap(2), or EMFILE.
 */
int mapping_open(struct mapping *mapping, int descriptor, size_t size, bool writable);
void mapping_close(struct mapping *mapping);

/* Whether the file has been found to end before SIZE. */
static inline bool mapping_is_cut(const struct mapping *mapping)
{
	return __atomic_load_n(&mapping->cut, __ATOMIC_ACQUIRE) != 0;
}

#endif
