/* SPDX-License-Identifier: MIT */
#include "cli-sem-value.h"

#include <errno.h>
#include <stdio.h>

#include "cli-semaphore.h"
#include "creator.h"
#include "say.h"
#include "status.h"

/* NUMBER, or what stands for one that cannot be seen. */
static const char *shown(char *text, size_t size, int number, const char *unknown)
{
	if (number == SEMAPHORE_UNKNOWN)
		return unknown;
	snprintf(text, size, "%d", number);
	return text;
}

/*
 * Whether PID, which operated on the semaphore last, runs: one that has ended and
 * is not waited for yet holds nothing, nor does who has its number now.  When
 * the set was used is asked after that: who came in between is not too young.
 */
static bool is_alive(const struct sem_request *request, pid_t pid)
{
	struct semaphore_facts facts;

	if (creator_look(pid, -1) == CREATOR_ENDED)
		return false;
	return semaphore_look_by_ref(&request->ref, &facts) < 0 ||
	       creator_look(pid, facts.used_at) == CREATOR_LIVES;
}

static void print_member(const struct sem_request *request, int index, int value,
			 const struct semaphore_queue *queue)
{
	const char *unknown = request->json ? "null" : "?";
	bool known = queue->last > 0, alive = known && is_alive(request, queue->last);
	char texts[4][16];
	const char *number = shown(texts[0], sizeof texts[0], value, unknown);
	const char *more = shown(texts[1], sizeof texts[1], queue->for_more, unknown);
	const char *zero = shown(texts[2], sizeof texts[2], queue->for_zero, unknown);
	const char *last = shown(texts[3], sizeof texts[3], known ? queue->last : -1,
				 request->json ? "null" : "-");

	if (request->json)
		printf("{\"index\":%d,\"value\":%s,\"waiters\":%s,\"zero_waiters\":%s,"
		       "\"last_pid\":%s,\"alive\":%s}\n",
		       index, number, more, zero, last,
		       !known  ? "null"
		       : alive ? "true"
			       : "false");
	else
		printf("%d\t%s\t%s\t%s\t%s\t%s\n", index, number, more, zero, last,
		       !known  ? "-"
		       : alive ? "alive"
			       : "dead");
}

int sem_print_values(const struct sem_request *request, const struct semaphore *semaphore,
		     const int *values)
{
	bool incomplete = false;
	int first = sem_request_member(request);
	int end = request->index < 0 ? semaphore->members : first + 1;

	for (int i = first; i < end; i++) {
		struct semaphore_queue queue;

		incomplete |= values[i] == SEMAPHORE_UNKNOWN;
		if (!request->json && !request->verbose) {
			char text[16];

			puts(shown(text, sizeof text, values[i], "?"));
			continue;
		}
		if (semaphore_queue(semaphore, i, &queue) < 0)
			return cli_semaphore_failure("inspect", &request->ref, 0, errno,
						     request->quiet);
		print_member(request, i, values[i], &queue);
	}
	return incomplete ? STATUS_INCOMPLETE : STATUS_OK;
}

bool sem_is_in_use(const struct sem_request *request, const struct semaphore *semaphore, int index)
{
	char text[REF_TEXT_MAX];
	struct semaphore_queue queue;

	if (semaphore_queue(semaphore, index, &queue) < 0) {
		cli_semaphore_failure("inspect", &request->ref, 0, errno, false);
		return true;
	}
	ref_print(&request->ref, text);
	if (queue.for_more > 0 || queue.for_zero > 0)
		say("cannot set %s: %d wait for member %d (--force sets it nevertheless)", text,
		    queue.for_more + queue.for_zero, index);
	else if (queue.last > 0 && is_alive(request, queue.last))
		say("cannot set %s: process %ld, the last to operate on member %d, is alive, and "
		    "would not give back what it holds (--force sets it nevertheless)",
		    text, (long)queue.last, index);
	else
		return false;
	return true;
}
