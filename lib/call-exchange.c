/* SPDX-License-Identifier: MIT */
/* A request to a coprocess, as one record, and the record that answers. */
#include "call-coprocess.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "own.h"
#include "patience.h"
#include "say.h"

/* Whether to give up a caller that has written nothing since SINCE: 0, or an errno for it. */
static int impatience(struct call_worker *worker, int64_t since, int64_t end)
{
	int64_t now = patience_now();

	if (call_worker_is_alone(worker))
		return EPIPE;
	/* Nothing of it was run. */
	if (atomic_load(&worker->server->stopping) && now - since >= CALL_COPROCESS_GRACE)
		return ECANCELED;
	return end != 0 && now >= end ? ETIMEDOUT : 0;
}

/*
 * The body of a shared request out of the desk, until END (0: no end).  Returns
 * its length, or -1 with errno: EFBIG it is too long; EPIPE the caller ended in
 * the middle; ECANCELED the server is to stop; ETIMEDOUT.
 */
static ssize_t gather(struct call_worker *worker, int64_t end)
{
	struct call_coprocess *co = worker->coprocess;
	struct call_desk *desk = worker->caller->desk;
	struct call_end from = { .stream = &desk->request, .bytes = desk->request_bytes };
	int64_t since = patience_now();
	size_t length = 0;
	int error = 0;

	while (error == 0) {
		bool closed = call_end_is_closed(&from);
		char *at;
		ssize_t count = call_end_look(&from, &at);

		if (count == 0 && closed)
			return (ssize_t)length;
		if (count < 0) {
			error = EPIPE;
		} else if (count == 0) {
			error = impatience(worker, since, end);
			if (error == 0)
				call_end_wait(&from);
		} else if (length + (size_t)count > CALL_RECORD_MOST) {
			error = EFBIG;
		} else {
			memcpy(co->gathered + length, at, (size_t)count);
			length += (size_t)count;
			call_end_move(&from, (size_t)count);
			since = patience_now();
		}
	}
	call_end_close(&from);
	errno = error;
	return -1;
}

/* The request as a record of the frame; a line may bring its end along. */
static char *write_record(struct call_worker *worker, const char *body, size_t *length)
{
	enum frame frame = worker->server->frame;
	struct record record = { .data = body, .length = *length };
	ssize_t size;
	char *out;

	if (frame == FRAME_LINE && *length > 0 && body[*length - 1] == '\n')
		record.length--;
	size = record_write(frame, &record, NULL, 0);
	out = size < 0 ? NULL : malloc((size_t)size);
	if (out == NULL)
		return NULL;
	*length = (size_t)record_write(frame, &record, out, (size_t)size);
	return out;
}

/* The record that answers, or how that went wrong. */
static enum source_next read_record(struct call_worker *worker, struct record *record)
{
	struct call_coprocess *co = worker->coprocess;
	enum source_next next = source_next(&co->source, record);

	if (next == SOURCE_STOPPED && errno == ESRCH)
		return SOURCE_END;
	/* A line without its end was cut off. */
	if (next == SOURCE_RECORD && co->source.last &&
	    (worker->server->frame == FRAME_LINE || worker->server->frame == FRAME_NUL) &&
	    co->source.parser.consumed == record->length)
		return SOURCE_END;
	return next;
}

/*
 * The server is to stop: from here on the caller's end ends the wait as well
 * (SOURCE_STOPPED, EINTR), for nobody else wants the answer.
 */
static enum source_next read_record_for_caller(struct call_worker *worker, int64_t end,
					       struct record *record)
{
	struct waker *waker = &worker->waker;

	waker_close(waker);
	*waker = (struct waker){ .stop = worker->caller->pidfd,
				 .output = -1,
				 .object = -1,
				 .process = waker->process,
				 .limit = waker->limit };
	return waker_begin(waker, end) < 0 ? SOURCE_FAILED : read_record(worker, record);
}

static void stream_reply(struct call_worker *worker, const char *bytes, size_t length)
{
	call_worker_stream(worker);
	while (length > 0 && !call_worker_is_alone(worker)) {
		char *at;
		ssize_t room = call_end_look(&worker->reply, &at);
		size_t count = (size_t)room < length ? (size_t)room : length;

		if (room < 0)
			break;
		if (room == 0) {
			call_end_wait(&worker->reply);
			continue;
		}
		memcpy(at, bytes, count);
		call_end_move(&worker->reply, count);
		bytes += count;
		length -= count;
	}
}

static void answer(struct call_worker *worker, const struct record *record)
{
	size_t ending = worker->server->frame == FRAME_LINE;
	size_t length = record->length + ending;

	/* A line's end stands behind it in the memory that it was read to. */
	if (length > call_worker_room(worker)) {
		stream_reply(worker, record->data, length);
		length = 0;
	} else {
		memcpy(worker->message + CALL_HEADER_SIZE, record->data, length);
	}
	call_worker_answer(worker, CALL_OK, 0, length);
}

/* No record came: end the coprocess, and say to both sides what it was. */
static void fail(struct call_worker *worker, enum source_next next)
{
	bool late = next == SOURCE_STOPPED;
	int kept = errno, status = call_coprocess_stop(worker, !late);
	enum call_error error = CALL_ENDED;

	if (late)
		error = CALL_TIMED_OUT;
	else if (next == SOURCE_BROKEN || next == SOURCE_TOO_LONG)
		error = CALL_BROKEN;
	else if (next == SOURCE_FAILED)
		error = CALL_FAILED;
	if (error == CALL_ENDED)
		call_coprocess_say_end(worker, status);
	call_worker_answer(worker, error, error == CALL_FAILED ? kept : status, 0);
}

/* Hand the record over and wait until END for its answer. */
static void exchange(struct call_worker *worker, const char *bytes, size_t length, int64_t end)
{
	struct call_coprocess *co = worker->coprocess;
	struct call_rest rest = { .bytes = bytes, .length = length };
	enum source_next next = SOURCE_FAILED;
	struct record record;

	if (call_coprocess_write(worker, &rest) == 0) {
		waker_begin(&worker->waker, end);
		next = read_record(worker, &record);
		if (next == SOURCE_STOPPED && errno == EINTR)
			next = read_record_for_caller(worker, end, &record);
		waker_end(&worker->waker);
	} else if (errno == EPIPE) {
		next = SOURCE_END;
	}
	if (next == SOURCE_RECORD && call_coprocess_has_not_read(worker, &rest)) {
		say("%s has written what nobody asked for: it is started anew",
		    worker->server->words[0]);
		next = SOURCE_BROKEN;
	}
	if (next != SOURCE_RECORD) {
		bool unwanted = next == SOURCE_STOPPED && errno == EINTR;

		call_coprocess_give_up(worker, &rest, next == SOURCE_STOPPED ? SIGTERM : SIGKILL);
		if (rest.error != 0) {
			errno = rest.error;
			next = SOURCE_FAILED;
		}
		if (!unwanted) /* else it ends as it does without a request in hand */
			fail(worker, next);
		return;
	}
	answer(worker, &record);
	call_coprocess_await_rest(worker, &rest, end);
	if (co->source.start + co->source.parser.consumed < co->source.end) {
		say("%s has written more than was asked for: it is started anew",
		    worker->server->words[0]);
		call_coprocess_stop(worker, true);
	}
}

static bool have_coprocess(struct call_worker *worker)
{
	struct call_coprocess *co = worker->coprocess;

	if (co != NULL)
		return true;
	co = calloc(1, sizeof *co);
	if (co == NULL)
		return false;
	/* Of these pages only those come into being that a record has needed. */
	co->gathered = malloc(CALL_RECORD_MOST);
	if (co->gathered == NULL) {
		free(co);
		return false;
	}
	worker->coprocess = co;
	return true;
}

/* Why there is no record to hand over. */
static void refuse(struct call_worker *worker, int error)
{
	enum frame frame = worker->server->frame;

	if (error == EFBIG)
		call_worker_answer(worker, CALL_TOO_LONG, CALL_RECORD_MOST / 1024, 0);
	else if (error == EILSEQ)
		call_worker_answer(worker, CALL_UNFIT, frame == FRAME_LINE ? '\n' : '\0', 0);
	else if (error == ETIMEDOUT)
		call_worker_answer(worker, CALL_TIMED_OUT, 0, 0);
	else if (error != EPIPE)
		call_worker_answer(worker, CALL_FAILED, error, 0);
}

void call_coprocess_ask(struct call_worker *worker)
{
	const char *body = worker->body;
	ssize_t gathered = (ssize_t)worker->request.length;
	int64_t limit = worker->server->command_limit;
	int64_t end = limit == 0 ? 0 : patience_now() + limit;
	OWN_MEM char *record = NULL;
	size_t length;

	if (!have_coprocess(worker)) {
		refuse(worker, ENOMEM);
		return;
	}
	if (worker->request.flags & CALL_SHARED) {
		gathered = gather(worker, end);
		body = worker->coprocess->gathered;
	}
	length = (size_t)gathered;
	record = gathered < 0 ? NULL : write_record(worker, body, &length);
	if (record == NULL) {
		refuse(worker, errno);
		return;
	}
	worker->start_error = 0;
	if (call_coprocess_ready(worker) == 0)
		exchange(worker, record, length, end);
	else
		call_worker_answer(worker, worker->start_error != 0 ? CALL_NOT_RUN : CALL_FAILED,
				   errno, 0);
}

void call_coprocess_end(struct call_worker *worker)
{
	struct call_coprocess *co = worker->coprocess;

	if (co == NULL)
		return;
	if (co->running) {
		/* The end of its input is how it learns; it may still have to put things away. */
		own_drop_fd(&co->input);
		co->input = -1;
		call_coprocess_ends(co);
		call_coprocess_stop(worker, false);
	}
	free(co->gathered);
	free(co);
	worker->coprocess = NULL;
}
