/* SPDX-License-Identifier: MIT */
#include "cli-semaphore.h"

#include <errno.h>
#include <string.h>

#include "cli.h"
#include "say.h"
#include "status.h"

void cli_semaphore_ref(struct argp_state *state, const char *text, struct ref *ref)
{
	const char *wrong;

	cli_ref(state, text, REF_SEM, ref);
	wrong = ref_unfit_for_old(ref);
	if (wrong != NULL)
		argp_error(state, "reference '%s' %s", text, wrong);
}

static const char *reason(const struct ref *ref, int error)
{
	if (error == EIDRM)
		return "it has been removed";
	/* The file of a POSIX semaphore may be too large, for "ulimit -f". */
	if (error == EFBIG && !ref_is_posix(ref))
		return "there is no such member";
	return strerror(error);
}

/* Apart from the way of success, whose stack need not have room for names. */
__attribute__((noinline)) int cli_semaphore_failure(const char *action, const struct ref *ref,
						    size_t wanted, int error, bool quiet)
{
	char text[REF_TEXT_MAX], hint[SEMAPHORE_HINT_MAX];
	int status = cli_status_of(error);

	if (!cli_is_said(quiet, status)) {
		semaphore_hint(hint, ref, wanted, error);
		say("cannot %s %s: %s%s", action, ref_print(ref, text), reason(ref, error), hint);
	}
	return status;
}

__attribute__((noinline)) static int key_failed(const struct ref *ref)
{
	char text[REF_TEXT_MAX];

	say_errno("cannot make a key for %s", ref_print(ref, text));
	return cli_failure();
}

int cli_semaphore_key(struct ref *ref)
{
	return ref_resolve(ref) < 0 ? key_failed(ref) : STATUS_OK;
}

int cli_semaphore_open(struct semaphore *semaphore, struct ref *ref, enum semaphore_access access,
		       bool quiet)
{
	int status = cli_semaphore_key(ref);

	if (status != STATUS_OK || semaphore_open(semaphore, ref, access) == 0)
		return status;
	return cli_semaphore_failure("open", ref, 0, errno, quiet);
}
