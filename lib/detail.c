/* SPDX-License-Identifier: MIT */
#include "detail.h"

#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "creator.h"
#include "detail-ring.h"
#include "members.h"
#include "names.h"
#include "own.h"
#include "process.h"

enum { COMMAND_MAX = 4096 };

/* Who did what was noted SINCE, and what it is if it lives. */
static void print_actor(FILE *out, pid_t pid, int64_t since)
{
	static const char *const words[] = { "alive", "dead", "recycled" };
	enum creator_fate fate = creator_look(pid, since);
	char line[COMMAND_MAX] = "";
	struct text text = { 0 };

	if (fate == CREATOR_LIVES)
		process_command_line(pid, line, sizeof line);
	if (*line != '\0')
		text_word(&text, ": ");
	text_harmless(&text, line);
	fprintf(out, "%d (%s)%s\n", (int)pid, words[fate], text.bytes != NULL ? text.bytes : "");
	free(text.bytes);
}

/* What a process is: the rest of its line, and its control group in one of its own. */
static void print_process(FILE *out, pid_t pid, const char *name)
{
	char *line = malloc(2 * COMMAND_MAX), *group;
	struct text text = { 0 };

	if (line == NULL) {
		putc('\n', out);
		return;
	}
	group = line + COMMAND_MAX;
	process_command_line(pid, line, COMMAND_MAX);
	process_cgroup(pid, group, COMMAND_MAX);
	text_harmless(&text, *line != '\0' ? line : name);
	text_add(&text, "\n", 1);
	if (*group != '\0') {
		text_format(&text, "    %-12s", "cgroup:");
		text_harmless(&text, group);
		text_add(&text, "\n", 1);
	}
	fputs(text.bytes != NULL ? text.bytes : "\n", out);
	free(text.bytes);
	free(line);
}

static void print_holders(const struct object *object, const struct column_view *view, FILE *out)
{
	for (size_t i = 0; i < object->holder_count; i++) {
		const struct holder *holder = &view->holders->holders[object->holder_first + i];

		fprintf(out, "  %-14s%d (mapped %u, open %u): ", "holder:", (int)holder->pid,
			holder->mappings, holder->descriptors);
		print_process(out, holder->pid, holder->command);
	}
	if (!object->holders_complete)
		fprintf(out, "  %-14s?\n", "holder:");
	for (size_t i = 0; i < object->waiter_count; i++) {
		const struct waiter *waiter = &view->holders->waiters[object->waiter_first + i];

		fprintf(out, "  %-14s%d (in %s", "waiter:", (int)waiter->tid,
			waiter_call(waiter->in));
		if (waiter->member >= 0)
			fprintf(out, ", member %d", waiter->member);
		fprintf(out, "%s): ", waiter->stopped ? ", stopped" : "");
		print_process(out, waiter->pid, waiter->command);
	}
	if (!object->waiters_complete)
		fprintf(out, "  %-14s?\n", "waiter:");
}

static void print_members(const struct object *object, FILE *out)
{
	struct member *members = calloc((size_t)object->size + 1, sizeof *members);

	if (members == NULL || members_read(object->id, members, (int)object->size) < 0) {
		fprintf(out, "  %-14s?\n", "member:");
	} else {
		for (int i = 0; i < object->size; i++) {
			fprintf(out, "  %-14s%d value %d, waiting for more %d, for zero %d, last ",
				"member:", i, members[i].value, members[i].for_more,
				members[i].for_zero);
			if (members[i].last == 0)
				fputs("-\n", out);
			else
				print_actor(out, members[i].last, object->used_at);
		}
	}
	free(members);
}

static void print_time(FILE *out, const char *label, int64_t seconds)
{
	struct text text = { 0 };

	if (seconds == CENSUS_NONE)
		text_word(&text, "never");
	else
		text_time(&text, seconds);
	fprintf(out, "  %-14s%s\n", label, text.bytes);
	free(text.bytes);
}

static void print_pid(FILE *out, const char *label, pid_t pid, int64_t since)
{
	fprintf(out, "  %-14s", label);
	if (pid > 0)
		print_actor(out, pid, since);
	else
		fputs("-\n", out);
}

static void print_segment(const struct object *object, FILE *out)
{
	fprintf(out, "  %-14s%s%s\n", "flags:", object->mode & SHM_DEST ? "removed " : "",
		object->mode & SHM_LOCKED ? "locked"
		: object->mode & SHM_DEST ? ""
					  : "-");
	print_pid(out, "created by:", object->creator, object->changed_at);
	print_pid(out, "last used by:", object->last[0],
		  object->times[0] > object->times[1] ? object->times[0] : object->times[1]);
	print_time(out, "attached at:", object->times[0]);
	print_time(out, "detached at:", object->times[1]);
}

static void print_kind(const struct object *object, const struct column_view *view, FILE *out)
{
	if (object->sysv) {
		fprintf(out, "  %-14s%s", "created for:", names_user(object->creator_owner));
		fprintf(out, ":%s\n", names_group(object->creator_group));
	}
	if (object->sysv && object->kind == REF_SHM) {
		print_segment(object, out);
	} else if (object->sysv && object->kind == REF_SEM) {
		print_members(object, out);
	} else if (object->sysv) {
		print_pid(out, "last sender:", object->last[0], object->times[0]);
		print_pid(out, "last taker:", object->last[1], object->times[1]);
		print_time(out, "sent at:", object->times[0]);
		print_time(out, "received at:", object->times[1]);
	} else if (object->kind == REF_MQ) {
		if (object->notify == CENSUS_NONE)
			fprintf(out, "  %-14s?\n", "notifies:");
		else
			print_pid(out, "notifies:", object->notify, CENSUS_NONE);
	} else if (object->kind == REF_SEM && object->sem_waiters != CENSUS_NONE) {
		fprintf(out, "  %-14s%lld (too high when one was killed)\n",
			"says waiting:", (long long)object->sem_waiters);
	} else if (object->kind == REF_RING) {
		detail_ring_print(object, view, out);
	}
	if (!object->sysv && object->inode != 0)
		fprintf(out, "  %-14s%llu\n", "inode:", (unsigned long long)object->inode);
}

void detail_print(const struct object *object, const struct column_view *view, FILE *out)
{
	const struct column_view exact = { .exact = true,
					   .now = view->now,
					   .holders = view->holders };
	struct text text = { 0 };

	for (int column = 0; column < COLUMNS; column++) {
		if (column == COLUMN_HOLDERS || column == COLUMN_WAITERS)
			continue;
		text_clear(&text);
		column_text(column, object, &exact, &text);
		if (column == COLUMN_REF)
			fprintf(out, "%s\n", text.bytes);
		else if (strcmp(text.bytes, "-") != 0 && *text.bytes != '\0')
			fprintf(out, "  %s:%*s%s\n", column_name(column),
				(int)(13 - strlen(column_name(column))), "", text.bytes);
	}
	free(text.bytes);
	print_kind(object, view, out);
	print_holders(object, view, out);
}

static void pid_json(struct json_stream *stream, const char *key, pid_t pid)
{
	if (pid > 0)
		json_number(stream, key, pid);
	else
		json_nothing(stream, key);
}

static void time_json(struct json_stream *stream, const char *key, int64_t seconds)
{
	struct text text = { 0 };

	if (seconds == CENSUS_NONE) {
		json_nothing(stream, key);
		return;
	}
	text_time(&text, seconds);
	json_text(stream, key, text.bytes);
	free(text.bytes);
}

static void members_json(const struct object *object, struct json_stream *stream)
{
	struct member *members = calloc((size_t)object->size + 1, sizeof *members);

	if (members == NULL || members_read(object->id, members, (int)object->size) < 0) {
		json_nothing(stream, "members");
	} else {
		json_begin(stream, "members", '[');
		for (int i = 0; i < object->size; i++) {
			json_begin(stream, NULL, '{');
			json_number(stream, "value", members[i].value);
			json_number(stream, "waiting_for_more", members[i].for_more);
			json_number(stream, "waiting_for_zero", members[i].for_zero);
			pid_json(stream, "last_pid", members[i].last);
			json_end(stream, '}');
		}
		json_end(stream, ']');
	}
	free(members);
}

static int by_pid(const void *one, const void *other)
{
	pid_t a = *(const pid_t *)one, b = *(const pid_t *)other;

	return a < b ? -1 : a > b;
}

/* Who holds OBJECT or waits for it, each once, for free(); COUNT of them.  NULL: no memory. */
static pid_t *processes_of(const struct object *object, const struct column_view *view,
			   size_t *count)
{
	size_t holders = object->holder_count, all = holders + object->waiter_count;
	pid_t *pids = calloc(all + 1, sizeof *pids);

	*count = 0;
	if (pids == NULL)
		return NULL;
	for (size_t i = 0; i < holders; i++)
		pids[i] = view->holders->holders[object->holder_first + i].pid;
	for (size_t i = holders; i < all; i++)
		pids[i] = view->holders->waiters[object->waiter_first + i - holders].pid;
	qsort(pids, all, sizeof *pids, by_pid);
	for (size_t i = 0; i < all; i++)
		if (*count == 0 || pids[*count - 1] != pids[i])
			pids[(*count)++] = pids[i];
	return pids;
}

/* The commands and control groups of all processes that have to do with it. */
static void processes_json(const struct object *object, const struct column_view *view,
			   struct json_stream *stream)
{
	size_t count;
	OWN_MEM char *line = malloc(COMMAND_MAX), *group = malloc(COMMAND_MAX);
	OWN_MEM pid_t *pids = processes_of(object, view, &count);
	struct text text = { 0 };

	if (line == NULL || group == NULL || pids == NULL) {
		json_nothing(stream, "processes");
		return;
	}
	json_begin(stream, "processes", '[');
	for (size_t i = 0; i < count; i++) {
		process_command_line(pids[i], line, COMMAND_MAX);
		process_cgroup(pids[i], group, COMMAND_MAX);
		json_begin(stream, NULL, '{');
		json_number(stream, "pid", pids[i]);
		text_clear(&text);
		text_harmless(&text, line);
		json_text(stream, "command_line", text.bytes);
		text_clear(&text);
		text_harmless(&text, group);
		json_text(stream, "cgroup", text.bytes);
		json_end(stream, '}');
	}
	json_end(stream, ']');
	free(text.bytes);
}

void detail_json(const struct object *object, const struct column_view *view,
		 struct json_stream *stream)
{
	if (object->unseen) {
		json_nothing(stream, "uid");
		json_nothing(stream, "gid");
	} else {
		json_number(stream, "uid", object->owner);
		json_number(stream, "gid", object->group);
	}
	if (object->sysv) {
		json_number(stream, "creator_uid", object->creator_owner);
		json_number(stream, "creator_gid", object->creator_group);
	}
	if (object->sysv && object->kind == REF_SHM) {
		json_truth(stream, "removed", object->mode & SHM_DEST);
		json_truth(stream, "locked", object->mode & SHM_LOCKED);
		pid_json(stream, "creator_pid", object->creator);
		pid_json(stream, "last_pid", object->last[0]);
		time_json(stream, "attached_at", object->times[0]);
		time_json(stream, "detached_at", object->times[1]);
	} else if (object->sysv && object->kind == REF_SEM) {
		members_json(object, stream);
	} else if (object->sysv) {
		pid_json(stream, "last_sender_pid", object->last[0]);
		pid_json(stream, "last_receiver_pid", object->last[1]);
		time_json(stream, "sent_at", object->times[0]);
		time_json(stream, "received_at", object->times[1]);
	} else {
		json_number(stream, "inode", (int64_t)object->inode);
		if (object->kind == REF_MQ)
			pid_json(stream, "notify_pid", object->notify);
		if (object->kind == REF_SEM && object->sem_waiters != CENSUS_NONE)
			json_number(stream, "says_waiting", object->sem_waiters);
		if (object->kind == REF_RING)
			detail_ring_json(object, view, stream);
	}
	processes_json(object, view, stream);
}
