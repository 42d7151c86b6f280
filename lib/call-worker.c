/* SPDX-License-Identifier: MIT */
#include "call-worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fdio.h"
#include "say.h"

enum { SOON = 50000000 }; /* nanoseconds that a time limit may be late */

bool call_worker_is_alone(struct call_worker *worker)
{
	if (!worker->caller_is_gone)
		worker->caller_is_gone = fdio_await(worker->caller->pidfd, POLLIN, -1, 0) > 0;
	return worker->caller_is_gone;
}

int call_worker_watch(struct call_worker *worker, int process)
{
	struct call_server *server = worker->server;

	waker_close(&worker->waker);
	worker->waker =
		(struct waker){ .stop = server->closing,
				.output = -1,
				.object = queue_watchable(server->queue),
				.process = process,
				.limit =
					server->coprocess && server->command_limit > 0 ? SOON : 0 };
	/* The helper starts with the first wait, or where there is a process now. */
	return process == 0 ? 0 : waker_begin(&worker->waker, 0);
}

void call_worker_runs(struct call_worker *worker, pid_t pid)
{
	pthread_mutex_lock(&worker->server->lock);
	worker->command = pid;
	pthread_mutex_unlock(&worker->server->lock);
}

struct child_plan call_worker_plan(const struct call_worker *worker)
{
	return (struct child_plan){
		.words = worker->server->words,
		.environment = worker->environment,
		.mask = &worker->server->stop->before,
		.descriptors = worker->server->raised ? &worker->server->descriptors : NULL,
		.alone = true,
	};
}

size_t call_worker_room(const struct call_worker *worker)
{
	size_t most = CALL_REPLY_MAX;

	if (worker->server->posix && worker->caller->reply.message_max < most)
		most = worker->caller->reply.message_max;
	return most - CALL_HEADER_SIZE;
}

/* Take out what nobody will: replies to nobody that calls. */
static void sweep(struct call_worker *worker)
{
	long label = 0;

	for (long index = 0;; index++) {
		struct queue_choice one = { .pick = QUEUE_TYPE };
		ssize_t length = queue_copy(&worker->queue, index, worker->block + QUEUE_HEADROOM,
					    worker->size, &label);
		bool known = label < CALL_TYPE_LEAST;

		if (length < 0)
			return;
		pthread_mutex_lock(&worker->server->lock);
		for (struct call_caller *c = worker->server->callers; c != NULL; c = c->next)
			known |= c->type == label;
		pthread_mutex_unlock(&worker->server->lock);
		if (known)
			continue;
		one.type = label;
		if (queue_receive_now(&worker->queue, worker->block + QUEUE_HEADROOM, worker->size,
				      &one, &label) >= 0) {
			say("dropped a message of type %ld, which is for nobody", label);
			index--;
		}
	}
}

/* Send a message to the caller; what the kernel has no memory for now goes later. */
static int put(struct call_worker *worker, struct queue *queue, const char *bytes, size_t length,
	       int64_t label)
{
	int sent = queue_send_now(queue, bytes, length, label);

	while (sent < 0 && errno == ENOMEM && !call_worker_is_alone(worker)) {
		fdio_await(worker->caller->pidfd, POLLIN, -1, 10);
		sent = queue_send_now(queue, bytes, length, label);
	}
	return sent;
}

static void write_letter(struct call_worker *worker, size_t length)
{
	struct call_desk *desk = worker->caller->desk;

	memcpy(desk->letter, worker->message, length);
	atomic_store(&desk->letter_bytes, (unsigned)length);
}

/*
 * A message for a System V caller.  Where there is no room for it, it stands in
 * the desk; a reply always does, for the queue may be removed before it is taken.
 */
static void send_typed(struct call_worker *worker, size_t length, bool is_reply)
{
	struct call_caller *caller = worker->caller;

	if (is_reply)
		write_letter(worker, length);
	if (put(worker, &worker->queue, worker->message, length, caller->type) == 0)
		return;
	if (!is_reply)
		write_letter(worker, length);
	worker->letter = true;
	/* An empty message fits into any queue that holds less than thousands of them. */
	if (put(worker, &worker->queue, "", 0, caller->type) == 0)
		return;
	if (errno == EAGAIN)
		sweep(worker);
	if (put(worker, &worker->queue, "", 0, caller->type) < 0 && errno != EIDRM)
		say_errno("cannot answer process %d", caller->pid);
}

static void send_message(struct call_worker *worker, struct call_header *header)
{
	size_t length = CALL_HEADER_SIZE + header->length;

	header->pid = worker->request.pid;
	header->desk = worker->request.desk;
	header->reply = worker->request.reply;
	header->sequence = worker->request.sequence;
	memcpy(header->token, worker->request.token, sizeof header->token);
	call_write(header, worker->message);
	if (!worker->server->posix)
		send_typed(worker, length, header->kind == CALL_REPLY);
	else if (put(worker, &worker->caller->reply, worker->message, length, 0) < 0)
		say_errno("cannot answer process %d", worker->caller->pid);
}

void call_worker_stream(struct call_worker *worker)
{
	struct call_header header = { .kind = CALL_STREAM };
	struct call_desk *desk = worker->caller->desk;

	worker->streaming = true;
	worker->reply = (struct call_end){ .stream = &desk->reply,
					   .bytes = desk->reply_bytes,
					   .writes = true };
	if (!worker->caller_is_gone)
		send_message(worker, &header);
}

void call_worker_answer(struct call_worker *worker, enum call_error error, int status,
			size_t length)
{
	struct call_header header = {
		.kind = CALL_REPLY, .error = error, .status = (uint32_t)status, .length = length
	};

	if (worker->streaming)
		call_end_close(&worker->reply);
	/* What stands in the desk must have been read before there is another. */
	while (worker->letter && !call_worker_is_alone(worker) &&
	       atomic_load(&worker->reply.stream->out) < worker->reply.own)
		fdio_await(worker->caller->pidfd, POLLIN, -1, 5);
	if (!worker->caller_is_gone)
		send_message(worker, &header);
}
