/* SPDX-License-Identifier: MIT */
/* Processes and objects as a graph: drawn, or only its circles told. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli-list.h"
#include "deadlock.h"
#include "process.h"
#include "say.h"
#include "status.h"
#include "verdict.h"

/* Gather all of it, those who wait included. */
static int look(const struct listing *listing, const struct world *world, struct gather *gather,
		struct wait_graph *graph)
{
	struct listing wide = *listing;
	int status;

	wide.columns.count = 0;
	columns_read("ref,size,verdict,holders,waiters", &wide.columns);
	status = listing_gather(&wide, world, gather);
	*graph = (struct wait_graph){ 0 };
	if (status == STATUS_OK && wait_graph_build(&gather->census, &gather->holders, graph) < 0) {
		say_errno("cannot draw the graph");
		status = STATUS_FAILED;
	}
	return status;
}

static void forget(struct gather *gather, struct wait_graph *graph)
{
	gather_free(gather);
	wait_graph_free(graph);
}

static void ref_of(const struct object *object, struct text *text)
{
	const struct column_view view = { 0 };

	text_clear(text);
	column_text(COLUMN_REF, object, &view, text);
}

/* WORD within the quotes of a label. */
static void put_label(const char *word)
{
	for (; *word != '\0'; word++) {
		if (*word == '"' || *word == '\\')
			putchar('\\');
		putchar(*word);
	}
}

static void draw_object(size_t number, const struct object *object, struct text *text)
{
	ref_of(object, text);
	printf("\to%zu [shape=box, label=\"", number);
	put_label(text->bytes);
	text_clear(text);
	if (object->kind != REF_SEM && object->size >= 0) {
		text_word(text, "\\n");
		text_size(text, object->size);
	}
	printf("%s\\n%s\"%s];\n", text->bytes, verdict_word(object->verdict),
	       object->verdict == VERDICT_ORPHAN ? ", style=dashed" : "");
}

/* The command of PID, which neither holds anything nor waits; "": it has ended. */
static const char *command_of(pid_t pid, struct process *process)
{
	char path[48];

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	return process_stat(AT_FDCWD, path, process) == 0 ? process->command : "";
}

/*
 * A process is drawn once, before the first edge that it has.  COMMAND is NULL
 * where it has to be looked for.
 */
static void draw_process(pid_t pid, const char *command, pid_t **known, size_t *count)
{
	struct text text = { 0 };
	struct process process;
	pid_t *more;

	for (size_t i = 0; i < *count; i++)
		if ((*known)[i] == pid)
			return;
	more = reallocarray(*known, *count + 1, sizeof **known);
	if (more == NULL)
		return;
	*known = more;
	more[(*count)++] = pid;
	if (command == NULL)
		command = command_of(pid, &process);
	text_clear(&text);
	text_harmless(&text, command);
	printf("\tp%d [label=\"", (int)pid);
	put_label(text.bytes);
	printf("%s%d\"];\n", *command != '\0' ? "\\n" : "", (int)pid);
	free(text.bytes);
}

static bool is_red(const struct wait_graph *graph, size_t waiter)
{
	for (size_t i = 0; i < graph->count; i++)
		if (graph->steps[i].waiter == waiter && graph->steps[i].in_circle)
			return true;
	return false;
}

/* Whoever took last what somebody waits for at object NUMBER. */
static void draw_takers(const struct gather *gather, const struct wait_graph *graph, size_t number,
			pid_t **known, size_t *count)
{
	const struct object *object = &gather->census.objects[number];

	for (size_t i = 0; i < graph->count; i++) {
		const size_t waiter = graph->steps[i].waiter;

		if (waiter >= object->waiter_first &&
		    waiter < object->waiter_first + object->waiter_count)
			draw_process(graph->steps[i].last, NULL, known, count);
	}
}

static void draw_edges(const struct gather *gather, const struct wait_graph *graph, size_t number)
{
	const struct object *object = &gather->census.objects[number];

	for (size_t i = 0; i < object->holder_count; i++)
		printf("\tp%d -> o%zu [label=\"held\"];\n",
		       (int)gather->holders.holders[object->holder_first + i].pid, number);
	for (size_t i = 0; i < object->waiter_count; i++) {
		size_t waiter = object->waiter_first + i;

		printf("\tp%d -> o%zu [label=\"waits\", style=dashed%s];\n",
		       (int)gather->holders.waiters[waiter].pid, number,
		       is_red(graph, waiter) ? ", color=red, fontcolor=red" : "");
		for (size_t k = 0; k < graph->count; k++)
			if (graph->steps[k].waiter == waiter)
				printf("\to%zu -> p%d [label=\"taken by\"%s];\n", number,
				       (int)graph->steps[k].last,
				       graph->steps[k].in_circle ? ", color=red, fontcolor=red"
								 : "");
	}
	if (object->creator_state == CREATOR_ALIVE)
		printf("\tp%d -> o%zu [label=\"made\", style=dotted];\n", (int)object->creator,
		       number);
}

/* Who has taken something and waits for the child that waits. */
static void draw_ancestors(const struct wait_graph *graph, const struct holders *holders)
{
	for (size_t i = 0; i < graph->circle_count; i++) {
		const struct wait_circle *circle = &graph->circles[i];

		for (size_t k = 0; k < circle->length; k++) {
			pid_t last = graph->steps[circle->steps[k]].last,
			      next = wait_circle_next(graph, circle, k, holders);

			if (next != last)
				printf("\tp%d -> p%d [label=\"waits for\", style=dashed, "
				       "color=red, fontcolor=red];\n",
				       (int)last, (int)next);
		}
	}
}

static void draw(const struct gather *gather, const struct wait_graph *graph)
{
	const struct holders *holders = &gather->holders;
	struct text text = { 0 };
	pid_t *known = NULL;
	size_t count = 0;

	puts("digraph ipc {\n\trankdir=LR;\n\tnode [fontname=\"sans-serif\"];\n"
	     "\tedge [fontname=\"sans-serif\", fontsize=10];");
	for (size_t i = 0; i < gather->census.count; i++) {
		const struct object *object = &gather->census.objects[i];

		draw_object(i, object, &text);
		for (size_t k = 0; k < object->holder_count; k++)
			draw_process(holders->holders[object->holder_first + k].pid,
				     holders->holders[object->holder_first + k].command, &known,
				     &count);
		for (size_t k = 0; k < object->waiter_count; k++)
			draw_process(holders->waiters[object->waiter_first + k].pid,
				     holders->waiters[object->waiter_first + k].command, &known,
				     &count);
		if (object->creator_state == CREATOR_ALIVE)
			draw_process(object->creator, NULL, &known, &count);
		draw_takers(gather, graph, i, &known, &count);
		draw_edges(gather, graph, i);
	}
	draw_ancestors(graph, holders);
	puts("}");
	free(known);
	free(text.bytes);
}

int cli_graph(const struct listing *listing, const struct world *world)
{
	struct gather gather;
	struct wait_graph graph;
	int status = look(listing, world, &gather, &graph);

	if (status == STATUS_OK) {
		draw(&gather, &graph);
		status = listing_tell(listing, &gather);
	}
	forget(&gather, &graph);
	return status;
}

/* The same wait, seen a second time. */
static bool is_still_there(const struct gather *gather, const struct wait_graph *graph,
			   const struct gather *before, const struct wait_step *step)
{
	const struct waiter *old = &before->holders.waiters[step->waiter];
	const struct object *set = &before->census.objects[old->object];

	for (size_t i = 0; i < graph->count; i++) {
		const struct waiter *waiter = &gather->holders.waiters[graph->steps[i].waiter];

		if (graph->steps[i].in_circle && graph->steps[i].last == step->last &&
		    graph->steps[i].member == step->member && waiter->tid == old->tid &&
		    gather->census.objects[waiter->object].id == set->id)
			return true;
	}
	return false;
}

/* NEXT is who waits next in the circle: who took the member, or whom that one waits for. */
static void tell_step(const struct listing *listing, const struct gather *gather,
		      const struct wait_step *step, pid_t next, struct json_stream *stream)
{
	const struct waiter *waiter = &gather->holders.waiters[step->waiter];
	struct text text = { 0 }, command = { 0 };

	ref_of(&gather->census.objects[waiter->object], &text);
	text_clear(&command);
	text_harmless(&command, waiter->command);
	if (listing->json) {
		json_begin(stream, NULL, '{');
		json_number(stream, "pid", waiter->pid);
		json_number(stream, "tid", waiter->tid);
		json_text(stream, "command", command.bytes);
		json_text(stream, "ref", text.bytes);
		json_number(stream, "member", step->member);
		json_number(stream, "taken_by", step->last);
		if (next != step->last)
			json_number(stream, "taker_waits_for", next);
		else
			json_nothing(stream, "taker_waits_for");
		json_end(stream, '}');
	} else {
		printf("%d (%s) waits for %s, member %d, taken by %d", (int)waiter->tid,
		       command.bytes, text.bytes, step->member, (int)step->last);
		if (next != step->last)
			printf(", who waits for %d", (int)next);
	}
	free(text.bytes);
	free(command.bytes);
}

/* Print the circles of BEFORE whose steps all are there a second time.  Returns how many. */
static size_t tell_circles(const struct listing *listing, const struct gather *before,
			   const struct wait_graph *circles, const struct gather *gather,
			   const struct wait_graph *graph, struct json_stream *stream)
{
	size_t told = 0;

	for (size_t i = 0; i < circles->circle_count; i++) {
		const struct wait_circle *circle = &circles->circles[i];
		bool there = true;

		for (size_t k = 0; k < circle->length; k++)
			there &= is_still_there(gather, graph, before,
						&circles->steps[circle->steps[k]]);
		if (!there)
			continue;
		told++;
		if (listing->json)
			json_begin(stream, NULL, '[');
		for (size_t k = 0; k < circle->length; k++) {
			if (k > 0 && !listing->json)
				fputs("; ", stdout);
			tell_step(listing, before, &circles->steps[circle->steps[k]],
				  wait_circle_next(circles, circle, k, &before->holders), stream);
		}
		if (listing->json)
			json_end(stream, ']');
		else
			putchar('\n');
	}
	return told;
}

int cli_deadlocks(const struct listing *listing, const struct world *world)
{
	struct json_stream stream = { .out = stdout };
	struct listing sets = *listing;
	struct gather before, gather;
	struct wait_graph circles, graph;
	size_t told = 0;
	int status, looked;

	/* Only of these it is known who took them last. */
	sets.selection.kinds = REF_SEM;
	sets.selection.sysv = true;
	sets.selection.posix = false;
	status = look(&sets, world, &before, &circles);
	/* What is a circle at two looks was one in between: nobody waits twice the same way. */
	looked = status == STATUS_OK ? look(&sets, world, &gather, &graph) : status;
	if (listing->json) {
		json_begin(&stream, NULL, '{');
		json_number(&stream, "version", 1);
		json_begin(&stream, "deadlocks", '[');
	}
	if (looked == STATUS_OK)
		told = tell_circles(listing, &before, &circles, &gather, &graph, &stream);
	if (looked == STATUS_OK) {
		/* Whether anybody uses the sets was not the question. */
		before.gaps.of[GAP_USERS].count = 0;
		status = listing_tell(listing, &before);
		forget(&gather, &graph);
	}
	if (listing->json) {
		json_end(&stream, ']');
		json_truth(&stream, "complete", looked == STATUS_OK && !gaps_any(&before.gaps));
		json_end(&stream, '}');
		json_line(&stream);
	}
	forget(&before, &circles);
	return told > 0 ? cli_worse(status, STATUS_HOLDS) : status;
}
