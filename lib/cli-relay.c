/* SPDX-License-Identifier: MIT */
#include "cli-relay.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "fdio.h"
#include "own.h"
#include "say.h"
#include "status.h"

static const char *name_of(const struct relay_end *end)
{
	if (strcmp(end->text, "-") != 0)
		return end->text;
	return end->is_sink ? "standard output" : "standard input";
}

static double seconds(int64_t nanoseconds)
{
	return (double)nanoseconds / 1e9;
}

static int64_t bytes_read(const struct relay *relay)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < relay->source_count; i++)
		bytes += relay->sources[i].bytes;
	return bytes;
}

/* A NAME as JSON has it: other people's bytes are shown with \xHH there, too. */
static json_t *json_name(const char *name)
{
	size_t length = strlen(name);
	OWN_MEM char *safe = malloc(4 * length + 1);

	return safe == NULL
		       ? NULL
		       : json_stringn(safe, say_defang(safe, name, length, SAY_BACKSLASH_ESCAPED));
}

static json_t *json_end(const struct relay_end *end)
{
	json_t *object = json_pack("{s:o, s:I, s:f, s:I}", "name", json_name(end->text), "bytes",
				   (json_int_t)end->bytes, "waited", seconds(end->waited), "peers",
				   (json_int_t)end->peers);
	json_t *losses;

	if (object == NULL)
		return object;
	if (end->is_sink)
		losses = json_pack("{s:I, s:I, s:I, s:b}", "lost_bytes",
				   (json_int_t)end->lost_bytes, "dropped_records",
				   (json_int_t)end->dropped_records, "dropped_bytes",
				   (json_int_t)end->dropped_bytes, "cut", (int)end->cut);
	else
		losses = json_pack("{s:I, s:I}", "lost_bytes", (json_int_t)end->lost_bytes,
				   "unread_bytes", (json_int_t)end->unread_bytes);
	if (losses == NULL || json_object_update(object, losses) < 0)
		say("cannot print the summary: no memory");
	json_decref(losses);
	return object;
}

static void print_json(const struct relay *relay)
{
	json_t *sources = json_array(), *sinks = json_array(), *summary;
	char *text = NULL;

	for (size_t i = 0; i < relay->source_count; i++)
		json_array_append_new(sources, json_end(&relay->sources[i]));
	for (size_t i = 0; i < relay->sink_count; i++)
		json_array_append_new(sinks, json_end(&relay->sinks[i]));
	summary = json_pack("{s:i, s:I, s:f, s:I, s:o, s:o}", "version", 1, "bytes",
			    (json_int_t)bytes_read(relay), "elapsed",
			    seconds(patience_now() - relay->start), "buffered_most",
			    (json_int_t)relay->store.most, "sources", sources, "sinks", sinks);
	if (summary != NULL)
		text = json_dumps(summary, JSON_COMPACT | JSON_REAL_PRECISION(9));
	json_decref(summary);
	if (text == NULL) {
		say("cannot print the summary: no memory");
		return;
	}
	text[strlen(text)] = '\n'; /* the NUL is not needed any more */
	fdio_write_all(STDERR_FILENO, text, strcspn(text, "\n") + 1);
	free(text);
}

static void print_end(const struct relay_end *end)
{
	char losses[160] = "";
	int used = 0;

	if (end->dropped_records > 0)
		used = snprintf(losses, sizeof losses, ", dropped %lld records of %lld bytes",
				(long long)end->dropped_records, (long long)end->dropped_bytes);
	if (end->lost_bytes > 0)
		used += snprintf(losses + used, sizeof losses - (size_t)used, ", lost %lld bytes",
				 (long long)end->lost_bytes);
	if (end->unread_bytes > 0)
		snprintf(losses + used, sizeof losses - (size_t)used, ", left %lld bytes unread",
			 (long long)end->unread_bytes);
	if (end->cut)
		snprintf(losses + used, sizeof losses - (size_t)used, ", cut off");
	say("%s %s: %lld bytes, waited for %.3f s%s", end->is_sink ? "sink" : "source",
	    name_of(end), (long long)end->bytes, seconds(end->waited), losses);
}

static void print_summary(const struct cli_relay *job)
{
	const struct relay *relay = &job->relay;
	double elapsed = seconds(patience_now() - relay->start);
	int64_t bytes = bytes_read(relay);

	if (job->json) {
		print_json(relay);
		return;
	}
	say("%lld bytes in %.3f s, %.1f MiB/s", (long long)bytes, elapsed,
	    elapsed > 0 ? (double)bytes / elapsed / 1048576 : 0);
	for (size_t i = 0; i < relay->source_count; i++)
		print_end(&relay->sources[i]);
	for (size_t i = 0; i < relay->sink_count; i++)
		print_end(&relay->sinks[i]);
}

static void tell_reader_gone(const struct relay_end *end)
{
	if (end->sort == RELAY_SOCKET)
		say("the reader of %s has gone: %lld bytes written; what it has not read of them "
		    "is lost",
		    name_of(end), (long long)end->bytes);
	else
		say("the reader of %s has gone: %lld bytes written, %lld of them lost in its pipe",
		    name_of(end), (long long)end->bytes, (long long)end->lost_bytes);
}

/* How many BYTES have not gone their way. */
static void tell_bytes(const struct cli_relay *job, enum relay_event event,
		       const struct relay_end *end, int64_t bytes)
{
	const struct relay *relay = &job->relay;

	switch (event) {
	case RELAY_UNDELIVERED:
		say("%lld bytes could not be delivered to %s", (long long)bytes, name_of(end));
		break;
	case RELAY_HELD_BACK:
		say("%lld bytes of a record of %s that was not at its end were held back",
		    (long long)bytes, name_of(end));
		break;
	case RELAY_UNREAD:
		/* Status 3, and nothing done: silence. */
		if (relay->signal != 0 || !relay->timed_out || bytes_read(relay) > 0)
			say("%lld bytes were left unread in %s", (long long)bytes, name_of(end));
		break;
	default:
		break;
	}
}

static void tell(const struct relay *relay, enum relay_event event, const struct relay_end *end,
		 int64_t error)
{
	const struct cli_relay *job = (const struct cli_relay *)relay;

	errno = (int)error;
	switch (event) {
	case RELAY_READ_FAILED:
		say_errno("cannot read %s", name_of(end));
		break;
	case RELAY_WRITE_FAILED:
		say_errno("cannot write to %s", name_of(end));
		break;
	case RELAY_SPILL_FULL:
		say_errno("cannot spill more, waiting for the sinks");
		break;
	case RELAY_SPILL_FAILED:
		say_errno("cannot read back what was spilled");
		break;
	case RELAY_READER_GONE:
		tell_reader_gone(end);
		break;
	case RELAY_PEER_LEFT:
		if (job->verbose)
			say("the %s of %s has gone, waiting for the next",
			    end->is_sink ? "reader" : "writer", name_of(end));
		break;
	case RELAY_UNRENEWED:
		say_errno("cannot renew %s, whose readers may get parts of records", name_of(end));
		break;
	case RELAY_NO_PEER:
		if (job->verbose)
			say("nobody has opened the other side of %s in time", name_of(end));
		break;
	case RELAY_WAS_CUT:
		if (!job->quiet)
			say("%s is too slow: cut off after %lld bytes", name_of(end),
			    (long long)end->position);
		break;
	case RELAY_UNDELIVERED:
	case RELAY_HELD_BACK:
	case RELAY_UNREAD:
		tell_bytes(job, event, end, error);
		break;
	case RELAY_CUT_SHORT:
		say("a record of %s that was not at its end was cut short", name_of(end));
		break;
	case RELAY_LEFT:
		say_errno("cannot remove %s", name_of(end));
		break;
	case RELAY_ASKED:
		print_summary(job);
		break;
	}
}

/*
 * What was lost is told, whether a summary is wanted or not; and, by --quiet,
 * all but what the policy has dropped.
 */
static void tell_losses(const struct cli_relay *job)
{
	for (size_t i = 0; i < job->relay.sink_count; i++) {
		const struct relay_end *sink = &job->relay.sinks[i];

		if ((sink->dropped_records > 0 && !job->quiet) ||
		    (sink->lost_bytes > 0 && (sink->returns || sink->cut)))
			print_end(sink);
	}
}

/* Status 3: what was done; where that is nothing, silence. */
static void tell_missed(const struct cli_relay *job)
{
	const struct relay *relay = &job->relay;
	int64_t bytes = bytes_read(relay);

	for (size_t i = 0; i < relay_end_count(relay) && bytes > 0; i++)
		if (relay_end_at(relay, i)->missed)
			say("nobody has opened the other side of %s in time: %lld bytes were moved",
			    name_of(relay_end_at(relay, i)), (long long)bytes);
}

int cli_relay_open(struct cli_relay *job)
{
	const struct relay_end *end;
	int status;

	job->relay.progress = &job->progress;
	job->relay.tell = tell;
	end = relay_open(&job->relay);
	if (end == NULL)
		return STATUS_OK;
	status = end->phrase != NULL && errno == EISDIR ? STATUS_USAGE : cli_status_of(errno);
	if (end->phrase != NULL)
		say("cannot open %s: it %s", name_of(end), end->phrase);
	else if (!cli_is_said(job->quiet, status))
		say_errno("cannot open %s", name_of(end));
	return status;
}

int cli_relay_run(struct cli_relay *job)
{
	struct relay *relay = &job->relay;
	int result = relay_run(relay);

	progress_end(&job->progress);
	if (result < 0) {
		say("cannot make a buffer: not enough memory");
		return STATUS_FAILED;
	}
	if (job->stats && !job->quiet)
		print_summary(job);
	else
		tell_losses(job);
	if (!job->quiet)
		tell_missed(job);
	if (relay->signal != 0)
		stop_die(relay->signal);
	return relay->failed ? STATUS_FAILED : relay->timed_out ? STATUS_NOT_NOW : STATUS_OK;
}
