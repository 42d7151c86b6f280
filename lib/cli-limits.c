/* SPDX-License-Identifier: MIT */
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli-list.h"
#include "logind.h"
#include "names.h"
#include "quota.h"
#include "say.h"
#include "status.h"

static bool is_in_bytes(const struct limit *limit)
{
	return strncmp(limit->about, "bytes", 5) == 0;
}

static void add_amount(const struct limit *limit, int64_t amount, bool exact, struct text *text)
{
	text_clear(text);
	if (amount < 0)
		text_word(text, "-");
	else if (amount == INT64_MAX)
		text_word(text, "unlimited");
	else if (!exact && is_in_bytes(limit))
		text_size(text, amount);
	else
		text_number(text, amount);
}

static int print_table(const struct listing *listing, const struct limit *limits, size_t count)
{
	static const struct {
		const char *name;
		int flags;
	} columns[] = { { "LIMIT", 0 },
			{ "ABOUT", 0 },
			{ "MOST", SCOLS_FL_RIGHT },
			{ "USED", SCOLS_FL_RIGHT },
			{ "USE%", SCOLS_FL_RIGHT },
			{ "SET IN", 0 } };
	struct libscols_table *table = scols_new_table();
	struct text text = { 0 };
	int failed = table == NULL;

	for (size_t i = 0; !failed && i < sizeof columns / sizeof *columns; i++)
		failed =
			scols_table_new_column(table, columns[i].name, 0, columns[i].flags) == NULL;
	if (!failed)
		scols_table_enable_noheadings(table, listing->no_headings);
	for (size_t i = 0; !failed && i < count; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);
		int percent = quota_percent(&limits[i]);

		failed = line == NULL || scols_line_set_data(line, 0, limits[i].name) != 0 ||
			 scols_line_set_data(line, 1, limits[i].about) != 0 ||
			 scols_line_set_data(line, 5, limits[i].place) != 0;
		add_amount(&limits[i], limits[i].limit, listing->exact, &text);
		failed = failed || scols_line_set_data(line, 2, text.bytes) != 0;
		add_amount(&limits[i], limits[i].used, listing->exact, &text);
		failed = failed || scols_line_set_data(line, 3, text.bytes) != 0;
		text_clear(&text);
		if (percent >= 0)
			text_format(&text, "%d%%", percent);
		else
			text_word(&text, "-");
		failed = failed || scols_line_set_data(line, 4, text.bytes) != 0;
	}
	if (!failed)
		failed = scols_print_table(table) != 0;
	scols_unref_table(table);
	free(text.bytes);
	return failed ? -1 : 0;
}

static void print_warning(const struct limit *limit)
{
	printf("%s is used to %d%%: %lld of %lld %s (%s)\n", limit->name, quota_percent(limit),
	       (long long)limit->used, (long long)limit->limit, limit->about, limit->place);
}

static void print_json(const struct limit *limits, size_t count, bool complete)
{
	struct json_stream stream = { .out = stdout };

	json_begin(&stream, NULL, '{');
	json_number(&stream, "version", 1);
	json_begin(&stream, "limits", '[');
	for (size_t i = 0; i < count; i++) {
		int percent = quota_percent(&limits[i]);

		json_line(&stream);
		json_begin(&stream, NULL, '{');
		json_text(&stream, "name", limits[i].name);
		json_text(&stream, "about", limits[i].about);
		if (limits[i].limit < 0 || limits[i].limit == INT64_MAX)
			json_nothing(&stream, "limit");
		else
			json_number(&stream, "limit", limits[i].limit);
		if (limits[i].used < 0)
			json_nothing(&stream, "used");
		else
			json_number(&stream, "used", limits[i].used);
		if (percent < 0)
			json_nothing(&stream, "percent");
		else
			json_number(&stream, "percent", percent);
		json_text(&stream, "set_in", limits[i].place);
		json_end(&stream, '}');
	}
	json_end(&stream, ']');
	json_line(&stream);
	json_truth(&stream, "complete", complete);
	json_end(&stream, '}');
	json_line(&stream);
}

struct owners {
	uid_t *users;
	size_t count;
};

static int note_owner(const struct object *object, void *context)
{
	struct owners *owners = context;
	uid_t *more;

	for (size_t i = 0; i < owners->count; i++)
		if (owners->users[i] == object->owner)
			return 0;
	more = reallocarray(owners->users, owners->count + 1, sizeof *more);
	if (more == NULL)
		return 1;
	owners->users = more;
	more[owners->count++] = object->owner;
	return 0;
}

static void note_removal(const struct world *world)
{
	const struct census_plan plan = { .kinds = ~0U, .posix = true, .sysv = true };
	struct owners owners = { 0 };
	struct gaps gaps = { 0 };

	census_walk(world, &plan, note_owner, &owners, &gaps);
	for (size_t i = 0; i < owners.count; i++)
		if (logind_removes_objects_of(owners.users[i]))
			say("note: systemd-logind removes the objects of %s when the last session "
			    "ends (RemoveIPC= in /etc/systemd/logind.conf, or loginctl "
			    "enable-linger %s)",
			    names_user(owners.users[i]), names_user(owners.users[i]));
	free(owners.users);
}

int cli_limits(const struct listing *listing, const struct world *world)
{
	struct limit limits[QUOTA_MAX];
	struct gaps gaps = { 0 };
	size_t count = quota_read(world, limits, &gaps), kept = 0;
	int status = STATUS_OK;

	for (size_t i = 0; listing->warn > 0 && i < count; i++)
		if (quota_percent(&limits[i]) >= listing->warn)
			limits[kept++] = limits[i];
	if (listing->warn > 0)
		count = kept;
	if (listing->json) {
		print_json(limits, count, !gaps_any(&gaps));
	} else if (listing->warn > 0) {
		for (size_t i = 0; i < count; i++)
			print_warning(&limits[i]);
	} else if (print_table(listing, limits, count) < 0) {
		say_errno("cannot print the table");
		return STATUS_FAILED;
	}
	if (listing->warn == 0)
		note_removal(world);
	if (listing->warn > 0 && count > 0)
		status = STATUS_HOLDS;
	return cli_worse(cli_tell_gaps(&gaps), status);
}
