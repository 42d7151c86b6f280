/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "say.h"
#include "scan.h"
#include "status.h"

#ifndef VERSION
#define VERSION "0.0.0-unreleased"
#endif

error_t argp_err_exit_status = STATUS_USAGE;

static bool runs_command;

void cli_expect_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			runs_command = true;
	if (runs_command)
		argp_err_exit_status = STATUS_OWN_FAILURE;
}

int cli_failure(void)
{
	return runs_command ? STATUS_OWN_FAILURE : STATUS_FAILED;
}

int cli_status(int status)
{
	return runs_command && status >= STATUS_FAILED && status <= STATUS_EXISTS
		       ? STATUS_OWN_FAILURE
		       : status;
}

int cli_status_of(int error)
{
	switch (error) {
	case ENOENT:
	case EIDRM:
		return cli_status(STATUS_ABSENT);
	case EEXIST:
		return cli_status(STATUS_EXISTS);
	case EAGAIN:
	case ETIMEDOUT:
		return cli_status(STATUS_NOT_NOW);
	default:
		return cli_failure();
	}
}

bool cli_is_quoted(const struct argp_state *state)
{
	return state->quoted != 0 && state->next > state->quoted;
}

char **cli_take_words(struct argp_state *state)
{
	char **words = state->argv + state->next - 1;

	state->next = state->argc;
	return words;
}

char **cli_free_words(struct argp_state *state, const char *what)
{
	char **words = state->argv + state->next, **from = words, **to = words;
	bool quoted = cli_is_quoted(state);

	for (; *from != NULL; from++) {
		if (!quoted && strcmp(*from, "--") == 0) {
			quoted = true;
			continue;
		}
		if (!quoted && **from == '-')
			argp_error(state,
				   "'%s' begins with a dash: options stand before REF, and a %s "
				   "that begins so stands after --",
				   *from, what);
		*to++ = *from;
	}
	*to = NULL;
	state->argc = (int)(to - state->argv);
	state->next = state->argc;
	return to == words ? NULL : words;
}

/* -n and -t */

static error_t parse_patience(int key, char *text, struct argp_state *state)
{
	struct patience *patience = state->input;
	const char *wrong;

	switch (key) {
	case 'n':
		*patience = (struct patience){ .limited = true };
		return 0;
	case 't':
		wrong = scan_duration(text, &patience->limit);
		if (wrong != NULL)
			argp_error(state, "timeout '%s' %s", text, wrong);
		patience->limited = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option patience_options[] = {
	{ "nonblock", 'n', NULL, 0, "Do not wait; the same as --timeout=0", 0 },
	{ "timeout", 't', "DURATION", 0, "Bound each wait (1.5, 250ms, 2m)", 0 },
	{ 0 },
};

const struct argp cli_patience_argp = {
	.options = patience_options,
	.parser = parse_patience,
};

/* -F, -0 and -j */

static error_t parse_frame(int key, char *text, struct argp_state *state)
{
	struct cli_frame *frame = state->input;
	int found;

	switch (key) {
	case 'F':
		found = record_frame(text);
		if (found < 0)
			argp_error(state, "frame '%s' is not line, nul, netstring, json or whole",
				   text);
		frame->frame = (enum frame)found;
		break;
	case '0':
		frame->frame = FRAME_NUL;
		break;
	case 'j':
		frame->frame = FRAME_JSON;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	frame->given = true;
	return 0;
}

static const struct argp_option frame_options[] = {
	{ "frame", 'F', "FRAME", 0, "Records stand as line, nul, netstring, json or whole", 0 },
	{ "null", '0', NULL, 0, "The same as --frame=nul", 0 },
	{ "json", 'j', NULL, 0, "The same as --frame=json", 0 },
	{ 0 },
};

const struct argp cli_frame_argp = { .options = frame_options, .parser = parse_frame };

/* -q, -v and -P */

static error_t parse_switch(int key, char *text, struct argp_state *state)
{
	(void)text;
	if (key != 'q' && key != 'v' && key != 'P')
		return ARGP_ERR_UNKNOWN;
	*(bool *)state->input = true;
	return 0;
}

static const struct argp_option quiet_options[] = {
	{ "quiet", 'q', NULL, 0, "Do not say what statuses 3, 4 and 5 say already", 0 },
	{ 0 },
};

static const struct argp_option verbose_options[] = {
	{ "verbose", 'v', NULL, 0, "Say more, on standard error", 0 },
	{ 0 },
};

static const struct argp_option progress_options[] = {
	{ "progress", 'P', NULL, 0, "Draw amount, rate and time on the terminal", 0 },
	{ 0 },
};

const struct argp cli_quiet_argp = { .options = quiet_options, .parser = parse_switch };
const struct argp cli_verbose_argp = { .options = verbose_options, .parser = parse_switch };
const struct argp cli_progress_argp = { .options = progress_options, .parser = parse_switch };

/* --help, --usage and --version */

enum { KEY_USAGE = 256 };

static error_t parse_help(int key, char *text, struct argp_state *state)
{
	(void)text;
	switch (key) {
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		printf("%s (ipcbox) %s\n", state->name, VERSION);
		exit(STATUS_OK);
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option help_options[] = {
	{ "help", 'h', NULL, 0, "Print this help", -1 },
	{ "usage", KEY_USAGE, NULL, 0, "Print the synopsis", -1 },
	{ "version", 'V', NULL, 0, "Print the version", -1 },
	{ 0 },
};

static const struct argp help_argp = { .options = help_options, .parser = parse_help };

/* Each is opened the wrong way round, so that using it still fails. */
static void take_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* At every exit(3), argp's own after --help included. */
static void check_stdout(void)
{
	bool failed_before = ferror(stdout);

	if (fflush(stdout) != 0 || close(STDOUT_FILENO) != 0)
		say_errno("cannot write to standard output");
	else if (failed_before)
		say("cannot write to standard output");
	else
		return;
	_Exit(cli_failure());
}

static ssize_t write_defanged(void *cookie, const char *text, size_t length)
{
	char *safe = malloc(4 * length + 1);
	const char *end = text + length;
	size_t used = 0;

	(void)cookie;
	if (safe == NULL)
		return 0;
	/* Only argp's own newlines end a line: the last, and the one before "Try". */
	for (const char *line = text; line < end;) {
		const char *try = memmem(line, (size_t)(end - line), "\nTry `", 6);
		const char *stop = try != NULL ?
		try : end
			[-1] == '\n' ? end - 1 : end;

		used += say_defang(safe + used, line, (size_t)(stop - line), SAY_BACKSLASH_PLAIN);
		if (stop < end)
			safe[used++] = '\n';
		line = stop < end ? stop + 1 : end;
	}
	if (fdio_write_all(STDERR_FILENO, safe, used) < 0)
		length = 0;
	free(safe);
	return (ssize_t)length;
}

/*
 * getopt and argp print words of the command line as they are.  Where one of
 * those could drive a terminal, what they print is made harmless on its way.
 */
static void guard_stderr(int argc, char **argv)
{
	const cookie_io_functions_t functions = { .write = write_defanged };
	FILE *guarded;

	for (int i = 1; i < argc; i++)
		for (const char *c = argv[i]; *c != '\0'; c++)
			if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f) {
				guarded = fopencookie(NULL, "w", functions);
				if (guarded != NULL)
					stderr = guarded;
				return;
			}
}

void cli_parse(const struct argp *argp, int argc, char **argv, void *request)
{
	/* Without a parser of its own, an argp's input goes to its first child. */
	const struct argp_child parts[] = { { argp, 0, NULL, 0 },
					    { &help_argp, 0, NULL, 0 },
					    { 0 } };
	const struct argp whole = { .children = parts };
	error_t error;

	take_standard_descriptors();
	unsetenv("ARGP_HELP_FMT");
	atexit(check_stdout);
	if (argc > 0)
		argv[0] = program_invocation_short_name;
	guard_stderr(argc, argv);
	error = argp_parse(&whole, argc, argv, ARGP_NO_HELP | ARGP_IN_ORDER, NULL, request);
	if (error != 0) {
		errno = error;
		say_errno("cannot read the command line");
		exit(cli_failure());
	}
}

void cli_ref(struct argp_state *state, const char *text, unsigned kinds, struct ref *ref)
{
	const char *wrong = ref_scan(text, strlen(text), kinds, ref);

	if (wrong != NULL)
		argp_error(state, "reference '%s' %s", text, wrong);
}

int64_t cli_number(struct argp_state *state, const char *name, const char *text, int64_t least,
		   int64_t most)
{
	int64_t number = 0;
	const char *wrong = scan_number(text, least, most, &number);

	if (wrong != NULL)
		argp_error(state, "%s '%s' %s (%lld to %lld)", name, text, wrong, (long long)least,
			   (long long)most);
	return number;
}

int64_t cli_size(struct argp_state *state, const char *name, const char *text)
{
	int64_t bytes = 0;
	const char *wrong = scan_size(text, &bytes);

	if (wrong == NULL && bytes == 0)
		wrong = "is too small";
	if (wrong != NULL)
		argp_error(state, "%s '%s' %s", name, text, wrong);
	return bytes;
}

mode_t cli_mode(struct argp_state *state, const char *text)
{
	mode_t mode = 0;
	const char *wrong = scan_mode(text, &mode);

	if (wrong != NULL)
		argp_error(state, "mode '%s' %s", text, wrong);
	return mode;
}

bool cli_stdout_usable(void)
{
	if (fdio_is_writable(STDOUT_FILENO))
		return true;
	say_errno("cannot write to standard output");
	return false;
}

int cli_print_ref(const struct ref *ref)
{
	char text[REF_TEXT_MAX];
	size_t length = strlen(ref_print(ref, text));

	text[length] = '\n';
	if (fdio_write_all(STDOUT_FILENO, text, length + 1) == 0)
		return 0;
	say_errno("cannot write to standard output");
	return -1;
}
