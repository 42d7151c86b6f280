/* SPDX-License-Identifier: MIT */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdint.h>

/*
 * An exclusive claim on a number among the processes of one IPC namespace: the id
 * of a System V queue, or 2^33 and the id of a semaphore set.  (2^32 and the id of a
 * queue is the byte of its server, see queue_serve().)  It leaves no file behind, is
 * seen across users, and ends with the process that holds it, however that ends; or
 * with the last of the children that have inherited the descriptor.
 *
 * It is a read lock on a byte of the namespace's own file: all may read it, so
 * all may lock it.  Somebody else's lock is looked for after one's own was
 * set; who finds one lets go and tries again.
 * Source: fcntl(2), open file description locks.
 */

/*
 * Claim NUMBER now.  Returns a descriptor that holds the claim and that the
 * caller owns; or -1 with errno, EAGAIN: somebody has it.
 */
int claim_number(int64_t number);

/* Give up the claim that DESCRIPTOR holds, for those that have inherited it as well. */
void claim_end(int descriptor);

#endif
