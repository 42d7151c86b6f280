/* SPDX-License-Identifier: MIT */
#include "cli-feed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "say.h"
#include "status.h"

int cli_feed_begin(struct cli_feed *feed, int object)
{
	if (stop_begin(&feed->stop, 0) < 0) {
		say_errno("cannot watch for signals");
		return cli_failure();
	}
	feed->waker = (struct waker){ .stop = feed->stop.descriptor,
				      .output = -1,
				      .object = object,
				      .limit = feed->options->patience.limit };
	return STATUS_OK;
}

struct source cli_feed_input(struct cli_feed *feed, size_t longest)
{
	struct stat status;

	if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode))
		feed->progress.total_bytes = status.st_size;
	return (struct source){
		.descriptor = STDIN_FILENO,
		.stop = feed->stop.descriptor,
		.limit = longest,
		.parser.frame = feed->options->frame.frame,
	};
}

/* How many went, where the status leaves that open. */
static void say_count(const struct cli_feed *feed, bool finished)
{
	const struct cli_stream *options = feed->options;

	if (options->quiet || (finished ? !options->verbose : feed->count == 0))
		return;
	say("%llu %s%s %s %s", feed->count, feed->noun, cli_plural((long long)feed->count),
	    feed->done, feed->text);
}

/* A wait or a read was cut short by a signal: die of it. */
static int stopped(struct cli_feed *feed)
{
	int signal = stop_signal(&feed->stop, NULL);

	progress_end(&feed->progress);
	if (!feed->options->quiet)
		say("stopped by SIG%s: %llu %s%s %s %s", sigabbrev_np(signal), feed->count,
		    feed->noun, cli_plural((long long)feed->count), feed->done, feed->text);
	stop_die(signal);
}

int cli_feed_failed(struct cli_feed *feed, int error)
{
	const struct cli_stream *options = feed->options;

	progress_end(&feed->progress);
	if (error == EINTR)
		return stopped(feed);
	if (error == EAGAIN || error == ETIMEDOUT) {
		if (options->verbose && !options->quiet)
			say("no room in %s", feed->text);
	} else if (error == EIDRM) {
		if (!options->quiet)
			say("cannot %s %s: it has been removed", feed->action, feed->text);
	} else {
		feed->explain(feed, error);
	}
	say_count(feed, false);
	return cli_status_of(error);
}

int cli_feed_too_long_word(struct cli_feed *feed, size_t number, const char *word, size_t longest,
			   const char *hint)
{
	progress_end(&feed->progress);
	say("cannot %s %s: %s %zu has %zu bytes, and it takes %zu%s", feed->action, feed->text,
	    feed->noun, number, strlen(word), longest, hint);
	say_count(feed, false);
	return cli_failure();
}

int cli_feed_too_long(struct cli_feed *feed, const struct source *source, size_t longest,
		      const char *hint)
{
	source_unread(source);
	progress_end(&feed->progress);
	say("cannot %s %s: record %llu, at byte %llu, has %s%llu bytes, and it takes %zu%s",
	    feed->action, feed->text, (unsigned long long)source->number,
	    (unsigned long long)source->offset, source->length_known ? "" : "more than ",
	    (unsigned long long)source->length, longest, hint);
	say_count(feed, false);
	return cli_failure();
}

int cli_feed_broken(struct cli_feed *feed, const struct source *source, const char *phrase,
		    size_t at)
{
	source_unread(source);
	progress_end(&feed->progress);
	cli_say_broken_record(source, phrase, at);
	say_count(feed, false);
	return cli_failure();
}

int cli_feed_unread(struct cli_feed *feed, const struct source *source, enum source_next found)
{
	int error = errno;

	if (found == SOURCE_BROKEN)
		return cli_feed_broken(feed, source, source->parser.phrase, source->parser.at);
	if (found == SOURCE_STOPPED) {
		source_unread(source);
		return stopped(feed);
	}
	progress_end(&feed->progress);
	errno = error;
	say_errno("cannot read standard input");
	say_count(feed, false);
	return cli_failure();
}

int cli_feed_end(struct cli_feed *feed, int status)
{
	progress_end(&feed->progress);
	if (status == STATUS_OK)
		say_count(feed, true);
	return status;
}
