/* SPDX-License-Identifier: MIT */
#include "cli-queue.h"

#include <errno.h>
#include <stdint.h>
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

/* The kernel takes an int and would drop what is above it: ipc/msg.c, msgctl_down(). */
int64_t cli_queue_capacity(struct argp_state *state, const char *text)
{
	int64_t capacity = cli_size(state, "capacity", text);

	if (capacity > INT32_MAX)
		argp_error(state, "capacity '%s' is too large (%d bytes at most)", text, INT32_MAX);
	return capacity;
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

/* Apart from the way of success, whose stack need not have room for names. */
__attribute__((noinline)) static int open_failed(const struct ref *ref, bool quiet)
{
	int error = errno, status = cli_status_of(error);

	if (!cli_is_said(quiet, status))
		cli_queue_failure("open", ref, NULL, error);
	return status;
}

__attribute__((noinline)) static int key_failed(const struct ref *ref)
{
	char text[REF_TEXT_MAX];

	say_errno("cannot make a key for %s", ref_print(ref, text));
	return cli_failure();
}

int cli_queue_open(struct queue *queue, struct ref *ref, enum queue_access access, bool quiet)
{
	if (ref_resolve(ref) < 0)
		return key_failed(ref);
	return queue_open(queue, ref, access) < 0 ? open_failed(ref, quiet) : STATUS_OK;
}

void cli_queue_say_returned(const struct delivery_return *count, const char *ref, const char *file)
{
	if (count->put_back > 0)
		say("%zu message%s put back into %s", count->put_back,
		    cli_plural((long long)count->put_back), ref);
	if (count->dead > 0)
		say("%zu message%s neither delivered nor put back: see %s", count->dead,
		    cli_plural((long long)count->dead), file);
	if (count->shown > 0)
		say("%zu message%s neither delivered nor put back: see the JSON above",
		    count->shown, cli_plural((long long)count->shown));
	if (count->lost > 0)
		say("%zu message%s lost: no place to write to was left", count->lost,
		    cli_plural((long long)count->lost));
}
