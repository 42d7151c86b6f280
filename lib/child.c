/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "status.h"

int child_start(struct child *child, char *const *words, int input, const sigset_t *mask)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, mask);
	posix_spawn_file_actions_init(&actions);
	error = input < 0 ? 0 : posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (error == 0)
		error = posix_spawnp(&child->pid, words[0], &actions, &attributes, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (error != 0)
		return error;
	child->descriptor = pidfd_open(child->pid, 0);
	return 0;
}

int child_end(struct child *child)
{
	int how;

	while (waitpid(child->pid, &how, 0) < 0)
		if (errno != EINTR)
			return STATUS_OWN_FAILURE;
	if (child->descriptor >= 0)
		close(child->descriptor);
	return WIFSIGNALED(how) ? STATUS_SIGNAL + WTERMSIG(how) : WEXITSTATUS(how);
}

int child_unstarted_status(int error)
{
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}
