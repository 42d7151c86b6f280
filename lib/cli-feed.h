/* SPDX-License-Identifier: MIT */
#ifndef CLI_FEED_H
#define CLI_FEED_H

#include "cli-stream.h"
#include "progress.h"
#include "source.h"
#include "stop.h"
#include "waker.h"

/*
 * What the commands that put records somewhere have in common: the input, how
 * far it has got, and what is said of that at each of its ends.
 */
struct cli_feed {
	/* Settings. */
	const struct cli_stream *options;
	const struct ref *ref;
	const char *text;   /* REF, printed */
	const char *noun;   /* of what is fed: "message" */
	const char *action; /* "send to": cannot send to mq:/x: ... */
	const char *done;   /* "sent to": 3 messages sent to mq:/x */
	/* Say of an ERROR that is the object's own why it is not possible. */
	void (*explain)(struct cli_feed *feed, int error);

	/* How far it has got. */
	unsigned long long count; /* records that have gone */
	struct stop stop;
	struct waker waker;
	struct progress progress;
};

/*
 * Get ready for signals and for waits, which the removal of OBJECT ends (-1:
 * nothing).  Returns 0, or the exit status after saying why not.
 */
int cli_feed_begin(struct cli_feed *feed, int object);

/* The records of standard input, of up to LONGEST bytes; the caller closes it. */
struct source cli_feed_input(struct cli_feed *feed, size_t longest);

/* One record of LENGTH bytes more for the line of --progress. */
static inline void cli_feed_progress(struct cli_feed *feed, size_t length)
{
	if (feed->progress.running)
		progress_add(&feed->progress, (int64_t)length);
}

/*
 * The ends.  Each says what there is to say, how much went before that, and
 * returns the exit status; one that a signal has brought about dies of it.
 * What is left of SOURCE stands where it can be read again.
 *
 * cli_feed_failed(): of ERROR.  cli_feed_too_long(): the record read last is
 * longer than LONGEST bytes; HINT follows.  cli_feed_too_long_word(): so is
 * operand NUMBER, which is WORD.  cli_feed_broken(): the record read last is
 * wrong as PHRASE says, AT its byte.  cli_feed_unread(): the input has FOUND
 * something else than a record, its end, or one that is too long.
 * cli_feed_end(): the way out; says how much went when STATUS is 0.
 */
int cli_feed_failed(struct cli_feed *feed, int error);
int cli_feed_too_long_word(struct cli_feed *feed, size_t number, const char *word, size_t longest,
			   const char *hint);
int cli_feed_too_long(struct cli_feed *feed, const struct source *source, size_t longest,
		      const char *hint);
int cli_feed_broken(struct cli_feed *feed, const struct source *source, const char *phrase,
		    size_t at);
int cli_feed_unread(struct cli_feed *feed, const struct source *source, enum source_next found);
int cli_feed_end(struct cli_feed *feed, int status);

#endif
