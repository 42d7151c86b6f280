/* SPDX-License-Identifier: MIT */
#include "cli-segment.h"

#include <errno.h>
#include <string.h>

#include "cli.h"
#include "say.h"
#include "status.h"

void cli_segment_failure(const char *action, const struct ref *ref, const struct segment_plan *plan,
			 const char *sort, int error)
{
	char text[REF_TEXT_MAX], hint[SEGMENT_HINT_MAX];

	ref_print(ref, text);
	if (error == ENOTSUP && sort != NULL) {
		say("cannot %s %s: it is %s", action, text, sort);
		return;
	}
	segment_hint(hint, ref, plan, error);
	say("cannot %s %s: %s%s", action, text, strerror(error), hint);
}

static bool has_kind(const char *word)
{
	static const char *const kinds[] = { "shm:", "mq:", "sem:", "ring:" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(word, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

void cli_target(struct argp_state *state, const char *word, struct cli_target *target)
{
	const char *wrong;

	target->path = word;
	if (*word == '\0')
		argp_error(state, "the TARGET '' is empty");
	if (!has_kind(word)) {
		size_t length = strnlen(word, sizeof target->text - 1);

		memcpy(target->text, word, length);
		target->text[length] = '\0';
		return;
	}
	target->path = NULL;
	cli_ref(state, word, REF_SHM, &target->ref);
	wrong = ref_unfit_for_old(&target->ref);
	if (wrong != NULL)
		argp_error(state, "reference '%s' %s", word, wrong);
	ref_print(&target->ref, target->text);
}

static int open_failed(const struct cli_target *target, enum segment_access access, bool quiet,
		       const char *sort)
{
	const char *action = access == SEGMENT_READ ? "read" : "write to";
	int error = errno, status = cli_status_of(error);

	if (target->path == NULL) {
		if (!cli_is_said(quiet, status))
			cli_segment_failure(action, &target->ref, NULL, sort, error);
		return status;
	}
	if (error == ENOTSUP && sort != NULL)
		say("cannot %s %s: it is %s", action, target->text, sort);
	else
		say("cannot %s %s: %s%s", action, target->text, strerror(error),
		    error == ENOSYS ? " (it takes /proc, which is not mounted)" : "");
	return STATUS_FAILED;
}

int cli_target_open(struct cli_target *target, enum segment_access access, bool quiet,
		    struct segment *segment)
{
	int opened;

	if (target->path == NULL && ref_resolve(&target->ref) < 0) {
		say_errno("cannot make a key for %s", target->text);
		return STATUS_FAILED;
	}
	opened = target->path != NULL ? segment_open_file(segment, target->path, access)
				      : segment_open(segment, &target->ref, access);
	return opened < 0 ? open_failed(target, access, quiet, segment->sort) : STATUS_OK;
}

int cli_range_in(const struct cli_range *range, const struct cli_target *target, int64_t size,
		 int64_t *offset, int64_t *length)
{
	const char *text = target->text;

	if (range->offset > size) {
		say("cannot begin at %s%lld in %s: it has %lld bytes", range->from_end ? "-" : "",
		    (long long)range->offset, text, (long long)size);
		return -1;
	}
	*offset = range->from_end ? size - range->offset : range->offset;
	*length = range->length != 0 ? range->length : size - *offset;
	if (*length > size - *offset) {
		say("cannot take %lld bytes from %lld on in %s: it has %lld bytes",
		    (long long)*length, (long long)*offset, text, (long long)size);
		return -1;
	}
	return 0;
}
