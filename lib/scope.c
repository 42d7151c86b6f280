/* SPDX-License-Identifier: MIT */
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "fdio.h"
#include "own.h"
#include "ref.h"
#include "say.h"
#include "status.h"
#include "stop.h"

/* What tool, guard and COMMAND share; the object's own struct stands behind it. */
struct stage {
	char text[REF_TEXT_MAX];
	max_align_t object[];
};

/* The ways between the three; each end is closed by whoever does not use it. */
struct ways {
	int gate[2];    /* tool to COMMAND: a byte lets it go, the end makes it give up */
	int started[2]; /* COMMAND to tool: the errno of a failed exec, or the end */
	int guard[2];   /* guard to tool: a status once made, an errno once removed */
};

static int open_ways(struct ways *ways)
{
	return pipe2(ways->gate, O_CLOEXEC) < 0 || pipe2(ways->started, O_CLOEXEC) < 0 ||
			       pipe2(ways->guard, O_CLOEXEC) < 0
		       ? -1
		       : 0;
}

/* Returns false when the other side ended without a word. */
static bool read_word(int descriptor, int *word)
{
	return fdio_read(descriptor, word, sizeof *word, -1) == (ssize_t)sizeof *word;
}

_Noreturn static void be_command(const struct scope *scope, const struct stage *stage,
				 const struct ways *ways, const struct stop *stop, char **words)
{
	char go;
	int error;

	close(ways->gate[1]);
	close(ways->guard[1]);
	if (fdio_read(ways->gate[0], &go, 1, -1) != 1)
		_exit(STATUS_OWN_FAILURE);
	error = setenv(scope->variable, stage->text, 1) < 0 ? errno : 0;
	sigprocmask(SIG_SETMASK, &stop->before, NULL);
	if (error == 0) {
		execvp(words[0], words);
		error = errno;
	}
	fdio_write_all(ways->started[1], &error, sizeof error);
	_exit(child_unstarted_status(error));
}

_Noreturn static void be_guard(const struct scope *scope, struct stage *stage,
			       const struct ways *ways, int command)
{
	int word;

	setsid();
	if (chdir("/") < 0)
		_exit(0); /* cannot happen; the tool says that nothing was made */
	/* Only the tool can open the gate: its read end tells when the tool is gone. */
	close(ways->gate[1]);
	if (scope->stop != 0)
		*(int *)((char *)stage->object + scope->stop) = ways->gate[0];
	word = scope->create(stage->object, stage->text);
	/* Descriptors 0 to 2 are busy or closed here, never an accident's. */
	dup2(command, STDIN_FILENO);
	dup2(ways->guard[1], STDOUT_FILENO);
	close_range(STDERR_FILENO, ~0U, 0);
	fdio_write_all(STDOUT_FILENO, &word, sizeof word);
	if (word != 0)
		_exit(0);
	fdio_await(STDIN_FILENO, POLLIN, -1, -1);
	word = scope->remove(stage->object) < 0 ? errno : 0;
	fdio_write_all(STDOUT_FILENO, &word, sizeof word);
	_exit(0);
}

/* Make sure that the object is gone; whoever can still say so says so. */
static void see_it_gone(const struct scope *scope, struct stage *stage, const struct ways *ways)
{
	int error = 0;

	/* A guard that was killed may have made it and not come to say so. */
	if (!read_word(ways->guard[0], &error))
		error = scope->remove(stage->object) == 0 ? 0 : errno;
	if (error != 0) {
		errno = error;
		say_errno("cannot remove %s", *stage->text != '\0' ? stage->text : "the object");
	}
}

/*
 * Wait until the guard has made the object, or has given up because we are to
 * stop.  Returns the signal that said so, or 0.
 */
static int await_object(struct ways *ways, const struct stop *stop)
{
	int signal = 0;

	while (signal == 0) {
		int events = fdio_await(ways->guard[0], POLLIN, stop->descriptor, -1);

		if (events > 0 && !(events & POLLPRI))
			return 0;
		if (events > 0)
			signal = stop_signal(stop, NULL);
		if (signal == SIGCHLD)
			signal = 0; /* the guard, which has told us why */
	}
	own_drop_fd(&ways->gate[1]);
	return signal;
}

/* STOPPED is the signal that came before COMMAND ran, or 0. */
static int run(const struct scope *scope, struct stage *stage, struct ways *ways,
	       struct child *command, const struct stop *stop, int *stopped, char **words)
{
	int status = STATUS_OWN_FAILURE, error;

	*stopped = await_object(ways, stop);
	if (!read_word(ways->guard[0], &status)) {
		say("cannot get ready to run %s: the guard process has died", words[0]);
		status = STATUS_OWN_FAILURE;
	}
	if (status != 0 || *stopped != 0) {
		kill(command->pid, SIGKILL);
		child_end(command);
		see_it_gone(scope, stage, ways);
		return status;
	}
	if (fdio_write_all(ways->gate[1], "", 1) < 0)
		say_errno("cannot let %s go", words[0]);
	own_drop_fd(&ways->gate[1]); /* where nothing came, COMMAND gives up */
	if (read_word(ways->started[0], &error)) {
		errno = error;
		say_errno("cannot run %s", words[0]);
	}
	status = child_supervise(command, stop);
	see_it_gone(scope, stage, ways);
	return status;
}

static pid_t start_guard(const struct scope *scope, struct stage *stage, const struct ways *ways,
			 int command)
{
	pid_t guard = fork();

	if (guard == 0)
		be_guard(scope, stage, ways, command);
	return guard;
}

int scope_run(const struct scope *scope, const void *object, char **words)
{
	struct stage *stage = mmap(NULL, sizeof *stage + scope->size, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct child command = { .descriptor = -1 };
	struct ways ways;
	struct stop stop;
	pid_t guard = -1;
	int status = STATUS_OWN_FAILURE, stopped;

	if (stage == MAP_FAILED || open_ways(&ways) < 0 || stop_begin_for_command(&stop) < 0) {
		say_errno("cannot get ready to run %s", words[0]);
		return status;
	}
	memcpy(stage->object, object, scope->size);
	command.pid = fork();
	if (command.pid == 0)
		be_command(scope, stage, &ways, &stop, words);
	if (command.pid > 0)
		command.descriptor = pidfd_open(command.pid, 0);
	if (command.descriptor >= 0)
		guard = start_guard(scope, stage, &ways, command.descriptor);
	if (guard < 0) {
		say_errno("cannot get ready to run %s", words[0]);
		if (command.pid > 0)
			kill(command.pid, SIGKILL);
		return status;
	}
	close(ways.gate[0]);
	close(ways.started[1]);
	close(ways.guard[1]);
	status = run(scope, stage, &ways, &command, &stop, &stopped, words);
	while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
		;
	if (stopped != 0)
		stop_die(stopped);
	if (command.signal != 0)
		child_die_too(command.signal);
	return status;
}
