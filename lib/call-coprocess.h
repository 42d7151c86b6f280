/* SPDX-License-Identifier: MIT */
#ifndef CALL_COPROCESS_H
#define CALL_COPROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "call-worker.h"
#include "source.h"

/* The process of a worker that answers many requests. */
enum {
	CALL_RECORD_MOST = 16777216,       /* bytes of a record, either way */
	CALL_COPROCESS_GRACE = 1000000000, /* nanoseconds for an end of its own */
};

struct call_coprocess {
	bool running;
	struct child child;
	int input; /* a pipe that does not block */
	struct source source;
	char *gathered; /* of CALL_RECORD_MOST bytes */
};

/* Have a running one that has nothing left to say.  Returns 0, or -1 with errno. */
int call_coprocess_ready(struct call_worker *worker);

/* Whether it ends within CALL_COPROCESS_GRACE, which is waited for. */
bool call_coprocess_ends(const struct call_coprocess *co);

/* End it, unless it has; returns its status. */
int call_coprocess_stop(struct call_worker *worker, bool at_once);

/* The bytes of a request that are still to be written while its answer is awaited. */
struct call_rest {
	const char *bytes;
	size_t length;
	int input;
	pid_t process;    /* that reads them */
	size_t begun;     /* how many were written at once */
	atomic_bool read; /* there was room for more afterwards */
	bool more;        /* the writer is at work on them */
	atomic_bool over; /* they are not wanted any more */
	int error;        /* the writer's, once it is through: the process was killed; or 0 */
	pthread_t writer;
};

/* Write what fits at once of REST, and have the rest written.  Returns 0, or -1 with errno. */
int call_coprocess_write(struct call_worker *worker, struct call_rest *rest);

/* Whether nothing of REST has been read: what the coprocess has written is no answer to it. */
bool call_coprocess_has_not_read(const struct call_worker *worker, struct call_rest *rest);

/* There will be no answer: end the coprocess by SIGNAL, if there is a rest. */
void call_coprocess_give_up(struct call_worker *worker, struct call_rest *rest, int signal);

/*
 * It has answered, and may not have read all before: until END it has time for
 * that; 0: there is no end.  Once the server is to stop it has the grace.
 */
void call_coprocess_await_rest(struct call_worker *worker, struct call_rest *rest, int64_t end);

/* Say on stderr that it has ended with STATUS. */
void call_coprocess_say_end(const struct call_worker *worker, int status);

#endif
