/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "child.h"
#include "fdio.h"
#include "own.h"
#include "say.h"
#include "status.h"

static int supervise(struct worker *worker, struct child *child)
{
	/* Without a pidfd there is no waiting for both: signals wait for the end. */
	if (child->descriptor < 0)
		return child_end(child);
	for (;;) {
		int events = fdio_await(child->descriptor, POLLIN, worker->stop->descriptor, -1);
		int signal;

		if (events < 0)
			waker_causes(worker->waker); /* or the helper goes on interrupting */
		/* Also where COMMAND has ended, too: another message is not to be begun. */
		signal = events > 0 && (events & POLLPRI) ? stop_signal(worker->stop, NULL) : 0;
		if (signal != 0 && worker->signal != 0)
			kill(child->pid, signal);
		if (signal != 0)
			worker->signal = signal;
		if (events > 0 && (events & POLLIN))
			return child_end(child);
	}
}

int worker_run(struct worker *worker, const char *bytes, size_t length)
{
	OWN_FD int record = fdio_file_of(bytes, length);
	const struct child_plan plan = { .words = worker->words,
					 .input = record,
					 .output = -1,
					 .mask = &worker->stop->before,
					 .kept = worker->kept };
	struct child child;
	int error;

	worker->unstarted = true;
	if (record < 0) {
		say_errno("cannot give a message to %s", worker->words[0]);
		return STATUS_OWN_FAILURE;
	}
	error = child_start(&child, &plan);
	if (error == 0) {
		worker->unstarted = false;
		return supervise(worker, &child);
	}
	errno = error;
	say_errno("cannot run %s", worker->words[0]);
	return child_unstarted_status(error);
}
