/* SPDX-License-Identifier: MIT */
/* The request: out of an operand or the input, into a message and the desk. */
#include "call-client-parts.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Wait for input until the end of the call or that of the server. */
static enum call_outcome await_input(const struct call_client *client)
{
	int events;

	do
		events = fdio_await(client->input, POLLIN, client->server_pidfd,
				    patience_poll(client->end));
	while (events < 0 && errno == EINTR);
	if (events < 0)
		return CALL_NO_INPUT;
	if (events == 0)
		return CALL_LATE;
	return events & POLLPRI ? CALL_ORPHANED : CALL_ANSWERED;
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
 * more to know whether that is all.  Who waits for input so far needs no server.
 */
static enum call_outcome read_inline(struct call_client *client, size_t *length)
{
	size_t most = most_inline(client);
	char *body = client->message + CALL_HEADER_SIZE;

	for (*length = 0; *length <= most;) {
		enum call_outcome outcome = await_input(client);
		ssize_t got;

		if (outcome != CALL_ANSWERED)
			return outcome;
		got = read(client->input, body + *length, most + 1 - *length);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return CALL_NO_INPUT;
		if (got == 0) {
			client->input_ended = true;
			return CALL_ANSWERED;
		}
		if (got > 0)
			*length += (size_t)got;
	}
	return CALL_ANSWERED;
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
	enum call_outcome outcome;

	memcpy(header.token, client->desk->token, sizeof header.token);
	client->request = (struct call_end){ .stream = &client->desk->request,
					     .bytes = client->desk->request_bytes,
					     .writes = true };
	if (bytes == NULL) {
		outcome = read_inline(client, length);
		if (outcome != CALL_ANSWERED)
			return outcome;
	} else if (*length <= most_inline(client)) {
		memcpy(client->message + CALL_HEADER_SIZE, bytes, *length);
	}
	if (bytes != NULL ? *length > most_inline(client) : !client->input_ended) {
		header.flags = CALL_SHARED;
		put(&client->request, bytes != NULL ? bytes : client->message + CALL_HEADER_SIZE,
		    *length);
		if (bytes != NULL)
			call_end_close(&client->request);
		else if (start_feeder(client) < 0)
			return CALL_NO_WAY;
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
