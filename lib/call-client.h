/* SPDX-License-Identifier: MIT */
#ifndef CALL_CLIENT_H
#define CALL_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "call-desk.h"
#include "call-stream.h"
#include "fdio.h"
#include "queue.h"
#include "waker.h"

/*
 * The caller's side.  One call at a time; nothing but the request that waits in
 * the queue is left of a caller that is killed, and no server runs that.
 * Fill the settings, zero the rest.
 */
struct call_client {
	/* Settings. */
	struct queue *queue; /* where requests go */
	bool posix;
	int output; /* where the body of a reply goes */

	/* After call_client_find(). */
	pid_t server;
	uid_t server_uid;
	/* After call_client_begin(): the queue for replies that could not be made, or NULL. */
	const struct queue_shape *unmade;
	/* After a call. */
	bool taken;     /* a server had taken the request */
	uint64_t wrote; /* bytes of the reply that went to the output */

	/* The module's own. */
	struct call_desk *desk;
	int desk_descriptor;
	struct queue reply;             /* POSIX */
	struct queue_shape reply_shape; /* POSIX */
	int64_t type;                   /* System V */
	int server_pidfd;               /* or 0 */
	pid_t pid;                      /* ours */
	int stop;
	uint64_t sequence;
	struct call_wakers *wakers;
	struct call_end request;
	int input;
	int64_t end;
	enum fdio_sort sort;
	char *message; /* of MESSAGE_SIZE bytes; what comes in and goes out */
	char *block;
	size_t message_size, filled;
	atomic_int input_error;
	bool input_ended;
	bool drained;       /* the reply's stream was read */
	bool queue_is_gone; /* System V */
};

/*
 * Find out who serves the queue, before each call; between two of them it may
 * have been closed and opened again.  Returns 0, or -1 with errno: ESRCH nobody;
 * EPERM a process of another user who is not root, or who cannot look at us;
 * EACCES a process that is not to be seen from here, or does not see us;
 * EMSGSIZE the queue's messages are too small.
 */
int call_client_find(struct call_client *client);

/* Get ready for calls, once a server was found.  Returns 0, or -1 with errno. */
int call_client_begin(struct call_client *client);

enum call_outcome {
	CALL_ANSWERED,  /* the header of the reply is filled */
	CALL_LATE,      /* END came first */
	CALL_ORPHANED,  /* the server has ended */
	CALL_REMOVED,   /* the queue was removed before the request was in it */
	CALL_NO_INPUT,  /* the input cannot be read: errno */
	CALL_NO_OUTPUT, /* the output cannot be written: errno */
	CALL_NO_WAY,    /* something else failed: errno */
};

/*
 * Send the LENGTH bytes at BYTES or, where that is NULL, all of INPUT, as a
 * request; write the body of the reply to the output.  END is as of
 * patience_end().  What comes that is no reply to it is dropped, with a line.
 */
enum call_outcome call_client_ask(struct call_client *client, const char *bytes, size_t length,
				  int input, int64_t end, struct call_header *reply);

#endif
