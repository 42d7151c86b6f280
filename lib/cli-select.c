/* SPDX-License-Identifier: MIT */
#include "cli-select.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "names.h"
#include "say.h"
#include "scan.h"
#include "status.h"

enum {
	KEY_KIND = 400,
	KEY_FAMILY,
	KEY_OWNER,
	KEY_MATCH,
	KEY_ORPHANS,
	KEY_UNHELD,
	KEY_OLDER,
	KEY_MIN_SIZE,
	KEY_PID,
	KEY_NS,
};

static void no_memory(void)
{
	say_errno("cannot read the command line");
	exit(cli_failure());
}

/* One more of ITEMS, of SIZE bytes each. */
static void *grow(void *items, size_t count, size_t size)
{
	void *larger = reallocarray(items, count + 1, size);

	if (larger == NULL)
		no_memory();
	return larger;
}

static void add_kind(struct selection *selection, struct argp_state *state, char *word)
{
	static const char *const words[] = { "shm", "mq", "sem", "ring" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i]) == 0) {
			selection->kinds |= 1U << i;
			return;
		}
	argp_error(state, "kind '%s' is not shm, mq, sem or ring", word);
}

static void add_family(struct selection *selection, struct argp_state *state, char *word)
{
	if (strcmp(word, "posix") == 0)
		selection->posix = true;
	else if (strcmp(word, "sysv") == 0)
		selection->sysv = true;
	else
		argp_error(state, "family '%s' is not posix or sysv", word);
}

static void check_room(struct argp_state *state, size_t count)
{
	if (count == SELECT_LIST_MAX)
		argp_error(state, "a list has more than %d words", SELECT_LIST_MAX);
}

static void add_owner(struct selection *selection, struct argp_state *state, char *word)
{
	uid_t owner;

	if (names_find_user(word, &owner) < 0)
		argp_error(state, "owner '%s' is not a user", word);
	check_room(state, selection->owner_count);
	selection->owners[selection->owner_count++] = owner;
}

static void add_pid(struct selection *selection, struct argp_state *state, char *word)
{
	pid_t pid = (pid_t)cli_number(state, "process", word, 1, INT32_MAX);

	check_room(state, selection->pid_count);
	selection->pids[selection->pid_count++] = pid;
}

/* Each word of the comma list TEXT. */
static void each_word(struct selection *selection, struct argp_state *state, char *text,
		      void (*add)(struct selection *, struct argp_state *, char *))
{
	char *rest = text, *word;
	size_t length = strlen(text);

	if (length == 0 || *text == ',' || text[length - 1] == ',' || strstr(text, ",,") != NULL)
		argp_error(state, "list '%s' has an empty word", text);
	while ((word = strsep(&rest, ",")) != NULL)
		add(selection, state, word);
}

static error_t parse_select(int key, char *text, struct argp_state *state)
{
	struct selection *selection = state->input;
	const char *wrong;

	switch (key) {
	case KEY_KIND:
		each_word(selection, state, text, add_kind);
		break;
	case KEY_FAMILY:
		each_word(selection, state, text, add_family);
		break;
	case KEY_OWNER:
		each_word(selection, state, text, add_owner);
		break;
	case KEY_PID:
		each_word(selection, state, text, add_pid);
		break;
	case KEY_MATCH:
		selection->globs = grow(selection->globs, selection->glob_count, sizeof text);
		selection->globs[selection->glob_count++] = text;
		break;
	case KEY_ORPHANS:
		selection->orphans = true;
		break;
	case KEY_UNHELD:
		selection->unheld = true;
		break;
	case KEY_OLDER:
		wrong = scan_duration(text, &selection->older_than);
		if (wrong != NULL)
			argp_error(state, "age '%s' %s", text, wrong);
		selection->older_than /= 1000000000;
		selection->by_age = true;
		break;
	case KEY_MIN_SIZE:
		selection->min_size = cli_size(state, "size", text);
		selection->by_size = true;
		break;
	case KEY_NS:
		selection->world = (pid_t)cli_number(state, "process", text, 1, INT32_MAX);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	selection->given = true;
	return 0;
}

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "SELECTION (lists with commas mean or, several options and):", 5 },
	{ "kind", KEY_KIND, "KINDS", 0, "Of kind shm, mq, sem or ring", 0 },
	{ "family", KEY_FAMILY, "FAMILIES", 0, "Of family posix or sysv", 0 },
	{ "owner", KEY_OWNER, "USERS", 0, "That belong to one of these users", 0 },
	{ "match", KEY_MATCH, "GLOB", 0, "Whose REF without its kind is like GLOB", 0 },
	{ "orphans", KEY_ORPHANS, NULL, 0, "Held by nobody, their creator dead", 0 },
	{ "unheld", KEY_UNHELD, NULL, 0, "Proven to be held by nobody", 0 },
	{ "older-than", KEY_OLDER, "DURATION", 0, "Not used for so long", 0 },
	{ "min-size", KEY_MIN_SIZE, "SIZE", 0, "Of at least so many bytes", 0 },
	{ "pid", KEY_PID, "PIDS", 0, "Held or made by one of these processes", 0 },
	{ "ns", KEY_NS, "PID", 0, "In the IPC world of this process", 0 },
	{ 0 },
};

const struct argp cli_select_argp = { .options = options, .parser = parse_select };

void cli_add_ref(struct argp_state *state, const char *text, struct cli_refs *refs)
{
	refs->refs = grow(refs->refs, refs->count, sizeof *refs->refs);
	cli_any_ref(state, text, &refs->refs[refs->count]);
	refs->count++;
}
