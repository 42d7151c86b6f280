/* SPDX-License-Identifier: MIT */
#ifndef STORE_FAMILY_H
#define STORE_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

/* What the files of the module store know of each other. */

/* Write LENGTH bytes behind what is stored, and count them.  Returns 0, or -1 with errno. */
int store_write(struct store *store, const char *bytes, size_t length);

/* Whether the segment has been cut short of END. */
bool store_ends_before(const struct store *store, int64_t end);

/* The input is at its end, or has more than there is room for. */
enum store_end store_end_of_room(const struct store *store);

/* The store of a TYPE. */
enum store_end store_numbers(struct store *store);

#endif
