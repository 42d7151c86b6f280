/* SPDX-License-Identifier: MIT */
/* The processes that call: each is looked at once, and known as long as it lives. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>

#include "call-worker.h"
#include "fdio.h"
#include "own.h"

static bool has_ended(const struct call_caller *caller)
{
	return caller->pidfd >= 0 && fdio_await(caller->pidfd, POLLIN, -1, 0) > 0;
}

/* System V: nobody will take what was sent to a process that has ended. */
static void purge(struct call_worker *worker, int64_t type)
{
	const struct queue_choice choice = { .pick = QUEUE_TYPE, .type = type };
	char *spare = malloc(QUEUE_HEADROOM + worker->size);
	long label;

	while (spare != NULL && queue_receive_now(&worker->queue, spare + QUEUE_HEADROOM,
						  worker->size, &choice, &label) >= 0)
		;
	free(spare);
}

void call_caller_free(struct call_worker *worker, struct call_caller *caller)
{
	/* One that lives takes its reply even when we have ended. */
	if (!worker->server->posix && has_ended(caller))
		purge(worker, caller->type);
	if (caller->desk != NULL)
		call_desk_close(caller->desk);
	if (caller->reply.family != NULL)
		queue_close(&caller->reply);
	own_drop_fd(&caller->pidfd);
	free(caller);
}

void call_caller_let_go(struct call_worker *worker, struct call_caller *caller, bool died)
{
	struct call_server *server = worker->server;
	struct call_caller **at = &server->callers;
	bool last;

	pthread_mutex_lock(&server->lock);
	if (died)
		caller->dead = true;
	else
		caller->users--;
	last = caller->dead && caller->users == 0;
	if (died)
		epoll_ctl(server->events, EPOLL_CTL_DEL, caller->pidfd, NULL);
	while (last && *at != caller)
		at = &(*at)->next;
	if (last)
		*at = caller->next;
	pthread_mutex_unlock(&server->lock);
	if (last)
		call_caller_free(worker, caller);
}

static struct call_caller *find_known(struct call_server *server, const struct call_header *request)
{
	struct call_caller *caller;

	pthread_mutex_lock(&server->lock);
	for (caller = server->callers; caller != NULL; caller = caller->next)
		if (!caller->dead && caller->pid == request->pid &&
		    memcmp(caller->token, request->token, sizeof caller->token) == 0)
			break;
	if (caller != NULL)
		caller->users++;
	pthread_mutex_unlock(&server->lock);
	return caller;
}

/* What is WRONG, unless it is that we have no descriptor left. */
static const char *failed(const char *wrong)
{
	return errno == EMFILE || errno == ENFILE
		       ? "comes from one caller too many for this process (ulimit -n)"
		       : wrong;
}

static const char *meet(struct call_worker *worker, struct call_caller *caller,
			const struct call_header *request)
{
	const char *wrong = NULL;
	int reply;

	caller->pid = request->pid;
	memcpy(caller->token, request->token, sizeof caller->token);
	caller->pidfd = pidfd_open(request->pid, 0);
	if (caller->pidfd < 0)
		return failed("comes from a process that has ended");
	errno = 0;
	caller->desk = call_desk_open(request, worker->server->posix, &caller->uid, &reply, &wrong);
	if (caller->desk == NULL)
		return failed(wrong);
	caller->type = request->reply;
	if (reply >= 0 && queue_adopt(&caller->reply, reply) < 0)
		return "has no queue for its reply";
	/* Had it ended before, the PID could be another's by now. */
	return has_ended(caller) ? "comes from a process that has ended" : NULL;
}

struct call_caller *call_caller_find(struct call_worker *worker, const struct call_header *request,
				     const char **wrong)
{
	struct call_server *server = worker->server;
	struct call_caller *caller = find_known(server, request);
	struct epoll_event event = { .events = EPOLLIN };

	if (caller != NULL)
		return caller;
	caller = calloc(1, sizeof *caller);
	*wrong = "found no memory left";
	if (caller == NULL)
		return NULL;
	caller->pidfd = -1;
	caller->type = CALL_TYPE_LEAST;
	caller->users = 1;
	*wrong = meet(worker, caller, request);
	if (*wrong != NULL) {
		call_caller_free(worker, caller);
		return NULL;
	}
	event.data.ptr = caller;
	pthread_mutex_lock(&server->lock);
	caller->next = server->callers;
	server->callers = caller;
	/* One whose end nobody would tell is known for this request alone. */
	caller->dead = epoll_ctl(server->events, EPOLL_CTL_ADD, caller->pidfd, &event) < 0;
	pthread_mutex_unlock(&server->lock);
	return caller;
}
