/* SPDX-License-Identifier: MIT */
#ifndef CALL_SERVER_H
#define CALL_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "queue.h"
#include "record.h"
#include "stop.h"

/*
 * The server's side: threads that take requests out of a queue, in its order,
 * and have a COMMAND answer each.
 * Fill the settings, zero the rest.
 */
struct call_server {
	/* Settings. */
	struct queue *queue; /* served already: queue_serve() */
	bool posix;
	const char *ref; /* the queue's, for COMMAND */
	char **words;    /* COMMAND, ended by NULL */
	int workers;
	bool coprocess; /* COMMAND answers record by record */
	enum frame frame;
	int64_t command_limit; /* nanoseconds; 0: none */
	const struct stop *stop;

	/* After call_server_run(). */
	int signal;   /* that ended it, or 0 */
	bool hurried; /* a second one came; threads may still be running */
	int error;    /* that ended it, or 0: EIDRM the queue was removed */

	/* The module's own. */
	pthread_mutex_t lock;
	struct call_caller *callers;
	struct call_worker *crew;
	int events, closing, ended;
	atomic_bool stopping;      /* CLOSING is written to, or about to be */
	bool raised;               /* the number of descriptors */
	struct rlimit descriptors; /* from this, with which a COMMAND begins */
};

/*
 * Serve until a signal comes or the queue is gone: the first signal lets what
 * was begun be finished and answered.  Returns 0, or -1 with errno when it
 * could not begin.
 */
int call_server_run(struct call_server *server);

#endif
