/* SPDX-License-Identifier: MIT */
/*
 * bare posix|sysv CALLS [COMMAND]: 8 processes send requests to 2 others and wait
 * for the replies, CALLS in all, over the queues that the tools use: one for
 * requests, and for replies one each (POSIX) or types (System V).  Nothing is done
 * beside; with COMMAND a line goes to one that each server runs, and one comes back.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLERS = 8, SERVERS = 2, SIZE = 80, REQUEST_ROOM = 8192, REPLY_ROOM = 1024 };

static bool posix;
static mqd_t requests, replies[CALLERS];
static int id;
static char *command;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static mqd_t open_queue(const char *name, long depth, long size)
{
	struct mq_attr attributes = { .mq_maxmsg = depth, .mq_msgsize = size };
	mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);

	if (queue < 0)
		fail("bare: mq_open");
	mq_unlink(name);
	return queue;
}

struct message {
	long type;
	char text[REQUEST_ROOM];
};

static void start(int *to, int *from)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		fail("bare: pipe");
	if (fork() == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execlp(command, command, NULL);
		fail("bare: exec");
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
}

static void serve(void)
{
	static struct message message;
	static char line[SIZE] = "12500\n";
	int to = -1, from = -1;

	if (command != NULL)
		start(&to, &from);
	for (;;) {
		ssize_t length;
		int caller;

		length = posix ? mq_receive(requests, message.text, REQUEST_ROOM, NULL)
			       : msgrcv(id, &message, REQUEST_ROOM, 1, 0);
		if (length < 0)
			fail("bare: receive");
		memcpy(&caller, message.text, sizeof caller);
		if (command != NULL &&
		    (write(to, line, 6) != 6 || read(from, line, sizeof line) != 6))
			fail("bare: command");
		message.type = 2 + caller;
		if ((posix ? mq_send(replies[caller], message.text, (size_t)length, 0)
			   : msgsnd(id, &message, (size_t)length, 0)) < 0)
			fail("bare: answer");
	}
}

static void call(int caller, long calls)
{
	static struct message message;

	for (long i = 0; i < calls; i++) {
		memcpy(message.text, &caller, sizeof caller);
		message.type = 1;
		if ((posix ? mq_send(requests, message.text, SIZE, 0)
			   : msgsnd(id, &message, SIZE, 0)) < 0)
			fail("bare: ask");
		if ((posix ? mq_receive(replies[caller], message.text, REPLY_ROOM, NULL)
			   : msgrcv(id, &message, REPLY_ROOM, 2 + caller, 0)) < 0)
			fail("bare: wait");
	}
	exit(0);
}

int main(int argc, char **argv)
{
	long calls = argc >= 3 ? atol(argv[2]) / CALLERS : 0;
	pid_t servers[SERVERS];
	int status, worst = 0;

	if (calls <= 0)
		return 2;
	posix = strcmp(argv[1], "posix") == 0;
	command = argv[3];
	requests = posix ? open_queue("/bare", 10, REQUEST_ROOM) : -1;
	for (int i = 0; posix && i < CALLERS; i++)
		replies[i] = open_queue("/bare", 2, REPLY_ROOM);
	id = posix ? -1 : msgget(IPC_PRIVATE, 0600);
	for (int i = 0; i < SERVERS; i++) {
		servers[i] = fork();
		if (servers[i] == 0)
			serve();
	}
	for (int i = 0; i < CALLERS; i++)
		if (fork() == 0)
			call(i, calls);
	for (int i = 0; i < CALLERS; i++)
		if (wait(&status) > 0 && status != 0)
			worst = 1;
	for (int i = 0; i < SERVERS; i++)
		kill(servers[i], SIGKILL);
	if (!posix)
		msgctl(id, IPC_RMID, NULL);
	return worst;
}
