/* SPDX-License-Identifier: MIT */
/* Who serves a queue, and whether a caller may trust it. */
#include "call-client-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"

enum { CAP_SYS_PTRACE_BIT = 19 };

/* Whether the root process SERVER may look at processes of others. */
static bool may_look(pid_t server)
{
	char path[32], text[4096];
	const char *line;
	OWN_FD int file = -1;
	ssize_t length;

	snprintf(path, sizeof path, "/proc/%d/status", server);
	file = open(path, O_RDONLY | O_CLOEXEC);
	length = file < 0 ? -1 : read(file, text, sizeof text - 1);
	if (length <= 0)
		return false;
	text[length] = '\0';
	line = strstr(text, "\nCapEff:");
	return line != NULL && strtoull(line + 8, NULL, 16) >> CAP_SYS_PTRACE_BIT & 1;
}

static int check_server(struct call_client *client)
{
	char path[32];
	struct stat status;

	snprintf(path, sizeof path, "/proc/%d", client->server);
	if (stat(path, &status) < 0)
		return -1;
	client->server_uid = status.st_uid;
	if (status.st_uid == geteuid() || (status.st_uid == 0 && may_look(client->server)))
		return 0;
	errno = EPERM;
	return -1;
}

/* Whether the server of the last call still lives, as far as a helper has told. */
static bool is_known_to_serve(const struct call_client *client)
{
	struct waker *waker = client->server > 0 ? &client->wakers->receiving : NULL;

	return waker != NULL && waker->running && !(waker_causes(waker) & WAKER_ENDED);
}

int call_client_find(struct call_client *client)
{
	pid_t server;

	if (is_known_to_serve(client))
		return 0;
	server = queue_server(client->queue);
	if (server <= 0) {
		errno = server < 0 && errno == ESRCH ? EACCES : server < 0 ? errno : ESRCH;
		return -1;
	}
	if (server == client->server && !client->wakers->receiving.running)
		return 0;
	if (client->server_pidfd > 0)
		close(client->server_pidfd);
	client->server = server;
	client->server_pidfd = pidfd_open(server, 0);
	client->wakers = calloc(1, sizeof *client->wakers);
	if (client->wakers != NULL && client->server_pidfd >= 0) {
		errno = ESRCH;
		/* Does the PID still mean who had the queue? */
		if (queue_server(client->queue) == server && check_server(client) == 0)
			return 0;
	}
	client->server = 0;
	if (errno == ENOENT)
		errno = ESRCH;
	return -1;
}
