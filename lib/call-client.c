/* SPDX-License-Identifier: MIT */
#include "call-client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "call-client-parts.h"

enum { SOON = 50000000 }; /* nanoseconds that -t may be late, for a wait that ends sooner */

static int make_reply_queue(struct call_client *client)
{
	struct queue_shape *shape = &client->reply_shape;
	int made;

	*shape = (struct queue_shape){ .depth = 2, .message_size = CALL_REPLY_MAX, .mode = 0600 };
	made = queue_create_private(&client->reply, shape);
	if (made < 0 && errno == EINVAL) {
		shape->message_size = 2 * CALL_HEADER_SIZE; /* the least a system may allow */
		made = queue_create_private(&client->reply, shape);
	}
	client->unmade = made < 0 ? shape : NULL;
	return made;
}

static int have_place_for_replies(struct call_client *client)
{
	uint32_t number;

	if (client->posix)
		return make_reply_queue(client);
	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
		return -1;
	client->type = call_type(client->pid, number);
	return 0;
}

int call_client_begin(struct call_client *client)
{
	size_t most = client->posix ? CALL_BLOCK : CALL_REQUEST_MAX;

	client->stop = -1;
	client->pid = getpid();
	client->reply.handle = -1;
	client->message_size =
		client->queue->message_max < most ? client->queue->message_max : most;
	if (client->message_size < CALL_REPLY_MAX)
		client->message_size = CALL_REPLY_MAX;
	/* A byte more of the input is read, to know whether there is more. */
	client->block = malloc(QUEUE_HEADROOM + client->message_size + 1);
	if (client->block == NULL || have_place_for_replies(client) < 0)
		return -1;
	client->message = client->block + QUEUE_HEADROOM;
	client->reply.one_at_a_time = true;
	client->sort = fdio_sort(client->output);
	client->desk = call_desk_make(&client->desk_descriptor);
	return client->desk == NULL ? -1 : 0;
}

bool call_client_is_late(const struct call_client *client)
{
	return client->end != 0 && patience_now() >= client->end;
}

static struct patience patience_left(const struct call_client *client)
{
	int64_t left = client->end - patience_now();

	if (client->end == 0)
		return (struct patience){ 0 };
	return (struct patience){ .limited = true, .limit = left > 0 ? left : 0 };
}

enum call_outcome call_client_outcome(const struct call_client *client, int error)
{
	if (atomic_load(&client->input_error) != 0) {
		errno = atomic_load(&client->input_error);
		return CALL_NO_INPUT;
	}
	errno = error;
	switch (error) {
	case EAGAIN:
	case ETIMEDOUT:
		return CALL_LATE;
	case ESRCH:
		return CALL_ORPHANED;
	case EIDRM:
		return CALL_REMOVED;
	default:
		return CALL_NO_WAY;
	}
}

struct patience call_client_get_ready(const struct call_client *client, struct waker *waker,
				      int object)
{
	struct patience left = patience_left(client);

	waker->stop = client->stop;
	waker->output = -1;
	waker->object = object;
	waker->process = client->server_pidfd;
	waker->limit = client->end == 0 ? 0 : SOON;
	return left;
}

enum call_outcome call_client_ask(struct call_client *client, const char *bytes, size_t length,
				  int input, int64_t end, struct call_header *reply)
{
	enum call_outcome outcome;

	client->sequence++;
	client->input = input;
	client->end = end;
	client->wrote = 0;
	client->drained = client->queue_is_gone = false;
	client->taken = false;
	client->input_ended = false;
	call_desk_reset(client->desk, client->sequence);
	outcome = call_client_send(client, bytes, length);
	if (outcome == CALL_ANSWERED)
		outcome = call_client_await(client, reply);
	if (outcome != CALL_ANSWERED) {
		int kept = errno;

		client->taken = !call_desk_withdraw(client->desk, client->sequence);
		errno = kept;
	}
	return outcome;
}
