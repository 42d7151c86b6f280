/* SPDX-License-Identifier: MIT */
#include "deadlock.h"

#include <stdlib.h>
#include <sys/sem.h>

#include "ancestry.h"

static int add_step(struct wait_graph *graph, const struct holders *holders, size_t waiter,
		    int member, pid_t last)
{
	struct wait_step *step;

	if (graph->count == graph->room) {
		size_t room = graph->room == 0 ? 64 : 2 * graph->room;
		struct wait_step *steps = reallocarray(graph->steps, room, sizeof *steps);

		if (steps == NULL)
			return -1;
		graph->steps = steps;
		graph->room = room;
	}
	step = &graph->steps[graph->count++];
	*step = (struct wait_step){ .waiter = waiter, .member = member, .last = last };
	step->ancestor_count =
		ancestry_waiting(holders->waiters[waiter].pid, step->ancestors, WAIT_ANCESTORS);
	return 0;
}

static int add_member(struct wait_graph *graph, const struct holders *holders, size_t waiter,
		      int id, int member)
{
	pid_t last = semctl(id, member, GETPID);

	/* Who took it last and waits for it again, waits for somebody unknown. */
	if (last <= 0 || last == holders->waiters[waiter].pid)
		return 0;
	return add_step(graph, holders, waiter, member, last);
}

static int add_waiter(struct wait_graph *graph, const struct object *set,
		      const struct holders *holders, size_t number)
{
	const struct waiter *waiter = &holders->waiters[number];

	if (waiter->in != WAITING_SEMOP || waiter->stopped)
		return 0;
	if (waiter->member >= 0)
		return add_member(graph, holders, number, set->id, waiter->member);
	for (int member = 0; member < set->size; member++)
		if (semctl(set->id, member, GETNCNT) + semctl(set->id, member, GETZCNT) > 0 &&
		    add_member(graph, holders, number, set->id, member) < 0)
			return -1;
	return 0;
}

/*
 * A walk along the steps.  PATH holds those from the start to here; STATE says of
 * each step whether it is on the path (1) or done with (2).
 */
struct walk {
	struct wait_graph *graph;
	const struct holders *holders;
	size_t *path, length;
	char *state;
};

/* What is on the path from FROM on is a circle. */
static int close_circle(struct walk *walk, size_t from)
{
	struct wait_graph *graph = walk->graph;
	struct wait_circle circle = { .length = walk->length - from };

	if (graph->circle_count == graph->circle_room) {
		size_t room = graph->circle_room == 0 ? 16 : 2 * graph->circle_room;
		struct wait_circle *circles = reallocarray(graph->circles, room, sizeof *circles);

		if (circles == NULL)
			return -1;
		graph->circles = circles;
		graph->circle_room = room;
	}
	circle.steps = calloc(circle.length, sizeof *circle.steps);
	if (circle.steps == NULL)
		return -1;
	for (size_t i = 0; i < circle.length; i++) {
		circle.steps[i] = walk->path[from + i];
		graph->steps[circle.steps[i]].in_circle = true;
	}
	graph->circles[graph->circle_count++] = circle;
	return 0;
}

/* Whether PID waits for what STEP waits for: by itself, or for who does. */
static bool is_of(const struct walk *walk, const struct wait_step *step, pid_t pid)
{
	for (size_t i = 0; i < step->ancestor_count; i++)
		if (step->ancestors[i] == pid)
			return true;
	return walk->holders->waiters[step->waiter].pid == pid;
}

/* The first step of the process PID at or after START; COUNT: there is none. */
static size_t step_of(const struct walk *walk, pid_t pid, size_t start)
{
	for (size_t i = start; i < walk->graph->count; i++)
		if (is_of(walk, &walk->graph->steps[i], pid))
			return i;
	return walk->graph->count;
}

static int follow(struct walk *walk, size_t step)
{
	pid_t next = walk->graph->steps[step].last;

	walk->state[step] = 1;
	walk->path[walk->length++] = step;
	for (size_t i = step_of(walk, next, 0); i < walk->graph->count;
	     i = step_of(walk, next, i + 1)) {
		size_t at = 0;

		if (walk->state[i] == 2)
			continue;
		if (walk->state[i] == 0) {
			if (follow(walk, i) < 0)
				return -1;
			continue;
		}
		while (walk->path[at] != i)
			at++;
		if (close_circle(walk, at) < 0)
			return -1;
	}
	walk->length--;
	walk->state[step] = 2;
	return 0;
}

int wait_graph_build(const struct census *census, const struct holders *holders,
		     struct wait_graph *graph)
{
	struct walk walk = { .graph = graph, .holders = holders };
	int result = 0;

	*graph = (struct wait_graph){ 0 };
	/* Of who waits for what was not selected, HOLDERS still tells. */
	for (size_t i = 0; i < census->count; i++) {
		const struct object *object = &census->objects[i];

		for (size_t k = 0; k < object->waiter_count; k++)
			if (add_waiter(graph, object, holders, object->waiter_first + k) < 0)
				return -1;
	}
	walk.path = calloc(graph->count + 1, sizeof *walk.path);
	walk.state = calloc(graph->count + 1, 1);
	if (walk.path == NULL || walk.state == NULL)
		result = -1;
	for (size_t i = 0; result == 0 && i < graph->count; i++)
		if (walk.state[i] == 0)
			result = follow(&walk, i);
	free(walk.path);
	free(walk.state);
	return result;
}

pid_t wait_circle_next(const struct wait_graph *graph, const struct wait_circle *circle,
		       size_t number, const struct holders *holders)
{
	size_t next = circle->steps[(number + 1) % circle->length];

	return holders->waiters[graph->steps[next].waiter].pid;
}

void wait_graph_free(struct wait_graph *graph)
{
	for (size_t i = 0; i < graph->circle_count; i++)
		free(graph->circles[i].steps);
	free(graph->circles);
	free(graph->steps);
	*graph = (struct wait_graph){ 0 };
}
