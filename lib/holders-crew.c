/* SPDX-License-Identifier: MIT */
/*
 * The pass over /proc, by as many threads as there are processors: reading what
 * each process has mapped is nearly all of the time that it takes.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holders-parts.h"
#include "own.h"

#ifndef __clang__
/* GCC 12 does not see that what was found keeps what it is given. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

enum {
	CREW_MOST = 8,   /* threads */
	CREW_ALONE = 16, /* processes that are looked at before there are others */
};

/* What the threads share.  Each takes the next process; PIDs only grow. */
struct crew {
	DIR *processes;
	pthread_mutex_t turn;
	pthread_rwlock_t census; /* written to when an object without a name is found */
};

struct hand {
	struct hunt hunt;
	struct holders found;
	pthread_t thread;
};

static pid_t next(struct crew *crew)
{
	pid_t pid;

	pthread_mutex_lock(&crew->turn);
	pid = process_next(crew->processes);
	pthread_mutex_unlock(&crew->turn);
	return pid;
}

static bool is_asked(const struct hunt *hunt)
{
	const struct holders_question *question = hunt->question;

	for (size_t i = 0; i < question->pid_count; i++)
		if (question->pids[i] == hunt->pid)
			return true;
	return question->pids == NULL && hunt->pid != getpid();
}

/* Look at MOST processes, or at all that are left.  Returns whether there may be more. */
static bool look(struct hunt *hunt, size_t most)
{
	for (size_t i = 0; i < most; i++) {
		hunt->pid = next(hunt->crew);
		if (hunt->pid == 0)
			return false;
		if (!is_asked(hunt))
			continue;
		pthread_rwlock_rdlock(&hunt->crew->census);
		hunt_look(hunt);
		pthread_rwlock_unlock(&hunt->crew->census);
	}
	return true;
}

void hunt_census_begin(struct hunt *hunt)
{
	pthread_rwlock_unlock(&hunt->crew->census);
	pthread_rwlock_wrlock(&hunt->crew->census);
}

void hunt_census_end(struct hunt *hunt)
{
	pthread_rwlock_unlock(&hunt->crew->census);
	pthread_rwlock_rdlock(&hunt->crew->census);
}

static void *help(void *argument)
{
	struct hand *hand = argument;

	look(&hand->hunt, SIZE_MAX);
	return NULL;
}

static size_t processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof set, &set) < 0 ? 1 : CPU_COUNT(&set);

	return count > CREW_MOST ? CREW_MOST : (size_t)count;
}

/* One more thread for MASTER's hunt; where that cannot be had, others do its part. */
static bool hire(struct hand *hand, const struct hunt *master)
{
	OWN_MEM char *buffer = malloc(HUNT_BUFFER);

	if (buffer == NULL)
		return false;
	*hand = (struct hand){ .hunt = { .crew = master->crew,
					 .world = master->world,
					 .census = master->census,
					 .found = &hand->found,
					 .question = master->question,
					 .wanted = master->wanted,
					 .unlinked = master->unlinked,
					 .any_posix = master->any_posix,
					 .any_queue = master->any_queue,
					 .any_segment = master->any_segment,
					 .any_mapped = master->any_mapped,
					 .buffer = buffer } };
	if (pthread_create(&hand->thread, NULL, help, hand) != 0)
		return false;
	buffer = NULL; /* the thread's */
	return true;
}

/* The holders that two threads have found, each in the order of PIDs, into OURS. */
static int merge_holders(struct holders *ours, const struct holders *theirs)
{
	size_t count = ours->holder_count + theirs->holder_count, i = 0, j = 0;
	struct holder *merged;

	if (theirs->holder_count == 0)
		return 0;
	merged = reallocarray(NULL, count, sizeof *merged);
	if (merged == NULL)
		return -1;
	while (i + j < count) {
		bool is_ours =
			j == theirs->holder_count ||
			(i < ours->holder_count && ours->holders[i].pid < theirs->holders[j].pid);

		merged[i + j] = is_ours ? ours->holders[i] : theirs->holders[j];
		*(is_ours ? &i : &j) += 1;
	}
	free(ours->holders);
	ours->holders = merged;
	ours->holder_count = ours->holder_room = count;
	return 0;
}

/* The same of waiters, which are sorted later. */
static int append_waiters(struct holders *ours, const struct holders *theirs)
{
	size_t count = ours->waiter_count + theirs->waiter_count;
	struct waiter *all;

	if (theirs->waiter_count == 0)
		return 0;
	all = reallocarray(ours->waiters, count, sizeof *all);
	if (all == NULL)
		return -1;
	memcpy(all + ours->waiter_count, theirs->waiters, theirs->waiter_count * sizeof *all);
	ours->waiters = all;
	ours->waiter_count = ours->waiter_room = count;
	return 0;
}

static void collect(struct hunt *master, struct hand *hand)
{
	pthread_join(hand->thread, NULL);
	if (hand->hunt.failed || merge_holders(master->found, &hand->found) < 0 ||
	    append_waiters(master->found, &hand->found) < 0)
		master->failed = true;
	gaps_merge(&master->missed, &hand->hunt.missed);
	holders_free(&hand->found);
	free(hand->hunt.ranges);
	free(hand->hunt.buffer);
}

int hunt_all(struct hunt *hunt)
{
	struct crew crew = { .processes = opendir("/proc"), .turn = PTHREAD_MUTEX_INITIALIZER };
	struct hand hands[CREW_MOST];
	size_t helpers = 0;
	pthread_rwlockattr_t writers_first;

	if (crew.processes == NULL)
		return -1;
	pthread_rwlockattr_init(&writers_first);
	pthread_rwlockattr_setkind_np(&writers_first, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&crew.census, &writers_first);
	hunt->crew = &crew;
	if (look(hunt, CREW_ALONE)) {
		for (size_t wanted = processors() - 1;
		     helpers < wanted && hire(&hands[helpers], hunt);)
			helpers++;
		look(hunt, SIZE_MAX);
	}
	for (size_t i = 0; i < helpers; i++)
		collect(hunt, &hands[i]);
	hunt->crew = NULL;
	pthread_rwlock_destroy(&crew.census);
	pthread_rwlockattr_destroy(&writers_first);
	closedir(crew.processes);
	return 0;
}
