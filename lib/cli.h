/* SPDX-License-Identifier: MIT */
#ifndef CLI_H
#define CLI_H

#include <argp.h>
#include <stdbool.h>

#include "patience.h"
#include "record.h"
#include "ref.h"

/*
 * The part of a command line that all commands share.  Only this module and
 * the commands may end the process.
 */

/*
 * Parse the command line into REQUEST, which is handed to ARGP's parser as
 * state->input.  Does not return when the command line is wrong (exit status
 * 2), nor after --help or --version (exit status 0).
 *
 * Beyond argp_parse() it makes sure that
 *   - messages start with "ipc-x", never with the path it was started by, and
 *     nothing in them drives a terminal;
 *   - -h is --help and -V is --version;
 *   - options are read in order, whatever POSIXLY_CORRECT says;
 *   - descriptors 0, 1 and 2 are taken, so that no object the command opens
 *     can land on one of them and be written to as if it were stdout;
 *   - the environment cannot reshape --help (in glibc 2.36, for one,
 *     ARGP_HELP_FMT=rmargin=4 makes it print for ever);
 *   - what was written to stdout is known to have arrived: when it did not (a
 *     full disk), the process says so and exits with the status of a failure,
 *     whatever main() returns;
 *   - a parser that returns an errno is a bug that stops, not a silence.
 * Source: glibc manual, "Parsing Program Options with Argp".
 */
void cli_parse(const struct argp *argp, int argc, char **argv, void *request);

/*
 * For commands that run a COMMAND after "--": from now on wrong usage and our
 * own failures are status 125.  Call it before cli_parse().
 */
void cli_expect_command(int argc, char **argv);

/* The same for commands that always run one. */
void cli_require_command(void);

/* The status of a failure of our own: 1, or 125 when there is a COMMAND. */
int cli_failure(void);

/* STATUS as it is to be told: with a COMMAND, 1 to 5 become 125. */
int cli_status(int status);

/*
 * For the operand that a parser is at.  cli_is_quoted(): it stands behind a
 * "--".  cli_take_words(): it and all words after it, ended by NULL; nothing of
 * the command line is left then.  cli_take_command(): the same for a COMMAND that
 * stands behind a "--" only, else a usage error that says so.  cli_free_words():
 * the words after it, called WHAT, which may begin with "-" only behind a "--":
 * else it ends with a usage error that says so.  NULL when there are none.
 * cli_rest_of_words(): the words after it as they are, but for a "--" that comes
 * first.
 */
bool cli_is_quoted(const struct argp_state *state);
char **cli_take_words(struct argp_state *state);
char **cli_take_command(struct argp_state *state);
char **cli_free_words(struct argp_state *state, const char *what);
char **cli_rest_of_words(struct argp_state *state);

/*
 * Shared options.  List one among an argp's children, and point that child's
 * input at the struct (NULL for cli_quiet_argp's bool *).
 */
extern const struct argp cli_patience_argp; /* -n -t: struct patience */
extern const struct argp cli_frame_argp;    /* -F -0 -j: struct cli_frame */
extern const struct argp cli_quiet_argp;    /* -q: bool */
extern const struct argp cli_verbose_argp;  /* -v: bool */
extern const struct argp cli_progress_argp; /* -P: bool */

struct cli_frame {
	enum frame frame;
	bool given;
};

/* Read TEXT as a REF into REF, or end with a usage error. */
void cli_ref(struct argp_state *state, const char *text, unsigned kinds, struct ref *ref);

/* A number, a size, a mode as the value of an option called NAME, or a usage error. */
int64_t cli_number(struct argp_state *state, const char *name, const char *text, int64_t least,
		   int64_t most);
int64_t cli_size(struct argp_state *state, const char *name, const char *text);
mode_t cli_mode(struct argp_state *state, const char *text);

/*
 * Whether something written to standard output can arrive at all.  False,
 * after saying so, when it was closed or is open for reading only.  For
 * commands that take or make something before they write.
 */
bool cli_stdout_usable(void);

/* Make printf(3) and the like wait for room where standard output is non-blocking. */
void cli_patient_stdout(void);

/*
 * Print REF to standard output, as a line, at once.  Returns 0, or -1 after
 * saying that it could not be written.
 */
int cli_print_ref(const struct ref *ref);

/* "s" for a COUNT of things that is not one. */
const char *cli_plural(long long count);

/*
 * The status of ERROR: 4 for an object that is not there, 5 for one that must
 * not be, 3 for no time left, 1 for others; with a COMMAND, 125.
 */
int cli_status_of(int error);

/* Whether STATUS says itself, to who asked for QUIET, that it is not there (4) or there (5). */
bool cli_is_said(bool quiet, int status);

#endif
