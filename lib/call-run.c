/* SPDX-License-Identifier: MIT */
/*
 * A COMMAND for a request: the request on its standard input, the reply from
 * its standard output.  A request that its caller did not finish never looks
 * finished: COMMAND is killed before it sees the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "call-worker.h"
#include "fdio.h"
#include "own.h"
#include "patience.h"

enum { GRACE = 1000000000, SLICE = 100 };

struct run {
	struct call_worker *worker;
	struct child child;
	int output; /* what COMMAND writes, or -1 when it has closed that */
	int input;  /* what it reads, when that is shared; else -1 */
	size_t held;
	int64_t end; /* when it is told to end, then killed; 0: never */
	bool ended;  /* COMMAND has, in time unless it was late already */
	size_t left; /* then: the bytes of its output that are still to be taken */
	bool late;
	bool unwanted; /* nothing of it goes anywhere */
	bool feeding;
	pthread_t feeder;
	struct call_end request;
	atomic_bool over, foul;
	atomic_int error; /* what kept us from feeding it, or 0 */
};

static void signal_all(const struct run *run, int signal)
{
	kill(-run->child.pid, signal);
}

/* We cannot go on: COMMAND must not wait for us, nor its caller. */
static void give_up(struct run *run, int error)
{
	atomic_store(&run->error, error);
	signal_all(run, SIGKILL);
}

/* From the desk to COMMAND's standard input. */
static void *feed(void *argument)
{
	struct run *run = argument;
	struct call_end *end = &run->request;

	while (!atomic_load(&run->over)) {
		bool closed = call_end_is_closed(end);
		char *at;
		ssize_t count = call_end_look(end, &at), went;

		if (count < 0) {
			atomic_store(&run->foul, true);
			signal_all(run, SIGKILL);
			return NULL;
		}
		if (count == 0 && closed) {
			close(run->input);
			run->input = -1;
			return NULL;
		}
		if (count == 0) {
			call_end_wait(end);
			continue;
		}
		went = write(run->input, at, (size_t)count);
		if (went > 0) {
			call_end_move(end, (size_t)went);
		} else if (errno == EAGAIN) {
			fdio_await(run->input, POLLOUT, -1, SLICE);
		} else if (errno != EINTR) {
			/* EPIPE: it wants no more. */
			if (errno != EPIPE)
				give_up(run, errno);
			break;
		}
	}
	call_end_close(end);
	return NULL;
}

/*
 * A PIPE for a body that does not fit into a message: as much as the desk holds
 * goes through it at a time.  Where the system refuses, nothing but time is lost.
 */
static void enlarge(int pipe)
{
	fcntl(pipe, F_SETPIPE_SZ, CALL_STREAM_SIZE);
}

/* Standard input for COMMAND: its end, which the caller closes, or -1. */
static int make_input(struct run *run)
{
	struct call_worker *worker = run->worker;
	int ways[2];

	run->input = -1;
	if (!(worker->request.flags & CALL_SHARED))
		return fdio_file_of(worker->body, worker->request.length);
	if (pipe2(ways, O_CLOEXEC) < 0)
		return -1;
	fcntl(ways[1], F_SETFL, O_NONBLOCK);
	enlarge(ways[1]);
	run->input = ways[1];
	run->request = (struct call_end){ .stream = &worker->caller->desk->request,
					  .bytes = worker->caller->desk->request_bytes };
	return ways[0];
}

static int start(struct run *run)
{
	struct call_worker *worker = run->worker;
	struct child_plan plan = call_worker_plan(worker);
	OWN_FD int input = make_input(run), write_end = -1;
	int ways[2], error;

	if (input < 0 || pipe2(ways, O_CLOEXEC) < 0)
		return -1;
	run->output = ways[0];
	write_end = ways[1];
	plan.input = input;
	plan.output = write_end;
	error = child_start(&run->child, &plan);
	if (error != 0) {
		worker->start_error = error;
		errno = error;
		return -1;
	}
	call_worker_runs(worker, run->child.pid);
	run->feeding = run->input >= 0;
	if (run->feeding && pthread_create(&run->feeder, NULL, feed, run) != 0) {
		signal_all(run, SIGKILL);
		call_worker_runs(worker, 0);
		child_end(&run->child);
		errno = EAGAIN;
		return -1;
	}
	return 0;
}

/* Its time is up: it is asked to end, and after a while made to. */
static void press(struct run *run)
{
	if (run->ended || run->end == 0 || patience_now() < run->end)
		return;
	signal_all(run, run->late ? SIGKILL : SIGTERM);
	run->end = run->late ? 0 : patience_now() + GRACE;
	run->late = true;
}

/* What COMMAND has written goes on as far as there is room. */
static void take_output(struct run *run)
{
	struct call_worker *worker = run->worker;
	char scratch[4096], *at = scratch;
	size_t most = call_worker_room(worker);
	ssize_t room = sizeof scratch, got;

	if (!run->unwanted && !worker->streaming) {
		/* One byte more, to know whether that is all. */
		at = worker->message + CALL_HEADER_SIZE + run->held;
		room = (ssize_t)(most + 1 - run->held);
	} else if (!run->unwanted) {
		room = call_end_look(&worker->reply, &at);
	}
	if (room < 0)
		run->unwanted = true;
	if (room == 0)
		call_end_wait(&worker->reply);
	if (room <= 0)
		return;
	if (run->ended && (size_t)room > run->left)
		room = (ssize_t)run->left;
	got = read(run->output, at, (size_t)room);
	if (got <= 0) {
		close(run->output);
		run->output = -1;
		return;
	}
	if (run->ended)
		run->left -= (size_t)got;
	if (run->unwanted)
		return;
	if (worker->streaming) {
		call_end_move(&worker->reply, (size_t)got);
		return;
	}
	run->held += (size_t)got;
	if (run->held > most) {
		char held[CALL_REPLY_MAX + 1];

		memcpy(held, worker->message + CALL_HEADER_SIZE, run->held);
		call_worker_stream(worker);
		enlarge(run->output);
		if (call_end_look(&worker->reply, &at) < (ssize_t)run->held) {
			run->unwanted = true;
			return;
		}
		memcpy(at, held, run->held);
		call_end_move(&worker->reply, run->held);
	}
}

/* The caller has ended, or plays foul. */
static void be_alone(struct run *run)
{
	run->unwanted = true;
	if (run->feeding && (atomic_load(&run->foul) || !call_end_is_closed(&run->request)))
		signal_all(run, SIGKILL);
}

/* COMMAND has ended.  What it leaves running may write on: that is no reply. */
static void note_end(struct run *run)
{
	int left = 0;

	if (run->output >= 0 && ioctl(run->output, FIONREAD, &left) < 0)
		atomic_store(&run->error, errno);
	run->left = (size_t)left;
	run->ended = true;
}

static bool is_over(const struct run *run)
{
	if (run->ended)
		return run->left == 0 || run->unwanted;
	/* Where its end cannot be watched, that of its output stands for it. */
	return run->output < 0 && run->child.descriptor < 0;
}

/* Until COMMAND has ended and what it had written is taken. */
static void attend(struct run *run)
{
	struct call_worker *worker = run->worker;

	while (!is_over(run)) {
		/* The end first: whoever is seen to have ended has written all. */
		struct pollfd watched[] = {
			{ .fd = run->child.descriptor, .events = POLLIN },
			{ .fd = run->output, .events = POLLIN },
			{ .fd = run->unwanted ? -1 : worker->caller->pidfd, .events = POLLIN },
		};
		int ready = poll(watched, 3, patience_poll(run->end));

		if (ready < 0)
			waker_causes(&worker->waker); /* or its helper goes on interrupting */
		if (ready > 0 && watched[0].revents != 0 && !run->ended)
			note_end(run);
		press(run);
		if (ready <= 0)
			continue;
		if (atomic_load(&run->foul) || (watched[2].revents && call_worker_is_alone(worker)))
			be_alone(run);
		if (watched[1].revents != 0 && !is_over(run))
			take_output(run);
		else if (run->ended)
			return;
	}
}

static void finish(struct run *run)
{
	struct call_worker *worker = run->worker;
	size_t length = worker->streaming ? 0 : run->held;
	int status, error;

	if (run->feeding) {
		atomic_store(&run->over, true);
		call_end_wake(&run->request);
		pthread_join(run->feeder, NULL);
		call_end_close(&run->request);
	}
	own_drop_fd(&run->input);
	own_drop_fd(&run->output);
	call_worker_runs(worker, 0);
	status = child_end(&run->child);
	error = atomic_load(&run->error);
	if (run->unwanted)
		return;
	if (error != 0)
		call_worker_answer(worker, CALL_FAILED, error, 0);
	else
		call_worker_answer(worker, run->late ? CALL_TIMED_OUT : CALL_OK, status, length);
}

void call_run(struct call_worker *worker)
{
	struct run run = { .worker = worker, .output = -1, .child.descriptor = -1 };

	worker->start_error = 0;
	snprintf(worker->pid, sizeof worker->pid, "IPC_CALLER_PID=%d", worker->caller->pid);
	snprintf(worker->uid, sizeof worker->uid, "IPC_CALLER_UID=%u", worker->caller->uid);
	if (start(&run) < 0) {
		int error = errno;

		own_drop_fd(&run.output);
		own_drop_fd(&run.input);
		call_worker_answer(worker, worker->start_error != 0 ? CALL_NOT_RUN : CALL_FAILED,
				   error, 0);
		return;
	}
	if (worker->server->command_limit != 0)
		run.end = patience_now() + worker->server->command_limit;
	attend(&run);
	finish(&run);
}
