/* SPDX-License-Identifier: MIT */
#include "members.h"

#include <errno.h>
#include <sys/sem.h>

#include "creator.h"

int members_read(int id, struct member *members, int count)
{
	for (int i = 0; i < count; i++) {
		members[i].value = semctl(id, i, GETVAL);
		members[i].for_more = semctl(id, i, GETNCNT);
		members[i].for_zero = semctl(id, i, GETZCNT);
		members[i].last = semctl(id, i, GETPID);
		if (members[i].value < 0 || members[i].for_more < 0 || members[i].for_zero < 0 ||
		    members[i].last < 0)
			return -1;
	}
	return 0;
}

int64_t members_waiting(int id, int count)
{
	int64_t sum = 0;

	for (int i = 0; i < count; i++) {
		int for_more = semctl(id, i, GETNCNT), for_zero = semctl(id, i, GETZCNT);

		if (for_more < 0 || for_zero < 0)
			return -1;
		sum += for_more + for_zero;
	}
	return sum;
}

pid_t members_living(int id, int count, int64_t since)
{
	pid_t known = 0;

	for (int i = 0; i < count; i++) {
		pid_t last = semctl(id, i, GETPID);

		if (last < 0)
			return -1;
		if (last == 0 || last == known)
			continue;
		known = last;
		if (creator_look(last, since) == CREATOR_LIVES)
			return last;
	}
	return 0;
}
