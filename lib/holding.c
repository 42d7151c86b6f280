/* SPDX-License-Identifier: MIT */
#include "holding.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "holding-family.h"
#include "say.h"
#include "status.h"

void holding_follow(pid_t tool)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != tool)
		_exit(STATUS_OWN_FAILURE);
}

_Noreturn void holding_become(const struct holding *holding, struct outcome *outcome,
			      const struct stop *stop)
{
	prctl(PR_SET_PDEATHSIG, 0);
	sigprocmask(SIG_SETMASK, &stop->before, NULL);
	execvp(holding->words[0], holding->words);
	outcome->error = errno;
	_exit(child_unstarted_status(outcome->error));
}

int holding_told(const struct holding *holding, const struct outcome *outcome, int status)
{
	if (outcome->error != 0) {
		errno = outcome->error;
		say_errno("cannot run %s", holding->words[0]);
	}
	return status;
}

/*
 * Nothing is cheaper than vfork(2), and it is enough where there is no wait:
 * until the child holds the semaphore and has become COMMAND, or has found that
 * it cannot, we stand still.
 */
static pid_t take_at_once(const struct holding *holding, struct outcome *outcome,
			  const struct stop *stop)
{
	pid_t child = vfork();

	if (child != 0)
		return child;
	if (semaphore_take_now(holding->semaphore, holding->steps, holding->count, true) < 0) {
		outcome->error = errno;
		_exit(STATUS_OWN_FAILURE);
	}
	outcome->stage = STAGE_HELD;
	holding_become(holding, outcome, stop);
}

/* A child that waits in the kernel's line, and leaves it when we are no more. */
static pid_t take_in_line(const struct holding *holding, struct outcome *outcome,
			  const struct stop *stop, int64_t end)
{
	pid_t tool = getpid(), child = fork();

	if (child != 0)
		return child;
	holding_follow(tool);
	sigprocmask(SIG_SETMASK, &stop->before, NULL);
	if (semaphore_take_until(holding->semaphore, holding->steps, holding->count, true, end) <
	    0) {
		outcome->error = errno;
		_exit(STATUS_OWN_FAILURE);
	}
	outcome->stage = STAGE_HELD;
	holding_become(holding, outcome, stop);
}

int holding_not_taken(struct holding *holding, const struct outcome *outcome, int status)
{
	holding->signal = outcome->signal != 0 ? outcome->signal : status - STATUS_SIGNAL;
	errno = outcome->error != 0 ? outcome->error : EINTR;
	return -1;
}

int holding_not_started(const struct holding *holding)
{
	say_errno("cannot get ready to run %s", holding->words[0]);
	errno = ECHILD;
	return -1;
}

int holding_by_undo(struct holding *holding, struct outcome *outcome)
{
	int64_t end = patience_end(holding->patience);
	struct child child = { .descriptor = -1 };
	struct stop stop;
	int status;

	if (stop_begin_for_command(&stop) < 0)
		return holding_not_started(holding);
	child.pid = take_at_once(holding, outcome, &stop);
	if (child.pid > 0 && outcome->stage == STAGE_FREE && outcome->error == EAGAIN &&
	    !patience_none(holding->patience)) {
		child_end(&child);
		outcome->error = 0;
		child.pid = take_in_line(holding, outcome, &stop, end);
	}
	if (child.pid < 0)
		return holding_not_started(holding);
	status = child_supervise(&child, &stop);
	holding->signal = child.signal;
	if (outcome->stage == STAGE_HELD)
		return holding_told(holding, outcome, status);
	return holding_not_taken(holding, outcome, status);
}

int holding_run(struct holding *holding)
{
	struct outcome *outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (outcome == MAP_FAILED)
		return holding_not_started(holding);
	return semaphore_can_undo(holding->semaphore) ? holding_by_undo(holding, outcome)
						      : holding_by_guard(holding, outcome);
}
