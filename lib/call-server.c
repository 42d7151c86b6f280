/* SPDX-License-Identifier: MIT */
#include "call-server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "call-worker.h"
#include "fdio.h"
#include "say.h"

/* What an event of the main thread's is about; a caller otherwise. */
static char about_signals, about_workers;

static void handle(struct call_worker *worker, size_t length)
{
	const char *message = worker->block + QUEUE_HEADROOM;
	const char *wrong = call_read_request(message, length, &worker->request);

	worker->caller = wrong != NULL ? NULL : call_caller_find(worker, &worker->request, &wrong);
	if (worker->caller != NULL)
		wrong = call_desk_take(worker->caller->desk, worker->request.sequence);
	if (wrong != NULL)
		say("dropped a message of %zu byte%s, which %s", length, length == 1 ? "" : "s",
		    wrong);
	if (wrong == NULL) {
		worker->body = message + CALL_HEADER_SIZE;
		worker->streaming = worker->letter = worker->caller_is_gone = false;
		if (worker->server->coprocess)
			call_coprocess_ask(worker);
		else
			call_run(worker);
	}
	if (worker->caller != NULL)
		call_caller_let_go(worker, worker->caller, false);
}

static void close_down(struct call_server *server)
{
	atomic_store(&server->stopping, true);
	eventfd_write(server->closing, 1);
}

/*
 * Whether a signal has come; where a request takes long, even if the main
 * thread has not seen it yet.
 */
static bool is_closing(struct call_server *server)
{
	if (server->coprocess)
		return atomic_load_explicit(&server->stopping, memory_order_relaxed);
	return fdio_await(server->closing, POLLIN, server->stop->descriptor, 0) > 0;
}

static bool receive(struct call_worker *worker)
{
	const struct queue_choice requests = { .pick = worker->server->posix ? QUEUE_ANY
									     : QUEUE_TYPE,
					       .type = 1 };
	const struct patience forever = { 0 };
	ssize_t length;
	char *block;
	long label;

	length = queue_receive(&worker->queue, worker->block + QUEUE_HEADROOM, worker->size,
			       &requests, &label, &forever, &worker->waker);
	if (length >= 0) {
		handle(worker, (size_t)length);
		return true;
	}
	if (errno == ESRCH) {
		call_coprocess_bury(worker);
		return true;
	}
	if (errno != E2BIG) {
		if (errno != EINTR)
			worker->server->error = errno;
		return false;
	}
	block = realloc(worker->block, QUEUE_HEADROOM + worker->queue.room);
	if (block == NULL) {
		worker->server->error = ENOMEM;
		return false;
	}
	worker->block = block;
	worker->size = worker->queue.room;
	return true;
}

/* Our environment and what a COMMAND is told beside it. */
static int environment_for(struct call_worker *worker)
{
	size_t count = 0, used = 0;

	while (environ[count] != NULL)
		count++;
	worker->environment = calloc(count + 4, sizeof *worker->environment);
	if (worker->environment == NULL)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "IPC_MQ_REF=", 11) != 0 &&
		    strncmp(environ[i], "IPC_CALLER_PID=", 15) != 0 &&
		    strncmp(environ[i], "IPC_CALLER_UID=", 15) != 0)
			worker->environment[used++] = environ[i];
	snprintf(worker->ref, sizeof worker->ref, "IPC_MQ_REF=%s", worker->server->ref);
	worker->environment[used++] = worker->ref;
	if (!worker->server->coprocess) {
		worker->environment[used++] = worker->pid;
		worker->environment[used++] = worker->uid;
	}
	return 0;
}

/* What a worker needs is its own, and goes with it. */
static int equip(struct call_worker *worker, struct call_server *server)
{
	worker->server = server;
	worker->queue = *server->queue;
	worker->queue.staging = NULL;
	worker->queue.one_at_a_time = true;
	worker->size = worker->queue.room;
	call_worker_watch(worker, 0);
	worker->block = malloc(QUEUE_HEADROOM + worker->size);
	return worker->block == NULL ? -1 : 0;
}

static void unequip(struct call_worker *worker)
{
	waker_close(&worker->waker); /* its helper uses what is freed here */
	free(worker->block);
	free(worker->environment);
	free(worker->queue.staging);
}

static void *work(void *argument)
{
	struct call_worker *worker = argument;
	struct call_server *server = worker->server;

	if (equip(worker, server) < 0 || environment_for(worker) < 0)
		server->error = ENOMEM;
	else
		while (!is_closing(server) && receive(worker))
			;
	/* One that cannot go on ends all. */
	close_down(server);
	call_coprocess_end(worker);
	unequip(worker);
	eventfd_write(server->ended, 1);
	return NULL;
}

static int hire(struct call_worker *worker, struct call_server *server)
{
	worker->server = server;
	return pthread_create(&worker->thread, NULL, work, worker);
}

/* The second signal: whatever runs is ended. */
static void end_commands(struct call_server *server)
{
	pthread_mutex_lock(&server->lock);
	for (int i = 0; i < server->workers; i++)
		if (server->crew[i].command > 0)
			kill(-server->crew[i].command, SIGKILL);
	pthread_mutex_unlock(&server->lock);
	server->hurried = true;
}

static void take_signal(struct call_server *server)
{
	int signal;

	/* First: no worker shall see neither. */
	close_down(server);
	signal = stop_signal(server->stop, NULL);
	if (signal == 0)
		return;
	if (server->signal != 0)
		end_commands(server);
	server->signal = signal;
}

static void oversee(struct call_server *server, struct call_worker *broom)
{
	int at_work = server->workers;

	while (at_work > 0 && !server->hurried) {
		struct epoll_event events[64];
		int count = epoll_wait(server->events, events, 64, -1);

		for (int i = 0; i < count; i++) {
			eventfd_t ended = 0;

			if (events[i].data.ptr == &about_signals)
				take_signal(server);
			else if (events[i].data.ptr != &about_workers)
				call_caller_let_go(broom, events[i].data.ptr, true);
			else if (eventfd_read(server->ended, &ended) == 0)
				at_work -= (int)ended;
		}
	}
}

static int watch(struct call_server *server, int descriptor, void *about)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = about };

	return epoll_ctl(server->events, EPOLL_CTL_ADD, descriptor, &event);
}

/* Each caller takes two descriptors. */
static void raise_descriptors(struct call_server *server)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	server->descriptors = limit;
	limit.rlim_cur = limit.rlim_max;
	server->raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* What earlier servers and callers have left. */
static void tidy(struct call_worker *broom)
{
	struct queue_choice choice = { .pick = QUEUE_TYPE };
	long label;

	if (broom->server->posix)
		return; /* queue_sweep() was before the lock: it may open and close our queue */
	for (long index = 0;; index++) {
		ssize_t length = queue_copy(&broom->queue, index, broom->block + QUEUE_HEADROOM,
					    broom->size, &label);

		if (length < 0)
			return;
		choice.type = label;
		if (label < CALL_TYPE_LEAST || kill(call_type_pid(label), 0) == 0 || errno == EPERM)
			continue;
		if (queue_receive_now(&broom->queue, broom->block + QUEUE_HEADROOM, broom->size,
				      &choice, &label) >= 0)
			index--;
	}
}

static int open_events(struct call_server *server)
{
	server->events = epoll_create1(EPOLL_CLOEXEC);
	server->closing = eventfd(0, EFD_CLOEXEC);
	server->ended = eventfd(0, EFD_CLOEXEC);
	if (server->events < 0 || server->closing < 0 || server->ended < 0)
		return -1;
	return watch(server, server->stop->descriptor, &about_signals) < 0
		       ? -1
		       : watch(server, server->ended, &about_workers);
}

/* Until all is over.  Returns 0, or an errno when it could not begin. */
static int serve(struct call_server *server, struct call_worker *broom)
{
	int hired = 0, error = 0;

	tidy(broom);
	while (error == 0 && hired < server->workers) {
		error = hire(&server->crew[hired], server);
		if (error == 0)
			hired++;
	}
	server->workers = hired;
	if (error != 0)
		close_down(server);
	oversee(server, broom);
	if (server->hurried)
		return 0;
	for (int i = 0; i < hired; i++)
		pthread_join(server->crew[i].thread, NULL);
	for (struct call_caller *next; server->callers != NULL; server->callers = next) {
		next = server->callers->next;
		call_caller_free(broom, server->callers);
	}
	return error;
}

int call_server_run(struct call_server *server)
{
	static struct call_worker broom;
	int error;

	pthread_mutex_init(&server->lock, NULL);
	raise_descriptors(server);
	server->crew = calloc((size_t)server->workers, sizeof *server->crew);
	if (server->crew == NULL || open_events(server) < 0)
		error = errno;
	else
		error = equip(&broom, server) < 0 ? errno : 0;
	if (error == 0)
		error = serve(server, &broom);
	/* What is hurried may still use them. */
	if (!server->hurried) {
		unequip(&broom);
		free(server->crew);
	}
	errno = error;
	return error == 0 ? 0 : -1;
}
