/* SPDX-License-Identifier: MIT */
/* The request: out of an operand or the input, into a message and the desk. */
#include "call-client-parts.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Read up to SIZE bytes of the input: 0 at its end, -1 with errno ETIMEDOUT or another. */
static ssize_t read_input(const struct call_client *client, char *buffer, size_t size)
{
	int events = client->end == 0
			     ? POLLIN
			     : fdio_await(client->input, POLLIN, -1, patience_poll(client->end));

	while (events < 0 && errno == EINTR)
		events = fdio_await(client->input, POLLIN, -1, patience_poll(client->end));
	if (events == 0)
		errno = ETIMEDOUT;
	return events > 0 ? fdio_read(client->input, buffer, size, -1) : -1;
}

/* The largest body that fits into a request beside its header. */
static size_t most_inline(const struct call_client *client)
{
	size_t most = client->queue->message_max;

	return (most < client->message_size ? most : client->message_size) - CALL_HEADER_SIZE;
}

/* The rest of a body, from its bytes or the input into the desk. */
static void *feed(void *argument)
{
	struct call_client *client = argument;
	struct call_end *end = &client->request;
	char *at;

	while (!call_end_is_closed(end)) {
		ssize_t room = call_end_look(end, &at), length;

		if (room == 0) {
			call_end_wait(end);
			continue;
		}
		length = room < 0 ? -1
				  : fdio_read(client->input, at,
					      room > CALL_BLOCK ? CALL_BLOCK : (size_t)room, -1);
		if (length < 0) {
			atomic_store(&client->input_error, errno);
			eventfd_write(client->stop, 1);
			return NULL;
		}
		if (length == 0) {
			call_end_close(end);
			return NULL;
		}
		call_end_move(end, (size_t)length);
	}
	return NULL;
}

/* Bytes at hand into the desk: they are no more than it holds. */
static void put(struct call_end *end, const char *bytes, size_t length)
{
	while (length > 0) {
		char *at;
		ssize_t room = call_end_look(end, &at);
		size_t count = room > 0 && (size_t)room < length ? (size_t)room : length;

		if (room <= 0)
			return; /* only when the other side plays foul */
		memcpy(at, bytes, count);
		call_end_move(end, count);
		bytes += count;
		length -= count;
	}
}

static int start_feeder(struct call_client *client)
{
	pthread_t feeder;
	int error;

	client->stop = eventfd(0, EFD_CLOEXEC);
	if (client->stop < 0)
		return -1;
	error = pthread_create(&feeder, NULL, feed, client);
	if (error != 0) {
		errno = error;
		return -1;
	}
	pthread_detach(feeder);
	return 0;
}

/*
 * Read of the input what fits into the request behind its header, and a byte
 * more to know whether that is all; that one is left in *EXTRA.
 */
static int read_inline(struct call_client *client, size_t *length, char *extra)
{
	size_t most = most_inline(client);
	char *body = client->message + CALL_HEADER_SIZE;

	for (*length = 0;;) {
		bool full = *length == most;
		ssize_t got = full ? read_input(client, extra, 1)
				   : read_input(client, body + *length, most - *length);

		if (got < 0)
			return -1;
		if (got == 0) {
			client->input_ended = true;
			return 0;
		}
		if (full)
			return 0;
		*length += (size_t)got;
	}
}

/* Fill the message with the request. */
static enum call_outcome write_request(struct call_client *client, const char *bytes,
				       size_t *length)
{
	struct call_header header = {
		.kind = CALL_REQUEST,
		.pid = client->pid,
		.desk = client->desk_descriptor,
		.reply = client->posix ? client->reply.handle : client->type,
		.sequence = client->sequence,
	};
	char extra = 0;

	memcpy(header.token, client->desk->token, sizeof header.token);
	client->request = (struct call_end){ .stream = &client->desk->request,
					     .bytes = client->desk->request_bytes,
					     .writes = true };
	if (bytes == NULL) {
		if (read_inline(client, length, &extra) < 0)
			return errno == ETIMEDOUT ? CALL_LATE : CALL_NO_INPUT;
	} else if (*length <= most_inline(client)) {
		memcpy(client->message + CALL_HEADER_SIZE, bytes, *length);
	}
	if (bytes != NULL ? *length > most_inline(client) : !client->input_ended) {
		header.flags = CALL_SHARED;
		put(&client->request, bytes != NULL ? bytes : client->message + CALL_HEADER_SIZE,
		    *length);
		if (bytes == NULL) {
			put(&client->request, &extra, 1);
			if (start_feeder(client) < 0)
				return CALL_NO_WAY;
		} else {
			call_end_close(&client->request);
		}
		*length = 0;
	}
	header.length = *length;
	call_write(&header, client->message);
	*length += CALL_HEADER_SIZE;
	return CALL_ANSWERED;
}

enum call_outcome call_client_send(struct call_client *client, const char *bytes, size_t length)
{
	struct waker *waker = &client->wakers->sending;
	enum call_outcome outcome = write_request(client, bytes, &length);
	struct patience left;

	if (outcome != CALL_ANSWERED)
		return outcome;
	left = call_client_get_ready(client, waker, queue_watchable(client->queue));
	if (queue_send(client->queue, client->message, length, client->posix ? 0 : 1, &left,
		       waker) < 0)
		return call_client_outcome(client, errno);
	return CALL_ANSWERED;
}
