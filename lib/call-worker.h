/* SPDX-License-Identifier: MIT */
#ifndef CALL_WORKER_H
#define CALL_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "call-desk.h"
#include "call-server.h"
#include "call-stream.h"
#include "child.h"
#include "waker.h"

/* What the parts of the server share. */

/* A process that calls: as long as it lives, however many calls it makes. */
struct call_caller {
	struct call_caller *next;
	unsigned char token[CALL_TOKEN_SIZE];
	pid_t pid;
	uid_t uid;
	int pidfd;
	struct call_desk *desk;
	struct queue reply; /* POSIX */
	int64_t type;       /* System V */
	unsigned users;     /* workers that have a request of it in hand */
	bool dead;
};

/* A thread with the request that it has in hand. */
struct call_worker {
	struct call_server *server;
	pthread_t thread;
	struct queue queue; /* the server's, with a staging of its own */
	struct waker waker;
	char *block; /* a message, behind QUEUE_HEADROOM bytes */
	size_t size;
	char **environment; /* of COMMAND */
	char ref[64 + REF_TEXT_MAX], pid[64], uid[64];
	struct call_coprocess *coprocess;
	int start_error; /* the errno of a COMMAND that could not be run */
	pid_t command;   /* that runs, under the server's lock; 0: none */

	struct call_caller *caller;
	struct call_header request;
	const char *body; /* request.length bytes, unless it is shared */

	bool streaming;      /* the reply goes through the desk */
	bool letter;         /* which the caller was told there, too */
	bool caller_is_gone; /* no reply is wanted */
	struct call_end reply;
	char message[CALL_LETTER_SIZE]; /* what is sent; a body stands behind the header */
};

/*
 * Who has sent REQUEST, with one user more; NULL with a phrase in WRONG that
 * says what is wrong with it.
 */
struct call_caller *call_caller_find(struct call_worker *worker, const struct call_header *request,
				     const char **wrong);

/*
 * A user less of CALLER, or it has DIED: the last user, after its death, puts it
 * away.
 */
void call_caller_let_go(struct call_worker *worker, struct call_caller *caller, bool died);

/* Put CALLER away, which nobody uses. */
void call_caller_free(struct call_worker *worker, struct call_caller *caller);

/* Whether the caller has ended. */
bool call_worker_is_alone(struct call_worker *worker);

/* The bytes of a reply that one message holds. */
size_t call_worker_room(const struct call_worker *worker);

/* From now on the body of the reply goes through the desk. */
void call_worker_stream(struct call_worker *worker);

/*
 * Answer, with LENGTH bytes that stand at message + CALL_HEADER_SIZE; when
 * streaming there are none.  Nothing happens when the caller is gone.
 */
void call_worker_answer(struct call_worker *worker, enum call_error error, int status,
			size_t length);

/* How COMMAND is run, but for its input and output. */
struct child_plan call_worker_plan(const struct call_worker *worker);

/*
 * What ends a wait of the worker's from now on: a signal to the server, the
 * queue's removal and, unless it is 0, the end of the coprocess with the pidfd
 * PROCESS.  Returns 0, or -1 with errno.
 */
int call_worker_watch(struct call_worker *worker, int process);

/* COMMAND runs as process PID, or no more (0): whom a second signal ends. */
void call_worker_runs(struct call_worker *worker, pid_t pid);

/* Have COMMAND answer the request in hand: one for itself, or the one that runs. */
void call_run(struct call_worker *worker);
void call_coprocess_ask(struct call_worker *worker);
void call_coprocess_end(struct call_worker *worker);

/* The coprocess has ended, and nobody had asked it anything. */
void call_coprocess_bury(struct call_worker *worker);

#endif
