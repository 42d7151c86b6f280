/* SPDX-License-Identifier: MIT */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stddef.h>

/*
 * Commands with subcommands: "ipc-sem post ...".  Each subcommand is parsed as
 * a command of its own, called "ipc-sem post", with its own --help, --usage and
 * --version.
 */
struct cli_verb {
	const char *name;
	const char *summary; /* for the command's own --help */
};

/*
 * Find which of the COUNT VERBS the command line is for, and take the command's
 * name away from ARGC and ARGV.  Returns its index.  Without a subcommand, or
 * with one that there is not, it ends with a usage error that names them, or
 * the closest; and it sees to the command's own --help, --usage and --version.
 * DOC is the command in one sentence.
 */
size_t cli_verb(const struct cli_verb *verbs, size_t count, const char *doc, int *argc,
		char ***argv);

#endif
