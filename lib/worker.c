/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "fdio.h"
#include "own.h"
#include "say.h"
#include "status.h"

/* The record as a file, to be read from its start. */
static int file_of(const char *bytes, size_t length)
{
	OWN_FD int file = memfd_create("message", MFD_CLOEXEC);

	if (file < 0 || fdio_write_all(file, bytes, length) < 0 || lseek(file, 0, SEEK_SET) < 0)
		return -1;
	return own_take_fd(&file);
}

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
		if (events > 0 && (events & POLLIN))
			return child_end(child);
		signal = events > 0 ? stop_signal(worker->stop, NULL) : 0;
		if (signal != 0 && worker->signal != 0)
			kill(child->pid, signal);
		if (signal != 0)
			worker->signal = signal;
	}
}

int worker_run(struct worker *worker, const char *bytes, size_t length)
{
	OWN_FD int record = file_of(bytes, length);
	struct child child;
	int error;

	if (record < 0) {
		say_errno("cannot give a message to %s", worker->words[0]);
		return STATUS_OWN_FAILURE;
	}
	error = child_start(&child, worker->words, record, &worker->stop->before);
	if (error == 0)
		return supervise(worker, &child);
	errno = error;
	say_errno("cannot run %s", worker->words[0]);
	return child_unstarted_status(error);
}
