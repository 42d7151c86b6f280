/* SPDX-License-Identifier: MIT */
#ifndef CLI_DRAIN_H
#define CLI_DRAIN_H

#include "cli-stream.h"
#include "outlet.h"
#include "progress.h"
#include "stop.h"
#include "waker.h"

/*
 * What the commands that take records out of something have in common: how
 * many, standard output, and what is said at each of their ends.
 */
struct cli_drain_options {
	struct cli_stream stream;
	int64_t count; /* 0: not said */
	bool all, follow;
};

/*
 * -a, -c, -f and those of cli_stream_argp, which may not contradict each other.
 * Its input is a struct cli_drain_options.  With --all nothing is waited for.
 */
extern const struct argp cli_drain_argp;

struct cli_drain {
	/* Settings. */
	const struct cli_drain_options *options;
	const char *text;   /* the REF, printed */
	const char *noun;   /* of what is taken: "message" */
	const char *action; /* "receive from": cannot receive from mq:/x: ... */
	const char *done;   /* "taken from": 3 messages taken from mq:/x */
	/* Say of an ERROR that is the object's own why it is not possible. */
	void (*explain)(struct cli_drain *drain, int error);

	/* How far it has got. */
	int64_t limit;      /* records, or INT64_MAX */
	int64_t count;      /* records */
	bool output_failed; /* the error is the output's, not the object's */
	struct stop stop;
	struct waker waker;
	struct progress progress;
};

/*
 * Get ready for signals, and find the limit.  Returns 0, or the exit status after
 * saying why not.
 */
int cli_drain_begin(struct cli_drain *drain);

/* The settings of an outlet to standard output. */
struct outlet cli_drain_outlet(struct cli_drain *drain);

/*
 * Get ready for waits, which the removal of OBJECT (-1: nothing) ends, or the
 * death of whoever reads OUTLET (NULL: nobody does).  Returns 0, or the exit
 * status after saying that there is no reader.
 */
int cli_drain_watch(struct cli_drain *drain, const struct outlet *outlet, int object);

/* Draw the line of --progress from now on. */
void cli_drain_show(struct cli_drain *drain);

/* One record of LENGTH bytes more for that line. */
static inline void cli_drain_progress(struct cli_drain *drain, size_t length)
{
	if (drain->progress.running)
		progress_add(&drain->progress, (int64_t)length);
}

/*
 * Say of ERROR (0: all is done) or of the failure of OUTLET what there is to
 * say, SIGNAL or 0 having come.  Returns the exit status: STATUS_NOT_NOW, with a
 * COMMAND too, when less came than was asked for.
 */
int cli_drain_failed(struct cli_drain *drain, const struct outlet *outlet, int error, int signal);

/* The way out: says how much came when STATUS is 0.  Returns STATUS. */
int cli_drain_end(const struct cli_drain *drain, int status);

#endif
