/* SPDX-License-Identifier: MIT */
#include "cli-object.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "say.h"
#include "status.h"
#include "stop.h"

void cli_any_ref(struct argp_state *state, const char *text, struct ref *ref)
{
	const char *wrong;

	cli_ref(state, text, REF_SHM | REF_MQ | REF_SEM | REF_RING, ref);
	wrong = ref_unfit_for_old(ref);
	if (wrong != NULL)
		argp_error(state, "reference '%s' %s", text, wrong);
}

/*
 * The parent of the one that moves into another namespace: setns(2) would undo
 * the semaphore operations of whoever started us by exec.
 */
static void go_on_in_child(void)
{
	pid_t parent = getpid(), child = fork();
	int status;

	if (child < 0) {
		say_errno("cannot start a process");
		exit(cli_failure());
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(cli_failure());
		return;
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(cli_failure());
	if (WIFSIGNALED(status))
		stop_die(WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

int cli_open_world(struct world *world, pid_t pid)
{
	if (pid == 0) {
		world_open(world);
		return STATUS_OK;
	}
	if (world_is_foreign(pid) == 1)
		go_on_in_child();
	if (world_open_of(world, pid) == 0)
		return STATUS_OK;
	say_errno("cannot look into process %d", (int)pid);
	return errno == ESRCH ? STATUS_ABSENT : cli_failure();
}

int cli_say_missing(const struct ref *ref, int error)
{
	char text[REF_TEXT_MAX];

	ref_print(ref, text);
	if (error < 0) {
		errno = -error;
		say_errno("cannot make a key for %s", text);
		return cli_failure();
	}
	if (error == ENOTSUP) {
		say("%s is no IPC object: what has its name is no regular file", text);
		return cli_failure();
	}
	if (error == EINVAL) {
		say("%s is no %s: its file holds something else (shm:/%s%s would name it)", text,
		    ref->kind == REF_SEM ? "semaphore" : "ring",
		    ref->kind == REF_SEM ? "sem." : "ring.", ref->name + 1);
		return cli_failure();
	}
	errno = error;
	say_errno("cannot find %s", text);
	return cli_status_of(error);
}

int cli_tell_gaps(const struct gaps *gaps)
{
	char text[GAPS_TEXT_MAX];

	for (int gap = 0; gap < GAPS; gap++)
		if (gaps_text(gaps, gap, text) != NULL)
			say("%s", text);
	return gaps_any(gaps) ? STATUS_INCOMPLETE : STATUS_OK;
}

static bool is_mild(int status)
{
	return status == STATUS_HOLDS || status == STATUS_INCOMPLETE || status == STATUS_NOT_NOW;
}

int cli_worse(int status, int other)
{
	if (status == STATUS_OK)
		return other;
	if (other == STATUS_OK)
		return status;
	if (is_mild(status) && is_mild(other))
		return status > other ? status : other;
	return is_mild(status) ? other : status;
}
