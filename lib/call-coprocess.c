/* SPDX-License-Identifier: MIT */
/*
 * One COMMAND that answers many requests, a record for a record.  It is started
 * when it is needed; after a failure it is ended, so that no later request gets
 * what was meant for this one.
 */
#include "call-coprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fdio.h"
#include "own.h"
#include "patience.h"
#include "say.h"

enum { SLICE = 100 }; /* milliseconds between two looks */

void call_coprocess_say_end(const struct call_worker *worker, int status)
{
	if (status > 128)
		say("%s was ended by SIG%s", worker->server->words[0],
		    sigabbrev_np(status - 128) != NULL ? sigabbrev_np(status - 128) : "?");
	else
		say("%s ended with status %d", worker->server->words[0], status);
}

bool call_coprocess_ends(const struct call_coprocess *co)
{
	int64_t end = patience_now() + CALL_COPROCESS_GRACE;
	int found;

	do
		found = fdio_await(co->child.descriptor, POLLIN, -1, patience_poll(end));
	while (found < 0 && errno == EINTR);
	return found > 0;
}

int call_coprocess_stop(struct call_worker *worker, bool at_once)
{
	struct call_coprocess *co = worker->coprocess;
	int status;

	own_drop_fd(&co->input);
	if (!at_once)
		kill(-co->child.pid, SIGTERM);
	if (at_once || !call_coprocess_ends(co))
		kill(-co->child.pid, SIGKILL);
	call_worker_runs(worker, 0);
	call_worker_watch(worker, 0);
	close(co->source.descriptor);
	source_close(&co->source);
	status = child_end(&co->child);
	co->running = false;
	return status;
}

static int start(struct call_worker *worker)
{
	struct call_coprocess *co = worker->coprocess;
	struct child_plan plan = call_worker_plan(worker);
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, error;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
		own_drop_fd(&in[0]);
		own_drop_fd(&in[1]);
		return -1;
	}
	plan.input = in[0];
	plan.output = out[1];
	error = child_start(&co->child, &plan);
	close(in[0]);
	close(out[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	worker->start_error = error;
	if (error == 0 && call_worker_watch(worker, co->child.descriptor) < 0) {
		error = errno;
		call_worker_watch(worker, 0);
		kill(-co->child.pid, SIGKILL);
		child_end(&co->child);
	}
	if (error != 0) {
		close(in[1]);
		close(out[0]);
		errno = error;
		return -1;
	}
	co->input = in[1];
	co->source =
		(struct source){ .descriptor = out[0],
				 .waker = &worker->waker,
				 .ends = WAKER_STOP | WAKER_TIME | WAKER_ENDED,
				 .limit = CALL_RECORD_MOST,
				 .parser = { .frame = worker->server->frame, .unlabelled = true } };
	co->running = true;
	call_worker_runs(worker, co->child.pid);
	return 0;
}

int call_coprocess_ready(struct call_worker *worker)
{
	struct call_coprocess *co = worker->coprocess;

	if (co->running) {
		struct pollfd watched[] = { { .fd = co->child.descriptor, .events = POLLIN },
					    { .fd = co->source.descriptor, .events = POLLIN } };

		if (poll(watched, 2, 0) == 0)
			return 0;
		if (watched[0].revents == 0 && (watched[1].revents & POLLIN))
			say("%s has written what nobody asked for: it is started anew",
			    worker->server->words[0]);
		call_coprocess_bury(worker);
	}
	return start(worker);
}

void call_coprocess_bury(struct call_worker *worker)
{
	call_coprocess_say_end(worker, call_coprocess_stop(worker, true));
}

static void *write_rest(void *argument)
{
	struct call_rest *rest = argument;

	while (rest->length > 0 && !atomic_load(&rest->over)) {
		ssize_t went;

		if (fdio_await(rest->input, POLLOUT, -1, SLICE) <= 0)
			continue;
		atomic_store(&rest->read, true);
		went = write(rest->input, rest->bytes, rest->length);
		if (went > 0) {
			rest->bytes += went;
			rest->length -= (size_t)went;
		} else if (errno != EAGAIN && errno != EINTR) {
			/* EPIPE: it wants no more. */
			if (errno != EPIPE) {
				rest->error = errno;
				kill(-rest->process, SIGKILL);
			}
			break;
		}
	}
	return NULL;
}

int call_coprocess_write(struct call_worker *worker, struct call_rest *rest)
{
	ssize_t went = write(worker->coprocess->input, rest->bytes, rest->length);
	int error;

	if (went < 0 && errno != EAGAIN && errno != EINTR)
		return -1;
	if (went > 0) {
		rest->bytes += went;
		rest->length -= (size_t)went;
		rest->begun = (size_t)went;
	}
	if (rest->length == 0)
		return 0;
	rest->input = worker->coprocess->input;
	rest->process = worker->coprocess->child.pid;
	error = pthread_create(&rest->writer, NULL, write_rest, rest);
	rest->more = error == 0;
	errno = error;
	return error == 0 ? 0 : -1;
}

bool call_coprocess_has_not_read(const struct call_worker *worker, struct call_rest *rest)
{
	int unread;

	/* In this order: as long as nobody has read, the pipe is full, and keeps what it has. */
	return ioctl(worker->coprocess->input, FIONREAD, &unread) == 0 &&
	       (size_t)unread >= rest->begun && !atomic_load(&rest->read);
}

void call_coprocess_give_up(struct call_worker *worker, struct call_rest *rest, int signal)
{
	const struct call_coprocess *co = worker->coprocess;
	int kept = errno;

	if (!rest->more)
		return;
	kill(-co->child.pid, signal);
	if (!call_coprocess_ends(co))
		kill(-co->child.pid, SIGKILL);
	atomic_store(&rest->over, true);
	pthread_join(rest->writer, NULL);
	errno = kept;
}

void call_coprocess_await_rest(struct call_worker *worker, struct call_rest *rest, int64_t end)
{
	while (rest->more) {
		int64_t now = patience_now(), look = now + SLICE * INT64_C(1000000);
		struct timespec until;

		/* Nobody waits for it: a server that is to stop need not, either. */
		if (atomic_load(&worker->server->stopping) &&
		    (end == 0 || end > now + CALL_COPROCESS_GRACE))
			end = now + CALL_COPROCESS_GRACE;
		if (end != 0 && look > end)
			look = end;
		until = (struct timespec){ look / 1000000000, look % 1000000000 };
		if (pthread_clockjoin_np(rest->writer, NULL, CLOCK_MONOTONIC, &until) == 0)
			return;
		if (end != 0 && now >= end) {
			call_coprocess_give_up(worker, rest, SIGTERM);
			return;
		}
	}
}
