/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "say.h"
#include "scan.h"
#include "status.h"
#include "stop.h"

#ifndef VERSION
#define VERSION "0.0.0-unreleased"
#endif

/* What a usage error ends with also tells whether a COMMAND's statuses are to be free. */
error_t argp_err_exit_status = STATUS_USAGE;

static bool runs_command(void)
{
	return argp_err_exit_status == STATUS_OWN_FAILURE;
}

void cli_expect_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			cli_require_command();
}

void cli_require_command(void)
{
	argp_err_exit_status = STATUS_OWN_FAILURE;
}

int cli_failure(void)
{
	return runs_command() ? STATUS_OWN_FAILURE : STATUS_FAILED;
}

int cli_status(int status)
{
	return runs_command() && status >= STATUS_FAILED && status <= STATUS_EXISTS
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

bool cli_is_said(bool quiet, int status)
{
	return quiet && (status == STATUS_ABSENT || status == STATUS_EXISTS);
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

char **cli_take_command(struct argp_state *state)
{
	if (!cli_is_quoted(state))
		argp_error(state, "'%s' is one word too many: a COMMAND stands after --",
			   state->argv[state->next - 1]);
	return cli_take_words(state);
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
				   "'%s' begins with a dash: options stand before REF, and %s %s "
				   "that begins so stands after --",
				   *from, strchr("AEIOU", *what) != NULL ? "an" : "a", what);
		*to++ = *from;
	}
	*to = NULL;
	state->argc = (int)(to - state->argv);
	state->next = state->argc;
	return to == words ? NULL : words;
}

char **cli_rest_of_words(struct argp_state *state)
{
	char **words = state->argv + state->next;

	state->next = state->argc;
	if (*words != NULL && strcmp(*words, "--") == 0)
		words++;
	return *words == NULL ? NULL : words;
}

/* --help, --usage and --version */

enum { KEY_USAGE = 256 };

/* Without printf(3), which would allocate a buffer. */
static void print_version(const char *name)
{
	const char *const parts[] = { name, " (ipcbox) ", VERSION, "\n" };
	static char line[NAME_MAX + 64];

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		strncat(line, parts[i], sizeof line - strlen(line) - 1);
	if (fdio_write_all(STDOUT_FILENO, line, strlen(line)) < 0) {
		say_errno("cannot write to standard output");
		exit(cli_failure());
	}
}

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
		print_version(state->name);
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

/* The environment we were started with, while argp sees another one. */
static char **environment;

/* At every exit(3), argp's own after --help included. */
static void check_stdout(void)
{
	bool failed_before = ferror(stdout);

	environ = environment;
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
	/* As wide as a terminal: "Try ..." with a long name has to fit on its line. */
	char *formatted[] = { (char[]){ "ARGP_HELP_FMT=rmargin=80" }, NULL };
	error_t error;

	take_standard_descriptors();
	stop_survive_file_limit();
	environment = environ;
	atexit(check_stdout);
	if (argc > 0)
		argv[0] = program_invocation_short_name;
	guard_stderr(argc, argv);
	environ = formatted; /* setenv(3) would allocate */
	error = argp_parse(&whole, argc, argv, ARGP_NO_HELP | ARGP_IN_ORDER, NULL, request);
	environ = environment;
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

static ssize_t write_patiently(void *cookie, const char *bytes, size_t length)
{
	(void)cookie;
	return fdio_write_all(STDOUT_FILENO, bytes, length) < 0 ? 0 : (ssize_t)length;
}

void cli_patient_stdout(void)
{
	const cookie_io_functions_t functions = { .write = write_patiently };
	FILE *patient = fopencookie(NULL, "w", functions);

	if (patient != NULL)
		stdout = patient;
}

int cli_print_ref(const struct ref *ref)
{
	char text[REF_TEXT_MAX + 1];
	int result;

	strcat(ref_print(ref, text), "\n");
	result = fdio_write_all(STDOUT_FILENO, text, strlen(text));
	if (result < 0)
		say_errno("cannot write to standard output");
	return result;
}

const char *cli_plural(long long count)
{
	return count == 1 ? "" : "s";
}
