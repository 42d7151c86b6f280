/* SPDX-License-Identifier: MIT */
/*
 * ipc-isolate - run a command in an IPC world of its own
 *
 * It takes an IPC and a mount namespace (and, without the privilege for that, a
 * user namespace in which ids stay what they are), mounts an empty /dev/shm and
 * /dev/mqueue, and becomes COMMAND: so COMMAND's process, status and signals are
 * nobody else's.  The kernel removes the world with its last process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "child.h"
#include "cli.h"
#include "fdio.h"
#include "own.h"
#include "say.h"
#include "setting.h"
#include "status.h"

struct request {
	int64_t shm_size; /* 0: the system's */
	char **command;
};

enum { KEY_SHM_SIZE = 300 };

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case KEY_SHM_SIZE:
		request->shm_size = cli_size(state, "size of /dev/shm", text);
		return 0;
	case ARGP_KEY_ARG:
		request->command = cli_take_words(state);
		return 0;
	case ARGP_KEY_END:
		if (request->command == NULL)
			argp_error(state, "missing operand: the COMMAND to run");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "shm-size", KEY_SHM_SIZE, "SIZE", 0,
	  "Bytes that /dev/shm holds (as many as the system's)", 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "COMMAND [ARGUMENT ...]",
	.doc = "Run COMMAND with IPC objects of its own: it sees none of the system's, and "
	       "its own are gone when it ends."
	       "\vExit status: COMMAND's; 125 failed, 126 cannot be run, 127 is not found.",
};

/* What a namespace may have met, for the message about ERROR. */
static void hint_at_namespaces(char *hint, size_t size, int error)
{
	static const char *const limits[] = { "user", "ipc", "mnt" };
	static const char *const locks[] = { "unprivileged_userns_clone",
					     "apparmor_restrict_unprivileged_userns" };
	size_t used = 0;
	char path[96];

	*hint = '\0';
	for (size_t i = 0; error == ENOSPC && i < 3 && used < size; i++) {
		snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces", limits[i]);
		used += (size_t)snprintf(hint + used, size - used, "%s%s is %lld",
					 i == 0 ? " (" : ", ", path, (long long)setting_read(path));
	}
	if (error == ENOSPC && used < size)
		snprintf(hint + used, size - used, ")");
	for (int64_t i = 0; (error == EPERM || error == EACCES) && i < 2; i++) {
		snprintf(path, sizeof path, "/proc/sys/kernel/%s", locks[i]);
		if (setting_read(path) == i)
			snprintf(hint, size, " (%s is %lld)", path, (long long)i);
	}
}

/* Say what cannot be done, and what may forbid it.  Returns -1. */
static int say_refused(const char *what)
{
	char hint[256];
	int error = errno;

	hint_at_namespaces(hint, sizeof hint, error);
	say("cannot %s: %s%s", what, strerror(error), hint);
	return -1;
}

static int write_map(const char *path, const char *text)
{
	OWN_FD int file = open(path, O_WRONLY | O_CLOEXEC);

	return file < 0 ? -1 : fdio_write_all(file, text, strlen(text));
}

/* In the new user namespace we are who we were. */
static int keep_ids(uid_t user, gid_t group)
{
	char map[64];

	snprintf(map, sizeof map, "%u %u 1", user, user);
	if (write_map("/proc/self/uid_map", map) < 0)
		return -1;
	snprintf(map, sizeof map, "%u %u 1", group, group);
	/* Without setgroups(2), nobody can leave a group that is denied something. */
	return write_map("/proc/self/setgroups", "deny") < 0 ? -1
							     : write_map("/proc/self/gid_map", map);
}

static int enter_namespaces(void)
{
	const int wanted = CLONE_NEWIPC | CLONE_NEWNS;
	uid_t user = geteuid();
	gid_t group = getegid();

	if (unshare(wanted) == 0)
		return 0;
	/* Where a security module has a say, what is made may be of no use. */
	if (errno == EPERM && unshare(wanted | CLONE_NEWUSER) == 0)
		return keep_ids(user, group) == 0 ? 0 : say_refused("keep the user and group ids");
	return say_refused("make an IPC and a mount namespace");
}

/* "mode=1777,size=..." into TEXT: the size asked for or that of the system's /dev/shm. */
static void shm_options(char *text, size_t size, int64_t wanted)
{
	struct stat shm, dev;
	struct statfs system;

	if (wanted > 0)
		snprintf(text, size, "mode=1777,size=%lld", (long long)wanted);
	else if (stat("/dev/shm", &shm) == 0 && stat("/dev", &dev) == 0 &&
		 shm.st_dev != dev.st_dev && statfs("/dev/shm", &system) == 0 &&
		 system.f_type == TMPFS_MAGIC)
		snprintf(text, size, "mode=1777,size=%lld",
			 (long long)system.f_blocks * (long long)system.f_bsize);
	else
		snprintf(text, size, "mode=1777");
}

/*
 * Make the directory PATH, of exactly MODE, where it is missing and we may.
 * Returns whether it is there.
 */
static bool have_directory(const char *path, mode_t mode)
{
	struct stat at;

	if (stat(path, &at) == 0)
		return S_ISDIR(at.st_mode);
	return mkdir(path, mode) == 0 && chmod(path, mode) == 0;
}

static int mount_shm(const char *shm_size)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return say_refused("keep mounts to ourselves");
	if (have_directory("/dev/shm", 01777) &&
	    mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, shm_size) == 0)
		return 0;
	say_errno("cannot mount a /dev/shm (%s)", shm_size);
	return -1;
}

/* The queues are the namespace's in any case; the mount shows their names. */
static int mount_queues(bool have_place)
{
	if (have_place &&
	    mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
		return 0;
	if (have_place && errno != ENODEV) {
		say_errno("cannot mount a /dev/mqueue");
		return -1;
	}
	if (have_place)
		say("this kernel has no POSIX message queues: COMMAND runs without /dev/mqueue");
	else
		say("there is no directory /dev/mqueue, which root can make: COMMAND runs without "
		    "it, and cannot list its POSIX message queues");
	return 0;
}

/* Who stands in the system's /dev/shm must not go on seeing it. */
static int leave_system(const char *directory)
{
	static const char *const places[] = { "/dev/shm", "/dev/mqueue" };

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(places[i]);

		if (strncmp(directory, places[i], length) != 0 ||
		    (directory[length] != '\0' && directory[length] != '/'))
			continue;
		if (chdir(places[i]) == 0)
			return 0;
		say_errno("cannot change to %s", places[i]);
		return -1;
	}
	return 0;
}

static int isolate(const struct request *request)
{
	char shm_size[64], directory[PATH_MAX];
	bool have_queues = have_directory("/dev/mqueue", 0755);

	if (getcwd(directory, sizeof directory) == NULL)
		*directory = '\0';
	shm_options(shm_size, sizeof shm_size, request->shm_size);
	if (enter_namespaces() < 0 || mount_shm(shm_size) < 0 || mount_queues(have_queues) < 0 ||
	    leave_system(directory) < 0)
		return STATUS_OWN_FAILURE;
	execvp(request->command[0], request->command);
	say_errno("cannot run %s", request->command[0]);
	return child_unstarted_status(errno);
}

int main(int argc, char **argv)
{
	struct request request = { 0 };

	cli_require_command();
	cli_parse(&argp, argc, argv, &request);
	return isolate(&request);
}
