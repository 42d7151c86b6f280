/* SPDX-License-Identifier: MIT */
/*
 * ipc-mmap-cat - read, dump, change and watch shared memory and mapped files
 *
 * An object may be cut short, replaced or removed while it is read: so it is
 * read, not mapped, where it has a descriptor, and looked at again afterwards.
 * What is known to be impossible is refused before the first byte moves.
 */
#include <unistd.h>

#include "cli-mmap-request.h"
#include "cli-segment.h"
#include "cli-watch.h"
#include "cli.h"
#include "pour.h"
#include "say.h"
#include "status.h"
#include "store.h"

/* A job on one target. */
struct job {
	const struct mmap_request *request;
	struct cli_target target;
	struct segment segment;
	int64_t offset, length;
};

/* What became of the object while it was read; only a cut end is a failure. */
static int say_afterwards(const struct job *job, const struct pour *pour, enum pour_end end)
{
	const struct segment_facts *before = &job->segment.facts;
	const char *text = job->target.text;
	struct segment_facts now;
	bool quiet = job->request->quiet;

	if (segment_look(&job->segment, &now) < 0)
		now = *before; /* System V: not to be read any more, which does not matter here */
	if (end == POUR_CUT || now.size < job->offset + job->length) {
		say("cannot read all of %s: truncated while being read, %lld of %lld bytes were "
		    "written",
		    text, (long long)pour->done, (long long)job->length);
		return STATUS_FAILED;
	}
	if (quiet)
		return STATUS_OK;
	if (now.removed && !before->removed)
		say("%s was removed or replaced while being read; its bytes were written", text);
	else if (now.size != before->size)
		say("%s grew while being read; %lld bytes were written", text,
		    (long long)pour->done);
	else if (now.changed.tv_sec != before->changed.tv_sec ||
		 now.changed.tv_nsec != before->changed.tv_nsec)
		say("%s changed while being read", text);
	return STATUS_OK;
}

static int read_out(struct job *job)
{
	const struct mmap_request *request = job->request;
	struct pour pour_out = {
		.segment = &job->segment,
		.output = STDOUT_FILENO,
		.form = request->form,
		.type = request->type,
		.verbose = request->verbose,
		.holes = request->holes,
		.zero_copy = request->zero_copy,
	};
	enum pour_end end = pour(&pour_out, job->offset, job->length);

	switch (end) {
	case POUR_READ_FAILED:
		say_errno("cannot read %s", job->target.text);
		return STATUS_FAILED;
	case POUR_WRITE_FAILED:
		say_errno("cannot write to standard output");
		return STATUS_FAILED;
	case POUR_DONE:
	case POUR_CUT:
		break;
	}
	return say_afterwards(job, &pour_out, end);
}

static bool is_whole(const struct job *job)
{
	int64_t size = (int64_t)job->request->type.size;

	if (job->request->form != POUR_NUMBERS || job->length % size == 0)
		return true;
	say("cannot take %lld bytes of %s as numbers of %lld: --length says how many to take",
	    (long long)job->length, job->target.text, (long long)size);
	return false;
}

static int read_target(struct job *job)
{
	const struct mmap_request *request = job->request;
	const struct cli_watch watch = {
		.segment = &job->segment,
		.text = job->target.text,
		.patience = request->patience,
		.interval = request->interval,
		.form = request->form,
		.type = request->type,
		.verbose = request->verbose,
		.quiet = request->quiet,
	};
	int status = STATUS_OK;

	if (cli_range_in(&request->range, &job->target, job->segment.size, &job->offset,
			 &job->length) < 0 ||
	    !is_whole(job))
		return STATUS_FAILED;
	if (request->watch)
		return cli_watch_changes(&watch, job->offset, job->length,
					 request->range.length == 0);
	if (request->has_until)
		status = cli_watch_until(&watch, &request->until, request->quiet);
	if (status != STATUS_OK || (request->has_until && request->quiet))
		return status;
	/* What happened before the condition came about was waited for. */
	if (request->has_until)
		segment_look(&job->segment, &job->segment.facts);
	return read_out(job);
}

static int say_stored(const struct job *job, const struct store *stored, enum store_end end)
{
	const char *text = job->target.text;
	long long bytes = (long long)stored->stored;

	switch (end) {
	case STORE_DONE:
		if (job->request->verbose)
			say("%lld bytes stored in %s", bytes, text);
		return STATUS_OK;
	case STORE_FULL:
		say("cannot store all of standard input in %s: it ends there; %lld bytes stored",
		    text, bytes);
		break;
	case STORE_TOO_LONG:
		say("cannot store %lld bytes from %lld on in %s: there is room for %lld; none "
		    "stored",
		    (long long)stored->left, (long long)stored->offset, text,
		    (long long)stored->room);
		break;
	case STORE_ITSELF:
		say("cannot store standard input in %s: they are one file, which would grow for "
		    "ever; none stored",
		    text);
		break;
	case STORE_CUT:
		say("cannot store all of standard input in %s: truncated while being written; "
		    "up to %lld bytes stored",
		    text, bytes);
		break;
	case STORE_BROKEN:
		say("cannot store line %llu in %s: it %s; %lld bytes stored",
		    (unsigned long long)stored->line, text, stored->phrase, bytes);
		break;
	case STORE_INPUT_FAILED:
		say_errno("cannot read standard input; %lld bytes stored in %s", bytes, text);
		break;
	case STORE_FAILED:
		say_errno("cannot store in %s; %lld bytes stored", text, bytes);
		break;
	}
	return STATUS_FAILED;
}

static int write_target(struct job *job)
{
	const struct mmap_request *request = job->request;
	struct store stored = {
		.segment = &job->segment,
		.input = STDIN_FILENO,
		.type = request->form == POUR_NUMBERS ? &request->type : NULL,
		.grow = request->grow,
	};
	int64_t size = job->segment.size;

	if (request->grow && !request->range.from_end) {
		job->offset = request->range.offset;
	} else if (cli_range_in(&request->range, &job->target, size, &job->offset, &job->length) <
		   0) {
		return STATUS_FAILED;
	}
	stored.offset = job->offset;
	stored.room = job->length;
	return say_stored(job, &stored, store(&stored));
}

static int do_target(const struct mmap_request *request, const char *word)
{
	static struct job job;
	int status;

	job = (struct job){ .request = request };
	cli_target(NULL, word, &job.target); /* it was read before: it is right */
	status = cli_target_open(&job.target, request->write ? SEGMENT_WRITE : SEGMENT_READ,
				 request->quiet, &job.segment);
	if (status != STATUS_OK)
		return status;
	status = request->write ? write_target(&job) : read_target(&job);
	segment_close(&job.segment);
	return status;
}

int main(int argc, char **argv)
{
	static struct mmap_request request;
	int status = STATUS_OK;

	mmap_request_parse(&request, argc, argv);
	if (!request.write && !(request.has_until && request.quiet) && !cli_stdout_usable())
		return STATUS_FAILED;
	for (char **word = request.targets; *word != NULL; word++) {
		int one = do_target(&request, *word);

		if (status == STATUS_OK)
			status = one;
	}
	return status;
}
