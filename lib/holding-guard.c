/* SPDX-License-Identifier: MIT */
/*
 * Holding a POSIX semaphore.  The process that becomes COMMAND takes it, once
 * the guard is there: so there is no instant in which it is held and only one
 * of us would have to be killed for it to be lost.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "fdio.h"
#include "holding-family.h"
#include "say.h"
#include "status.h"

struct cast {
	struct child command;
	pid_t guard;
	int tool; /* a pidfd of ours, for the guard */
};

/*
 * COMMAND's process has ended: post, if it held it and nobody has begun to.  If
 * it was killed before it said anything, it may have been woken to take it, and
 * whoever it kept from that is to look again.
 */
static void give_back(const struct holding *holding, struct outcome *outcome)
{
	int held = STAGE_HELD;

	if (atomic_compare_exchange_strong(&outcome->stage, &held, STAGE_POSTING)) {
		if (semaphore_post(holding->semaphore, 0, 1) < 0)
			outcome->unposted = errno;
		outcome->stage = STAGE_POSTED;
	} else if (held == STAGE_FREE && outcome->error == 0) {
		semaphore_wake(holding->semaphore);
	}
}

static void let_take(struct outcome *outcome)
{
	outcome->may_take = 1;
	syscall(SYS_futex, &outcome->may_take, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* A wake that fails only costs time. */
static void await_guard(struct outcome *outcome)
{
	const struct timespec look = { 0, 20000000 };

	while (!outcome->may_take)
		syscall(SYS_futex, &outcome->may_take, FUTEX_WAIT, 0, &look, NULL, 0);
}

/* As semaphore_take(), with the signals that end a wait. */
static int take_waiting(const struct holding *holding, struct outcome *outcome,
			const struct stop *stop, struct waker *waker)
{
	struct stop mine;
	int taken;

	/* The tool's own are those that it passes on, and Ctrl-Z is among them. */
	sigprocmask(SIG_SETMASK, &stop->before, NULL);
	if (stop_begin(&mine, 0) < 0)
		return -1;
	waker->stop = mine.descriptor;
	semaphore_watch(holding->semaphore, waker);
	taken = semaphore_take(holding->semaphore, holding->steps, holding->count,
			       holding->patience, waker);
	if (taken < 0 && errno == EINTR) {
		outcome->signal = stop_signal(&mine, NULL);
		errno = EINTR;
	}
	return taken;
}

/* It dies with the tool until it holds the semaphore, for then nobody wants it to. */
_Noreturn static void be_command(const struct holding *holding, struct outcome *outcome,
				 const struct stop *stop, pid_t tool)
{
	struct waker waker = { .output = -1 };
	int taken;

	holding_follow(tool);
	await_guard(outcome);
	taken = semaphore_take_now(holding->semaphore, holding->steps, holding->count, false);
	if (taken < 0 && errno == EAGAIN)
		taken = take_waiting(holding, outcome, stop, &waker);
	if (taken < 0) {
		outcome->error = errno;
		_exit(STATUS_OWN_FAILURE);
	}
	outcome->stage = STAGE_HELD; /* with no system call in between */
	/* A signal of the helper's that came while we become COMMAND would kill it. */
	waker_close(&waker);
	holding_become(holding, outcome, stop);
}

/*
 * Has neither a terminal nor any descriptor that somebody could wait on, and
 * is not to be told to end.
 */
_Noreturn static void be_guard(const struct holding *holding, struct outcome *outcome,
			       const struct cast *cast)
{
	sigset_t most;

	sigfillset(&most);
	sigdelset(&most, SIGBUS);
	sigdelset(&most, SIGABRT);
	sigprocmask(SIG_SETMASK, &most, NULL);
	setsid();
	if (chdir("/") < 0 || dup2(cast->command.descriptor, STDIN_FILENO) < 0 ||
	    dup2(cast->tool, STDOUT_FILENO) < 0)
		_exit(STATUS_OWN_FAILURE); /* cannot happen, and the tool is there */
	close_range(STDERR_FILENO, ~0U, 0);
	while (fdio_await(STDIN_FILENO, POLLIN, -1, -1) <= 0)
		;
	give_back(holding, outcome);
	/* The tool may post, and wait for us: look now and then.  Killed in between, it may
	 * have posted, and woken nobody. */
	while (outcome->stage == STAGE_POSTING && fdio_await(STDOUT_FILENO, POLLIN, -1, 20) <= 0)
		;
	if (outcome->stage == STAGE_POSTING)
		semaphore_wake(holding->semaphore);
	_exit(0);
}

/* Nobody holds anything: send them home.  Returns -1 with errno as it is. */
static int dismiss(struct cast *cast)
{
	int kept = errno;

	if (cast->command.pid > 0) {
		kill(cast->command.pid, SIGKILL);
		child_end(&cast->command);
	}
	errno = kept;
	return -1;
}

static int assemble(const struct holding *holding, struct outcome *outcome, const struct stop *stop,
		    struct cast *cast)
{
	pid_t tool = getpid();

	cast->tool = pidfd_open(tool, 0);
	if (cast->tool < 0)
		return -1;
	cast->command.pid = fork();
	if (cast->command.pid == 0)
		be_command(holding, outcome, stop, tool);
	if (cast->command.pid < 0)
		return -1;
	cast->command.descriptor = pidfd_open(cast->command.pid, 0);
	if (cast->command.descriptor < 0)
		return dismiss(cast);
	cast->guard = fork();
	if (cast->guard == 0)
		be_guard(holding, outcome, cast);
	return cast->guard < 0 ? dismiss(cast) : 0;
}

/* COMMAND's process has ended: see to it that the semaphore is back. */
static void see_it_back(const struct holding *holding, struct outcome *outcome,
			const struct cast *cast)
{
	give_back(holding, outcome);
	while (waitpid(cast->guard, NULL, 0) < 0 && errno == EINTR)
		;
	if (outcome->unposted != 0) {
		errno = outcome->unposted;
		say_errno("cannot give back %s", holding->ref);
	}
	if (outcome->stage != STAGE_POSTING)
		return;
	semaphore_wake(holding->semaphore);
	say("%s may be lower by 1 than it should: the guard process was killed while it gave it "
	    "back",
	    holding->ref);
}

int holding_by_guard(struct holding *holding, struct outcome *outcome)
{
	struct cast cast = { .command.descriptor = -1 };
	struct stop stop;
	int value, status;

	/* Not worth two processes. */
	if (patience_none(holding->patience) && semaphore_values(holding->semaphore, &value) == 0 &&
	    value == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (stop_begin_for_command(&stop) < 0 || assemble(holding, outcome, &stop, &cast) < 0)
		return holding_not_started(holding);
	let_take(outcome);
	status = child_supervise(&cast.command, &stop);
	holding->signal = cast.command.signal;
	see_it_back(holding, outcome, &cast);
	return outcome->stage == STAGE_FREE ? holding_not_taken(holding, outcome, status)
					    : holding_told(holding, outcome, status);
}
