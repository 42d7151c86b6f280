/* SPDX-License-Identifier: MIT */
#include "cli-watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "dump.h"
#include "fdio.h"
#include "say.h"
#include "status.h"
#include "watch.h"

/* The statuses of a wait that has to end; WAIT_ON: it has not. */
enum { WAIT_ON = -1 };

/* ENODATA: it ends before what is to be read. */
static int look_failed(const struct cli_watch *watch, int error)
{
	errno = error;
	if (error == ENODATA)
		say("cannot go on reading %s: truncated while being read", watch->text);
	else
		say_errno("cannot read %s", watch->text);
	return STATUS_FAILED;
}

/* Whether the segment is still the one that others can find. */
static int check_presence(const struct cli_watch *watch)
{
	struct segment_facts now;

	if (segment_look(watch->segment, &now) < 0) {
		if (errno != ENOENT && errno != EACCES) {
			say_errno("cannot inspect %s", watch->text);
			return STATUS_FAILED;
		}
		if (errno == EACCES)
			return WAIT_ON;
		now.removed = true;
	}
	if (!now.removed || watch->segment->facts.removed)
		return WAIT_ON;
	if (!watch->quiet)
		say("cannot wait for %s: it has been removed or replaced", watch->text);
	return STATUS_ABSENT;
}

/* Wait for the next look, at most until END.  OUTPUT (or -1) is looked at for its reader. */
static int pause_until(const struct cli_watch *watch, int64_t end, int output)
{
	int64_t next = patience_now() + watch->interval;
	bool last = end != 0 && end <= next;

	for (;;) {
		int events = fdio_await(output, 0, -1, patience_poll(last ? end : next));

		if (events == 0)
			return last && patience_now() >= end ? STATUS_NOT_NOW : WAIT_ON;
		if (events > 0) {
			raise(SIGPIPE);
			say("cannot write to standard output: %s", strerror(EPIPE));
			return STATUS_FAILED;
		}
	}
}

/* The number at OFFSET: 1 it meets the condition, 0 it does not, -1 with errno as look_failed(). */
static int look_at_number(const struct cli_watch *watch, const struct until *until, int64_t offset)
{
	char bytes[NUMBER_SIZE_MAX];

	/* Twice, so that a number that was caught half stored does not count. */
	for (int look = 0; look < 2; look++) {
		ssize_t count = segment_read(watch->segment, offset, bytes, until->type.size);

		if (count >= 0 && (size_t)count < until->type.size)
			errno = ENODATA;
		if (count < (ssize_t)until->type.size)
			return -1;
		if (!until_holds(until, number_load(&until->type, bytes)))
			return 0;
	}
	return 1;
}

int cli_watch_until(const struct cli_watch *watch, const struct until *until, bool silent)
{
	int64_t offset = until->offset, size = watch->segment->size;
	int64_t end = patience_end(&watch->patience);
	int output = silent ? -1 : STDOUT_FILENO;

	if (until->from_end)
		offset = size - offset;
	if (offset < 0 || size < (int64_t)until->type.size ||
	    offset > size - (int64_t)until->type.size) {
		say("cannot wait for the number at %s%lld of %s: it has %lld bytes",
		    until->from_end ? "-" : "", (long long)until->offset, watch->text,
		    (long long)size);
		return STATUS_FAILED;
	}
	for (;;) {
		int holds = look_at_number(watch, until, offset), error = errno, status;

		if (holds > 0)
			return STATUS_OK;
		status = check_presence(watch);
		if (status == WAIT_ON && holds < 0)
			return look_failed(watch, error);
		if (status == WAIT_ON && patience_none(&watch->patience))
			status = STATUS_NOT_NOW;
		if (status == WAIT_ON)
			status = pause_until(watch, end, output);
		/* At the end of the time, a last look. */
		if (status == STATUS_NOT_NOW && look_at_number(watch, until, offset) > 0)
			return STATUS_OK;
		if (status == STATUS_NOT_NOW && watch->verbose && !watch->quiet)
			say("the condition on %s has not come about", watch->text);
		if (status != WAIT_ON)
			return status;
	}
}

/* What is printed of changes, kept until a look is over or there is a block. */
struct lines {
	const struct cli_watch *watch;
	char text[64 * 1024];
	size_t used;
	bool failed;
};

static void flush(struct lines *lines)
{
	if (lines->used > 0 && !lines->failed &&
	    fdio_write_all(STDOUT_FILENO, lines->text, lines->used) < 0) {
		say_errno("cannot write to standard output");
		lines->failed = true;
	}
	lines->used = 0;
}

static char *place(struct lines *lines, size_t room)
{
	if (sizeof lines->text - lines->used < room)
		flush(lines);
	return lines->text + lines->used;
}

/* "2026-11-24T10:00:00.123Z", and what begins every change. */
static size_t print_start(char *out, size_t size, int64_t offset)
{
	struct timespec now;
	struct tm parts;
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	used = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts);
	return used + (size_t)snprintf(out + used, size - used, ".%03ldZ\t0x%llx",
				       now.tv_nsec / 1000000, (unsigned long long)offset);
}

static void print_numbers(struct lines *lines, const struct watch_change *change)
{
	const struct number_type *type = &lines->watch->type;

	for (int64_t at = 0; at < change->length; at += (int64_t)type->size) {
		char *start = place(lines, 256), *out = start;

		out += print_start(out, 128, change->offset + at);
		*out++ = '\t';
		out += number_print(type, number_load(type, change->before + at), out);
		*out++ = '\t';
		out += number_print(type, number_load(type, change->now + at), out);
		*out++ = '\n';
		lines->used += (size_t)(out - start);
	}
}

/* The rows of a dump, each with SIGN in front; without the address behind the last. */
static void print_rows(struct lines *lines, char sign, const struct watch_change *change,
		       const char *bytes)
{
	struct dump dump = { .address = (uint64_t)change->offset,
			     .verbose = lines->watch->verbose };
	char row[DUMP_ROOM(16)];

	for (int64_t at = 0; at < change->length; at += 16) {
		bool whole = change->length - at >= 16;
		size_t length = whole ? 16 : (size_t)(change->length - at);
		size_t used = dump_bytes(&dump, bytes + at, length, row);
		char *out;

		if (!whole) {
			dump_end(&dump, row);
			used = (size_t)(strchr(row, '\n') + 1 - row);
		}
		if (used == 0)
			continue;
		out = place(lines, used + 2);
		*out++ = sign;
		*out++ = ' ';
		memcpy(out, row, used);
		lines->used += used + 2;
	}
}

static void print_change(void *context, const struct watch_change *change)
{
	struct lines *lines = context;
	char *out;

	if (lines->watch->form == POUR_NUMBERS) {
		print_numbers(lines, change);
		return;
	}
	out = place(lines, 128);
	lines->used += print_start(out, 128, change->offset);
	out = place(lines, 128);
	lines->used += (size_t)sprintf(out, "\t%lld\n", (long long)change->length);
	if (lines->watch->form == POUR_DUMP) {
		print_rows(lines, '-', change, change->before);
		print_rows(lines, '+', change, change->now);
	}
}

/* The same of a range whose changes are watched. */
static int range_failed(const struct cli_watch *watch, const struct watch *range, int error)
{
	if (error != ENOMEM || range->needed == 0)
		return look_failed(watch, error);
	say("cannot watch %s: no memory for two copies of %lld bytes (-o and -l choose a part "
	    "of it)",
	    watch->text, (long long)range->needed);
	return STATUS_FAILED;
}

int cli_watch_changes(const struct cli_watch *watch, int64_t offset, int64_t length, bool grows)
{
	static struct lines lines;
	struct watch range = {
		.segment = watch->segment,
		.offset = offset,
		.length = length,
		.grows = grows,
		.unit = watch->form == POUR_NUMBERS ? watch->type.size : 1,
	};
	int64_t end = patience_end(&watch->patience);
	bool any = false;
	int status;

	lines = (struct lines){ .watch = watch };
	if (watch_begin(&range) < 0) {
		status = range_failed(watch, &range, errno);
		watch_end(&range);
		return status;
	}
	for (;;) {
		int waited = pause_until(watch, end, STDOUT_FILENO);
		int64_t changes = watch_next(&range, print_change, &lines);
		int error = errno;

		flush(&lines);
		status = changes < 0 ? range_failed(watch, &range, error) : check_presence(watch);
		if (lines.failed)
			status = STATUS_FAILED;
		if (changes > 0) {
			any = true;
			end = patience_end(&watch->patience);
		} else if (status == WAIT_ON && waited != WAIT_ON) {
			status = waited == STATUS_NOT_NOW && any ? STATUS_OK : waited;
		}
		if (status != WAIT_ON)
			break;
	}
	watch_end(&range);
	return status;
}
