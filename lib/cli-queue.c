/* SPDX-License-Identifier: MIT */
#include "cli-queue.h"

#include <errno.h>
#include <string.h>

#include "cli.h"
#include "say.h"
#include "status.h"

void cli_queue_ref(struct argp_state *state, const char *text, struct ref *ref)
{
	const char *wrong;

	cli_ref(state, text, REF_MQ, ref);
	wrong = ref_unfit_for_old(ref);
	if (wrong != NULL)
		argp_error(state, "reference '%s' %s", text, wrong);
}

void cli_queue_choice(struct argp_state *state, const char *text, struct queue_choice *choice)
{
	const char *wrong = queue_scan_choice(text, choice);

	if (wrong != NULL)
		argp_error(state, "type '%s' %s (N, -N or not:N)", text, wrong);
}

void cli_queue_check_choice(struct argp_state *state, const struct ref *ref,
			    const struct queue_choice *choice)
{
	if (choice->pick != QUEUE_ANY && ref_is_posix(ref))
		argp_error(state, "--type is for System V queues; a POSIX queue has no types");
}

void cli_queue_failure(const char *action, const struct ref *ref, const struct queue_shape *shape,
		       int error)
{
	char text[REF_TEXT_MAX], hint[QUEUE_HINT_MAX];

	queue_hint(hint, ref, shape, error);
	say("cannot %s %s: %s%s", action, ref_print(ref, text), strerror(error), hint);
}

int cli_queue_open(struct queue *queue, struct ref *ref, enum queue_access access, bool quiet)
{
	char text[REF_TEXT_MAX];

	if (ref_resolve(ref) < 0) {
		say_errno("cannot make a key for %s", ref_print(ref, text));
		return cli_failure();
	}
	if (queue_open(queue, ref, access) == 0)
		return STATUS_OK;
	if (errno != ENOENT || !quiet) {
		int error = errno;

		cli_queue_failure("open", ref, NULL, error);
		errno = error;
	}
	return cli_status_of(errno);
}

const char *cli_plural(long long count)
{
	return count == 1 ? "" : "s";
}
