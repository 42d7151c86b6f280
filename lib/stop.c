/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static bool is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int begin(struct stop *stop, const int *signals, size_t count)
{
	sigset_t watched, blocked;

	sigemptyset(&watched);
	for (size_t i = 0; i < count; i++)
		if (signals[i] != 0 && !is_ignored(signals[i]))
			sigaddset(&watched, signals[i]);
	blocked = watched;
	sigaddset(&blocked, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &blocked, &stop->before) < 0)
		return -1;
	stop->descriptor = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	return stop->descriptor < 0 ? -1 : 0;
}

int stop_begin(struct stop *stop, int also)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, also };

	return begin(stop, signals, sizeof signals / sizeof *signals);
}

void stop_leave_pipe(const struct stop *stop)
{
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (sigismember(&stop->before, SIGPIPE) == 0)
		sigprocmask(SIG_UNBLOCK, &pipe, NULL);
}

static void survive(int signal)
{
	(void)signal;
}

void stop_survive_file_limit(void)
{
	/* A handler and not SIG_IGN, which would outlive exec. */
	struct sigaction action = { .sa_handler = survive, .sa_flags = SA_RESTART }, before;

	if (sigaction(SIGXFSZ, &action, &before) == 0 && before.sa_handler == SIG_IGN)
		sigaction(SIGXFSZ, &before, NULL);
}

int stop_notice_children(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	return is_ignored(SIGCHLD) ? sigaction(SIGCHLD, &action, NULL) : 0;
}

int stop_begin_for_command(struct stop *stop)
{
	const int signals[] = { SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
				SIGUSR2, SIGCONT, SIGTSTP, SIGCHLD };

	if (stop_notice_children() < 0)
		return -1;
	return begin(stop, signals, sizeof signals / sizeof *signals);
}

void stop_hold(void)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGQUIT);
	sigprocmask(SIG_BLOCK, &held, NULL);
}

int stop_signal(const struct stop *stop, bool *from_terminal)
{
	struct signalfd_siginfo info;

	if (read(stop->descriptor, &info, sizeof info) != (ssize_t)sizeof info)
		return 0;
	if (from_terminal != NULL)
		*from_terminal = info.ssi_code == SI_KERNEL;
	return (int)info.ssi_signo;
}

_Noreturn void stop_die(int signal)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t only;

	sigaction(signal, &action, NULL);
	sigemptyset(&only);
	sigaddset(&only, signal);
	raise(signal);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	_exit(128 + signal);
}
