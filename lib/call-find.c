/* SPDX-License-Identifier: MIT */
/* Who serves a queue, and whether a caller may trust it. */
#include "call-client-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

/* What stands behind NAME ("\nUid:") in the STATUS of a process; "" for nothing. */
static const char *field(const char *status, const char *name)
{
	const char *found = strstr(status, name);

	return found == NULL ? "" : found + strlen(name);
}

/* How many PID namespaces a process is in, from that of /proc on. */
static int depth(const char *status)
{
	const char *line = field(status, "\nNSpid:");
	int count = 0;

	for (; *line != '\0' && *line != '\n'; line++)
		count += *line == '\t';
	return count;
}

/* Whether the process with STATUS is in a PID namespace below ours: it cannot see us. */
static bool is_below(const char *status)
{
	int theirs = depth(status);
	char ours[4096];

	return theirs > 1 && process_read(AT_FDCWD, "/proc/self/status", ours, sizeof ours) > 0 &&
	       theirs > depth(ours);
}

enum kinship { SAME, OTHER, UNKNOWN };

/* The first user namespace, which has none above it: include/uapi/linux/nsfs.h. */
enum { FIRST_USER_NAMESPACE = 0xEFFFFFFDU };

/*
 * Whether SERVER is in our user namespace.  One that we can look at and that is
 * not is below ours, where its capabilities count for nothing here; one that we
 * cannot look at may be above.
 */
static enum kinship user_namespace_of(pid_t server)
{
	struct stat ours, theirs;
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/ns/user", server);
	if (stat("/proc/self/ns/user", &ours) < 0)
		return SAME; /* a kernel that has but one */
	if (stat(path, &theirs) < 0)
		return ours.st_ino == FIRST_USER_NAMESPACE ? SAME : UNKNOWN;
	return ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev ? SAME : OTHER;
}

static uint64_t own_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	syscall(SYS_capget, &header, data);
	return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

/* Whether the last of the four IDs in LINE, that of access to files, is both of ours. */
static bool is_id(const char *line, unsigned real, unsigned effective)
{
	unsigned id;

	return sscanf(line, "%*u %*u %*u %u", &id) == 1 && id == real && id == effective;
}

/*
 * Whether SERVER, a process with STATUS of our user (OURS) or root's, may open
 * what stands in our /proc/PID/fd.  In doubt it may, if it is of our user: not
 * everything can be known of each server.
 * Source: ptrace(2), "Ptrace access mode checking", PTRACE_MODE_READ_FSCREDS.
 */
static bool may_look(pid_t server, const char *status, bool ours)
{
	bool known = strstr(status, "\nCapEff:") != NULL; /* not behind a thousand groups */
	uint64_t capabilities = strtoull(field(status, "\nCapEff:"), NULL, 16);
	enum kinship kinship = user_namespace_of(server);

	if (kinship != OTHER && capabilities >> CAP_SYS_PTRACE & 1)
		return true;
	if (!ours || kinship == OTHER)
		return false;
	if (kinship == UNKNOWN || !known)
		return true;
	return is_id(field(status, "\nUid:"), getuid(), geteuid()) &&
	       is_id(field(status, "\nGid:"), getgid(), getegid()) &&
	       (own_capabilities() & ~capabilities) == 0;
}

static int check_server(struct call_client *client)
{
	char path[32], text[1 << 14];
	struct stat status;
	bool ours, below;

	snprintf(path, sizeof path, "/proc/%d", client->server);
	if (stat(path, &status) < 0)
		return -1;
	client->server_uid = status.st_uid;
	ours = status.st_uid == geteuid();
	errno = EPERM;
	if (!ours && status.st_uid != 0)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/status", client->server);
	if (process_read(AT_FDCWD, path, text, sizeof text) <= 0)
		text[0] = '\0';
	below = is_below(text);
	if (!below && may_look(client->server, text, ours))
		return 0;
	errno = below ? EACCES : EPERM;
	return -1;
}

/* Whether the server of the last call still lives, as far as a helper has told. */
static bool is_known_to_serve(const struct call_client *client)
{
	struct waker *waker = client->server > 0 ? &client->wakers->receiving : NULL;

	return waker != NULL && waker->running && !(waker_causes(waker) & WAKER_ENDED);
}

/* The queue may be another than at the call before. */
static int take_queue(const struct call_client *client)
{
	client->queue->one_at_a_time = true;
	if (client->queue->message_max >= CALL_HEADER_SIZE)
		return 0;
	errno = EMSGSIZE;
	return -1;
}

/* A helper that has told of the end of its server would go on interrupting us. */
static void leave_server(struct call_client *client)
{
	if (client->server_pidfd > 0)
		close(client->server_pidfd);
	if (client->wakers == NULL)
		return;
	waker_close(&client->wakers->sending);
	waker_close(&client->wakers->receiving);
	free(client->wakers);
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
	leave_server(client);
	client->server = server;
	client->server_pidfd = pidfd_open(server, 0);
	client->wakers = calloc(1, sizeof *client->wakers);
	if (client->wakers != NULL && client->server_pidfd >= 0) {
		errno = ESRCH;
		/* Does the PID still mean who had the queue? */
		if (queue_server(client->queue) == server && check_server(client) == 0 &&
		    take_queue(client) == 0)
			return 0;
	}
	client->server = 0;
	if (errno == ENOENT)
		errno = ESRCH;
	return -1;
}
