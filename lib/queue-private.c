/* SPDX-License-Identifier: MIT */
/*
 * POSIX queues that are for one process and lose their name at once; and what is
 * left of them when that process is killed in the instant between.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mqdir.h"
#include "own.h"
#include "queue.h"
#include "scan.h"

int queue_create_private(struct queue *queue, const struct queue_shape *shape)
{
	struct ref ref = { .kind = REF_MQ, .form = REF_POSIX };
	sigset_t every, before;
	int result = -1;

	/* No signal that can be held up shall come in between. */
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	for (int number = 0; number < 64; number++) {
		sprintf(ref.name, QUEUE_PRIVATE_PREFIX "%d.%d", getpid(), number);
		result = queue_create(queue, &ref, shape);
		if (result == 0 || errno != EEXIST)
			break;
		/* Somebody was killed who had our PID; or it is another user's. */
		mq_unlink(ref.name);
	}
	if (result == 0)
		mq_unlink(ref.name);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

pid_t queue_private_creator(const char *name)
{
	static const char prefix[] = QUEUE_PRIVATE_PREFIX;
	int64_t pid, number;
	char text[32];
	const char *dot;

	if (strncmp(name, &prefix[1], strlen(&prefix[1])) != 0)
		return 0;
	name += strlen(&prefix[1]);
	dot = strchr(name, '.');
	if (dot == NULL || dot - name >= (ssize_t)sizeof text)
		return 0;
	snprintf(text, sizeof text, "%.*s", (int)(dot - name), name);
	if (scan_number(text, 1, INT32_MAX, &pid) != NULL ||
	    scan_number(dot + 1, 0, INT32_MAX, &number) != NULL)
		return 0;
	return (pid_t)pid;
}

/* What is found is about to lose its name anyway. */
void queue_sweep(void)
{
	int descriptor = mqdir_open("/dev/mqueue");
	DIR *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
	static const char prefix[] = QUEUE_PRIVATE_PREFIX;
	const struct dirent *entry;
	struct stat status;

	if (directory == NULL) {
		own_drop_fd(&descriptor);
		return;
	}
	while ((entry = readdir(directory)) != NULL)
		if (strncmp(entry->d_name, &prefix[1], strlen(&prefix[1])) == 0 &&
		    fstatat(descriptor, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    status.st_uid == geteuid())
			unlinkat(descriptor, entry->d_name, 0);
	closedir(directory);
}
