/* SPDX-License-Identifier: MIT */
/* The reply: out of the queue and the desk, to the output. */
#include "call-client-parts.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "say.h"

/*
 * Wait for room in the output.  The server's end ends that, too, while there is
 * more to come through STREAM; NULL: all has come.
 */
static enum call_outcome await_room(const struct call_client *client, const struct call_end *stream)
{
	bool more = stream != NULL && !call_end_is_closed(stream);
	int events = fdio_await(client->output, POLLOUT, more ? client->server_pidfd : -1,
				patience_poll(client->end));

	if (events == 0)
		return CALL_LATE;
	/* All may have come before it ended. */
	if (more && events > 0 && (events & POLLPRI) && !call_end_is_closed(stream))
		return CALL_ORPHANED;
	return CALL_ANSWERED;
}

/* LENGTH bytes of the reply, which came through STREAM or, where that is NULL, in a message. */
static enum call_outcome write_output(struct call_client *client, const struct call_end *stream,
				      const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t went = fdio_write_now(client->output, client->sort, bytes, length);

		if (went < 0 && errno == EAGAIN) {
			enum call_outcome outcome = await_room(client, stream);

			if (outcome != CALL_ANSWERED)
				return outcome;
		} else if (went < 0 && errno != EINTR) {
			return CALL_NO_OUTPUT;
		} else if (went > 0) {
			bytes += went;
			length -= (size_t)went;
			client->wrote += (uint64_t)went;
		}
	}
	return CALL_ANSWERED;
}

static bool has_ended(const struct call_client *client)
{
	return fdio_await(client->server_pidfd, POLLIN, -1, 0) > 0;
}

/* The message that stands in the desk; 0: there is none. */
static ssize_t read_letter(struct call_client *client)
{
	size_t length = atomic_load(&client->desk->letter_bytes);

	if (length > client->message_size || length > CALL_LETTER_SIZE)
		length = 0;
	memcpy(client->message, client->desk->letter, length);
	return (ssize_t)length;
}

static bool is_stream(const char *message, ssize_t length)
{
	struct call_header header;

	return call_read_reply(message, (size_t)length, &header) == NULL &&
	       header.kind == CALL_STREAM;
}

/* System V: the queue is gone, and the reply comes to the desk alone. */
static ssize_t await_letter(struct call_client *client)
{
	for (;;) {
		bool over = has_ended(client);
		ssize_t length = read_letter(client);

		client->queue_is_gone = true;
		/* That there is a stream is no news any more. */
		if (length > 0 && !(client->drained && is_stream(client->message, length)))
			return length;
		errno = over ? ESRCH : ETIMEDOUT;
		if (over || call_client_is_late(client) || atomic_load(&client->input_error) != 0)
			return -1;
		fdio_await(client->server_pidfd, POLLIN, -1, 10);
	}
}

/*
 * A message out of our own queue, without a helper: that costs more than a first
 * call would gain by it.  The queue can be polled, for nobody else takes from it.
 */
static ssize_t receive_polled(struct call_client *client, const struct queue_choice *choice)
{
	struct pollfd watched[] = { { .fd = client->reply.handle, .events = POLLIN },
				    { .fd = client->server_pidfd, .events = POLLIN },
				    { .fd = client->stop, .events = POLLIN } };
	int over = 0;
	long label;

	for (;;) {
		ssize_t length = queue_receive_now(&client->reply, client->message,
						   client->message_size, choice, &label);

		if (length >= 0 || errno != EAGAIN)
			return length;
		if (over == 0 && call_client_is_late(client))
			over = ETIMEDOUT;
		if (over != 0) {
			errno = over;
			return -1;
		}
		if (poll(watched, 3, patience_poll(client->end)) <= 0)
			continue;
		/* The last word of a server that has ended may have come before. */
		if (watched[2].revents != 0)
			over = EINTR;
		else if (watched[1].revents != 0)
			over = ESRCH;
	}
}

/* The next message for us into MESSAGE, or -1 with errno. */
static ssize_t receive(struct call_client *client)
{
	const struct queue_choice ours = { .pick = QUEUE_TYPE, .type = client->type };
	const struct queue_choice any = { .pick = QUEUE_ANY };
	struct waker *waker = &client->wakers->receiving;
	struct patience left;
	ssize_t length;
	long label;

	if (client->posix && client->sequence == 1)
		return receive_polled(client, &any);
	left = call_client_get_ready(client, waker, -1);
	length = queue_receive(client->posix ? &client->reply : client->queue, client->message,
			       client->message_size, client->posix ? &any : &ours, &label, &left,
			       waker);
	/* The last word of a server that has ended may stand there, too. */
	if (!client->posix && length < 0 && (errno == EIDRM || errno == ESRCH))
		return await_letter(client);
	if (length != 0 || client->posix)
		return length;
	return read_letter(client);
}

/* The reply's body out of the desk, until the server says that that was all. */
static enum call_outcome drain(struct call_client *client)
{
	struct call_end end = { .stream = &client->desk->reply,
				.bytes = client->desk->reply_bytes };
	bool over = false;

	client->drained = true;
	for (;;) {
		char *at;
		ssize_t count = call_end_look(&end, &at);

		if (count < 0)
			return CALL_NO_WAY;
		if (count > 0) {
			size_t block = count > CALL_BLOCK ? CALL_BLOCK : (size_t)count;
			enum call_outcome outcome = write_output(client, &end, at, block);

			if (outcome != CALL_ANSWERED)
				return outcome;
			call_end_move(&end, block);
			continue;
		}
		if (over)
			return CALL_ANSWERED;
		over = call_end_is_closed(&end);
		if (over)
			continue;
		if (atomic_load(&client->input_error) != 0 || call_client_is_late(client))
			return call_client_outcome(client, ETIMEDOUT);
		if (has_ended(client))
			return CALL_ORPHANED;
		call_end_wait(&end);
	}
}

enum call_outcome call_client_await(struct call_client *client, struct call_header *reply)
{
	for (;;) {
		ssize_t length = receive(client);
		enum call_outcome outcome;
		const char *wrong;

		if (length < 0)
			return call_client_outcome(client, errno);
		wrong = call_read_reply(client->message, (size_t)length, reply);
		if (wrong == NULL &&
		    (memcmp(reply->token, client->desk->token, sizeof reply->token) != 0 ||
		     reply->sequence != client->sequence))
			wrong = "answers another call";
		if (wrong != NULL) {
			say("dropped a message of %zd byte%s, which %s", length,
			    length == 1 ? "" : "s", wrong);
			if (client->queue_is_gone)
				return CALL_REMOVED;
			continue;
		}
		/* Where the queue is gone, what would have told of the stream is, too. */
		if (!client->drained &&
		    (reply->kind == CALL_STREAM || atomic_load(&client->desk->reply.in) != 0)) {
			outcome = drain(client);
			if (outcome != CALL_ANSWERED)
				return outcome;
		}
		if (reply->kind == CALL_STREAM)
			continue;
		return write_output(client, NULL, client->message + CALL_HEADER_SIZE,
				    reply->length);
	}
}
