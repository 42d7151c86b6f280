/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdio.h"
#include "status.h"

enum { KEPT_LEAST = 10 };

/* FROM as descriptor TO, whether it is that already or not. */
static int place(int from, int to)
{
	if (from < 0)
		return 0;
	return from == to ? fcntl(from, F_SETFD, 0) : dup2(from, to);
}

/* Above what a shell's redirections name; where there may be none so high, where it is. */
static int keep(int descriptor)
{
	if (fcntl(descriptor, F_DUPFD, KEPT_LEAST) >= 0)
		return 0;
	return fcntl(descriptor, F_SETFD, 0);
}

/* Between vfork() and exec: only calls that leave our memory as it is. */
static int become(const struct child_plan *plan, pid_t parent)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };

	/* Our own handlers must not run where our memory is lent. */
	sigaction(SIGRTMIN, &plain, NULL);
	if (plan->alone && (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0))
		return errno;
	if (plan->alone && getppid() != parent)
		_exit(0); /* it has ended before we asked to be told */
	if (place(plan->input, STDIN_FILENO) < 0 || place(plan->output, STDOUT_FILENO) < 0)
		return errno;
	if (plan->kept > 0 && keep(plan->kept) < 0)
		return errno;
	if (plan->descriptors != NULL)
		setrlimit(RLIMIT_NOFILE, plan->descriptors);
	sigprocmask(SIG_SETMASK, plan->mask, NULL);
	execvpe(plan->words[0], plan->words,
		plan->environment != NULL ? plan->environment : environ);
	return errno;
}

int child_start(struct child *child, const struct child_plan *plan)
{
	volatile int error = 0; /* written by the child, in our memory */
	pid_t parent = getpid();
	sigset_t every, before;

	if (stop_notice_children() < 0)
		return errno;
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	child->pid = vfork();
	if (child->pid == 0) {
		error = become(plan, parent);
		_exit(STATUS_OWN_FAILURE);
	}
	if (child->pid < 0)
		error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (child->pid > 0 && error != 0)
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (error != 0)
		return error;
	child->descriptor = pidfd_open(child->pid, 0);
	return 0;
}

static int ended(struct child *child, int how)
{
	if (child->descriptor >= 0)
		close(child->descriptor);
	child->descriptor = -1;
	return WIFSIGNALED(how) ? STATUS_SIGNAL + WTERMSIG(how) : WEXITSTATUS(how);
}

int child_end(struct child *child)
{
	int how;

	while (waitpid(child->pid, &how, 0) < 0)
		if (errno != EINTR)
			return STATUS_OWN_FAILURE;
	return ended(child, how);
}

/*
 * Stop as SIGNAL stopped the child, where that is a terminal's job control: whoever
 * sent SIGSTOP to the child alone continues the child alone.
 */
static void stop_too(int signal)
{
	sigset_t only, before;

	if (signal == SIGSTOP)
		return;
	sigemptyset(&only);
	sigaddset(&only, signal);
	raise(signal);
	sigprocmask(SIG_UNBLOCK, &only, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Pass what we were sent on to PROCESS (0: it has ended), and add it to GOT. */
static void pass_on(pid_t process, const struct stop *stop, sigset_t *got)
{
	bool from_terminal;
	int signal;

	while ((signal = stop_signal(stop, &from_terminal)) != 0) {
		sigaddset(got, signal);
		if (process != 0 && signal != SIGCHLD && !from_terminal)
			kill(process, signal);
	}
}

/* The signal that ended a process, if it is one that asks to stop and is in GOT; or 0. */
static int shared_end(int how, const sigset_t *got)
{
	int signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
	bool asks = signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;

	return asks && sigismember(got, signal) == 1 ? signal : 0;
}

int child_supervise(struct child *child, const struct stop *stop)
{
	sigset_t got;

	sigemptyset(&got);
	for (;;) {
		int how;
		pid_t found = waitpid(child->pid, &how, WNOHANG | WUNTRACED);

		if (found < 0 && errno == EINTR)
			continue;
		if (found < 0)
			return STATUS_OWN_FAILURE;
		if (found == child->pid && !WIFSTOPPED(how)) {
			/* A terminal's came to both before either could end. */
			pass_on(0, stop, &got);
			child->signal = shared_end(how, &got);
			return ended(child, how);
		}
		if (found == child->pid)
			stop_too(WSTOPSIG(how));
		else
			fdio_await(stop->descriptor, POLLIN, -1, -1);
		pass_on(child->pid, stop, &got);
	}
}

_Noreturn void child_die_too(int signal)
{
	prctl(PR_SET_DUMPABLE, 0);
	stop_die(signal);
}

int child_unstarted_status(int error)
{
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}
