/* SPDX-License-Identifier: MIT */
/*
 * ipc-wait - wait until something holds of an IPC object
 *
 * It looks again whenever the system says that something has happened, and at
 * an interval where it does not.  It never takes, gives or registers anything;
 * a queue that it waits for is open, but not for receiving by anybody's turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cli-object.h"
#include "cli.h"
#include "condition.h"
#include "own.h"
#include "patience.h"
#include "say.h"
#include "scan.h"
#include "status.h"

struct request {
	struct ref ref;
	struct condition condition;
	int operands;
	const char *word;
	struct patience patience;
	int64_t interval;
	bool quiet;
};

static void check_request(const struct request *request, struct argp_state *state)
{
	const char *wrong;

	if (request->operands == 0)
		argp_error(state, "missing operand: the REF of the object");
	if (request->operands == 1)
		argp_error(state, "missing operand: the CONDITION to wait for");
	wrong = condition_unfit(&request->condition, &request->ref);
	if (wrong != NULL)
		argp_error(state, "condition '%s' %s", request->word, wrong);
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;
	const char *wrong;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->patience;
		state->child_inputs[1] = &request->quiet;
		return 0;
	case 'i':
		wrong = scan_duration(text, &request->interval);
		if (wrong == NULL && request->interval < 1000000)
			wrong = "is too short (1ms at least)";
		if (wrong != NULL)
			argp_error(state, "interval '%s' %s", text, wrong);
		return 0;
	case ARGP_KEY_ARG:
		if (request->operands == 0) {
			cli_any_ref(state, text, &request->ref);
		} else if (request->operands == 1) {
			wrong = condition_scan(text, &request->condition);
			if (wrong != NULL)
				argp_error(state, "condition '%s' %s", text, wrong);
			request->word = text;
		} else {
			return ARGP_ERR_UNKNOWN;
		}
		request->operands++;
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "interval", 'i', "DURATION", 0, "Look so often where nothing tells (100ms)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_patience_argp, 0, NULL, 0 },
					      { &cli_quiet_argp, 0, NULL, 0 },
					      { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF CONDITION",
	.doc = "Wait until CONDITION holds of an IPC object: exists, gone, empty, nonempty, full, "
	       "room, unheld, held, value-ge=N, value-le=N, messages-ge=N or messages-le=N."
	       "\vREF is KIND:/NAME, KIND:id:NUMBER, KIND:key:NUMBER or KIND:ftok:PATH[,PROJ].  "
	       "Exit status: 0 it holds, 3 the time is up, 4 no such object, 6 it cannot be told.",
	.children = children,
};

/* What says that something may have changed. */
struct bells {
	int events; /* inotify, or -1 */
	int queue;  /* a POSIX queue that poll(2) answers for, or -1 */
	short wanted;
};

static void watch_directory(struct bells *bells, const struct request *request)
{
	const char *place = request->ref.kind == REF_MQ ? "/dev/mqueue" : "/dev/shm";
	uint32_t news = IN_CREATE | IN_DELETE | IN_MOVE | IN_ONLYDIR;

	if (request->condition.kind == CONDITION_HELD)
		news |= IN_OPEN;
	if (request->condition.kind == CONDITION_UNHELD) /* a mapping's end, too */
		news |= IN_CLOSE;
	bells->events = -1;
	if (!ref_is_posix(&request->ref))
		return;
	bells->events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (bells->events < 0)
		return;
	if (inotify_add_watch(bells->events, place, news) < 0) {
		close(bells->events);
		bells->events = -1;
	}
}

static short answer_of_poll(const struct condition *condition)
{
	switch (condition->kind) {
	case CONDITION_NONEMPTY:
		return POLLIN;
	case CONDITION_ROOM:
		return POLLOUT;
	default:
		return 0;
	}
}

/* poll(2) on a queue says when it is no longer empty, or no longer full. */
static void watch_queue(struct bells *bells, const struct world *world,
			const struct request *request)
{
	bells->queue = -1;
	bells->wanted = answer_of_poll(&request->condition);
	if (request->ref.kind == REF_MQ && ref_is_posix(&request->ref) && bells->wanted != 0 &&
	    world->queues >= 0)
		bells->queue = openat(world->queues, request->ref.name + 1,
				      (bells->wanted == POLLIN ? O_RDONLY : O_WRONLY) | O_NONBLOCK |
					      O_CLOEXEC);
}

static void drain(const struct bells *bells)
{
	char dropped[4096];

	while (read(bells->events, dropped, sizeof dropped) > 0)
		;
}

static bool is_about_holders(const struct request *request)
{
	return request->condition.kind == CONDITION_HELD ||
	       request->condition.kind == CONDITION_UNHELD;
}

/*
 * Sleep until a bell rings, the interval is over, or END has come.  Returns
 * whether it was the queue's.
 */
static bool sleep_once(const struct bells *bells, const struct request *request, int64_t end)
{
	struct pollfd entries[2] = { { bells->events, POLLIN, 0 },
				     { bells->queue, bells->wanted, 0 } };
	const struct patience interval = { .limited = true, .limit = request->interval };
	int64_t next = patience_end(&interval);

	/* To ask who holds it, we have opened it ourselves. */
	if (is_about_holders(request))
		drain(bells);
	if (end != 0 && end < next)
		next = end;
	if (poll(entries, 2, patience_poll(next)) > 0 && entries[0].revents & POLLIN)
		drain(bells);
	return entries[1].revents != 0;
}

/* Look once.  Returns an exit status, or -1: it does not hold yet. */
static int look(const struct request *request, const struct world *world)
{
	const struct condition *condition = &request->condition;
	char text[REF_TEXT_MAX];
	struct ref ref = request->ref;
	struct gaps gaps = { 0 };
	struct object object;
	int holds, error;

	if (census_one(world, &ref, condition_look(condition), &object, &gaps) < 0) {
		/* A file that is no such object may be one later; gone its name is not. */
		bool absent = errno == ENOENT || errno == EIDRM ||
			      (errno == EINVAL && condition->kind == CONDITION_EXISTS);

		if (absent && condition->kind == CONDITION_GONE)
			return STATUS_OK;
		if (absent && condition->kind == CONDITION_EXISTS)
			return -1;
		if (request->quiet && absent)
			return STATUS_ABSENT;
		if (!census_is_unseen(errno))
			return cli_say_missing(&ref, errno);
		holds = -1;
	} else {
		holds = condition_holds(condition, world, &object);
		error = errno;
		census_drop(&object);
		errno = error;
	}
	if (holds < 0) {
		say_errno("cannot tell whether %s is so of %s", request->word,
			  ref_print(&ref, text));
		return STATUS_INCOMPLETE;
	}
	return holds ? STATUS_OK : -1;
}

static int wait_for(const struct request *request, const struct world *world)
{
	int64_t end = patience_end(&request->patience);
	struct bells bells = { .events = -1, .queue = -1 };
	bool first = true, rang = false;

	for (;; first = false) {
		int status;
		bool over =
			patience_none(&request->patience) || (end != 0 && patience_now() >= end);

		/* Listen before looking, so that nothing is missed in between. */
		if (!first && bells.events < 0 && bells.queue < 0 && !over) {
			watch_directory(&bells, request);
			watch_queue(&bells, world, request);
		}
		status = look(request, world);
		if (status >= 0)
			return status;
		if (over)
			return STATUS_NOT_NOW;
		/* One that rings for nothing is another queue by now, whose name this one has. */
		if (rang) {
			own_drop_fd(&bells.queue);
			watch_queue(&bells, world, request);
		}
		rang = !first && sleep_once(&bells, request, end);
	}
}

/* Apart from main(), where the stack it needs would be touched by --help and wrong usage, too. */
__attribute__((noinline)) static int run(struct request *request)
{
	char text[REF_TEXT_MAX];
	struct world world;
	int status;

	if (ref_resolve(&request->ref) < 0) {
		say_errno("cannot make a key for %s", ref_print(&request->ref, text));
		return STATUS_FAILED;
	}
	world_open(&world);
	status = wait_for(request, &world);
	world_close(&world);
	return status;
}

int main(int argc, char **argv)
{
	static struct request request = { .interval = 100000000 };

	cli_parse(&argp, argc, argv, &request);
	return run(&request);
}
