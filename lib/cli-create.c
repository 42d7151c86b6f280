/* SPDX-License-Identifier: MIT */
#include "cli-create.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "fdio.h"
#include "say.h"
#include "status.h"
#include "stop.h"

enum { KEY_ALLOW_FOREIGN = 400 };

void cli_new_ref(struct argp_state *state, const char *text, unsigned kinds, struct ref *ref)
{
	const char *wrong;

	cli_ref(state, text, kinds, ref);
	wrong = ref_unfit_for_new(ref);
	if (wrong != NULL)
		argp_error(state, "reference '%s' %s", text, wrong);
}

void cli_check_exist_ok(struct argp_state *state, bool exist_ok, bool allow_foreign, char **command)
{
	if (allow_foreign && !exist_ok)
		argp_error(state, "--allow-foreign goes with --exist-ok");
	if (exist_ok && command != NULL)
		argp_error(state, "--exist-ok and COMMAND do not go together: "
				  "what is removed after COMMAND must be ours");
}

static void check(const struct cli_create *create, struct argp_state *state)
{
	if (!create->has_ref)
		argp_error(state, "missing operand: the REF of the %s to create", create->noun);
	if (cli_failure() != STATUS_FAILED && create->command == NULL)
		argp_error(state, "missing operand: a COMMAND after --");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct cli_create *create = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &create->quiet;
		return 0;
	case 'm':
		create->mode = cli_mode(state, text);
		return 0;
	case 'e':
		create->exist_ok = true;
		return 0;
	case KEY_ALLOW_FOREIGN:
		create->allow_foreign = true;
		return 0;
	case ARGP_KEY_ARG:
		if (create->has_ref)
			create->command = cli_take_command(state);
		else
			cli_new_ref(state, text, create->kinds, &create->ref);
		create->has_ref = true;
		return 0;
	case ARGP_KEY_END:
		check(create, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "mode", 'm', "MODE", 0, "Permission bits, octal and exact (0600)", 0 },
	{ "exist-ok", 'e', NULL, 0, "Accept an existing one of ours or root's that fits", 0 },
	{ "allow-foreign", KEY_ALLOW_FOREIGN, NULL, 0, "An existing one may be anybody's", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_quiet_argp, 0, NULL, 0 }, { 0 } };

const struct argp cli_create_argp = { .options = options, .parser = parse, .children = children };

bool cli_is_foreign(const struct cli_existing *existing, char *phrase, size_t size)
{
	uid_t us = geteuid();

	if (existing->owner != us && existing->owner != 0)
		snprintf(phrase, size, "it belongs to uid %ld", (long)existing->owner);
	else if (existing->creator != us && existing->creator != 0)
		snprintf(phrase, size, "it was created by uid %ld", (long)existing->creator);
	else
		return false;
	return true;
}

bool cli_is_unfit(const struct cli_existing *existing, mode_t widest, bool allow_foreign,
		  char *phrase, size_t size)
{
	if (!allow_foreign && cli_is_foreign(existing, phrase, size))
		return true;
	if (!(existing->mode & ~widest))
		return false;
	snprintf(phrase, size, "its mode is %04o, wider open than %04o", (unsigned)existing->mode,
		 (unsigned)widest);
	return true;
}

int cli_say_unfit(const struct ref *ref, const char *phrase)
{
	char text[REF_TEXT_MAX];

	say("cannot use %s, which exists: %s", ref_print(ref, text), phrase);
	return -1;
}

/* Write some of BYTES.  Returns how many went, or -1 with errno: EINTR told to stop first. */
static ssize_t write_some(const char *bytes, size_t length, const struct stop *stop)
{
	enum fdio_sort sort = fdio_sort(STDOUT_FILENO);

	/* It does not wait. */
	if (sort == FDIO_FILE)
		return fdio_write_all(STDOUT_FILENO, bytes, length) < 0 ? -1 : (ssize_t)length;
	for (;;) {
		int events = fdio_await(STDOUT_FILENO, POLLOUT, stop->descriptor, -1);
		ssize_t written;

		if (events < 0 && errno == EINTR)
			continue;
		if (events < 0)
			return -1;
		if (events & POLLPRI) {
			errno = EINTR;
			return -1;
		}
		written = fdio_write_now(STDOUT_FILENO, sort, bytes, length);
		if (written >= 0 || (errno != EINTR && errno != EAGAIN))
			return written;
	}
}

/* Print TEXT as a line, unless told to stop first.  Returns false after saying why not. */
static bool print_line(char *text, const struct stop *stop)
{
	size_t length = strlen(text), done = 0;
	ssize_t written = 0;

	text[length] = '\n';
	while (done <= length && written >= 0) {
		written = write_some(text + done, length + 1 - done, stop);
		done += written > 0 ? (size_t)written : 0;
	}
	text[length] = '\0';
	if (written < 0 && errno != EINTR)
		say_errno("cannot write to standard output");
	return written >= 0;
}

/* The way without a COMMAND; from here on STOP can be read. */
static int create_and_print(const struct scope *scope, void *object, const struct stop *stop)
{
	char text[REF_TEXT_MAX];
	int status, signal;
	sigset_t held;

	if (!scope->quick)
		sigprocmask(SIG_SETMASK, &stop->before, &held);
	status = scope->create(object, text);
	if (!scope->quick)
		sigprocmask(SIG_SETMASK, &held, NULL);
	if (status != STATUS_OK || print_line(text, stop))
		return status;
	if (scope->remove(object) < 0)
		say_errno("cannot remove %s", text);
	signal = stop_signal(stop, NULL);
	if (signal != 0)
		stop_die(signal);
	return STATUS_FAILED;
}

int cli_create(const struct scope *scope, void *object, char **command)
{
	struct stop stop;

	if (command != NULL)
		return scope_run(scope, object, command);
	if (!cli_stdout_usable())
		return STATUS_FAILED;
	if (stop_begin(&stop, 0) == 0)
		return create_and_print(scope, object, &stop);
	say_errno("cannot watch for signals");
	return STATUS_FAILED;
}
