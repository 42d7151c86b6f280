/* SPDX-License-Identifier: MIT */
#ifndef CLI_CREATE_H
#define CLI_CREATE_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ref.h"
#include "scope.h"

/*
 * What the commands that make an object have in common: a REF that is free, or
 * --exist-ok with what exists; and an object that somebody knows of: its REF is
 * printed or is in a COMMAND's environment, or the object is removed.
 */
struct cli_create {
	/* Settings. */
	unsigned kinds;   /* that REF may have */
	const char *noun; /* "queue" */

	/* What the command line says. */
	struct ref ref;
	bool has_ref, exist_ok, allow_foreign, quiet;
	mode_t mode; /* as it was before, without --mode */
	char **command;
};

/*
 * -e, -m, -q, --allow-foreign, REF and -- COMMAND.  List it among an argp's
 * children with a struct cli_create as its input.  When that argp's own parser
 * gets ARGP_KEY_END, there is a REF.
 */
extern const struct argp cli_create_argp;

/* Read TEXT as the REF of an object to be made, or end with a usage error. */
void cli_new_ref(struct argp_state *state, const char *text, unsigned kinds, struct ref *ref);

/*
 * End with a usage error when --exist-ok meets a COMMAND, or --allow-foreign has
 * nothing to go with.
 */
void cli_check_exist_ok(struct argp_state *state, bool exist_ok, bool allow_foreign,
			char **command);

/*
 * For --exist-ok: whether an object that exists is somebody else's, or wider
 * open than WIDEST; PHRASE, of SIZE bytes, then says so.
 */
struct cli_existing {
	uid_t owner, creator;
	mode_t mode;
};
bool cli_is_foreign(const struct cli_existing *existing, char *phrase, size_t size);
bool cli_is_unfit(const struct cli_existing *existing, mode_t widest, bool allow_foreign,
		  char *phrase, size_t size);

/* Say that REF cannot be used, because of PHRASE.  Returns -1. */
int cli_say_unfit(const struct ref *ref, const char *phrase);

/*
 * Make OBJECT as SCOPE has it.  Without a COMMAND its REF is printed, and when
 * that fails, or a signal comes first, OBJECT is removed; SCOPE's remove() leaves
 * what existed before.  Returns the exit status, unless it dies of that signal.
 */
int cli_create(const struct scope *scope, void *object, char **command);

#endif
