/* SPDX-License-Identifier: MIT */
#ifndef VERDICT_H
#define VERDICT_H

#include "census.h"
#include "gaps.h"
#include "holders.h"

/*
 * What an object is, by what is proven:
 *
 *	live      somebody has it open or mapped, waits for it, or was the last to
 *	          use it (System V sets and queues) and lives
 *	unlinked  it is removed, and somebody still has it
 *	unheld    nobody has it
 *	orphan    nobody has it, who made it is known to be dead, and it holds no
 *	          records
 *	unknown   none of these could be proven
 *
 * Only System V segments and rings record who made them.  Of System V sets and
 * queues nobody records who uses them: without a sign of life they are unknown.
 */

/* Set creator_state of OBJECT. */
void verdict_creator(struct object *object);

/*
 * Set the verdict of OBJECT, for which holders_find() has looked for holders
 * and waiters; a System V segment's needs no such look.  Unknowns are counted
 * in GAPS.
 */
void verdict_find(struct object *object, struct gaps *gaps);

/* "live"; "" for VERDICT_NONE.  "alive"; "" for CREATOR_NONE, "?" for unknown. */
const char *verdict_word(enum verdict verdict);
const char *verdict_creator_word(enum creator creator);

#endif
