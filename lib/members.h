/* SPDX-License-Identifier: MIT */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdint.h>
#include <sys/types.h>

/* The members of a System V semaphore set.  Source: semctl(2). */
struct member {
	int value;
	int for_more, for_zero; /* threads that wait for more, and for zero */
	pid_t last;             /* who operated on it last; 0: nobody that we could see */
};

/*
 * Fill COUNT MEMBERS of the set ID.  Returns 0, or -1 with errno: EACCES; EIDRM
 * or EINVAL it is gone.
 */
int members_read(int id, struct member *members, int count);

/* How many threads wait for any of the COUNT members of set ID; -1 with errno. */
int64_t members_waiting(int id, int count);

/* The process that operated last on any of them and lives; 0: none; -1 with errno. */
pid_t members_living(int id, int count, int64_t since);

#endif
