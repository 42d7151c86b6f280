/* SPDX-License-Identifier: MIT */
/*
 * bare send|recv posix|sysv NAME|ID [COUNT]: lines of standard input into a
 * queue, or COUNT messages out of it as lines.  The system calls are those of
 * the tools, and nothing is done beside them: no options, no signals, no checks
 * of what cannot go wrong in a benchmark.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { INPUT_BLOCK = 65536, FILE_BLOCK = 65536, MESSAGE_MOST = 8192 };

struct message {
	long type;
	char text[MESSAGE_MOST + 1];
};

struct queue {
	bool posix;
	mqd_t descriptor;
	int id;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void send_one(const struct queue *queue, const char *line, size_t length)
{
	static struct message message = { .type = 1 };

	if (queue->posix) {
		if (mq_send(queue->descriptor, line, length, 0) < 0)
			fail("bare: mq_send");
		return;
	}
	memcpy(message.text, line, length);
	if (msgsnd(queue->id, &message, length, 0) < 0)
		fail("bare: msgsnd");
}

static void send_lines(const struct queue *queue)
{
	static char block[INPUT_BLOCK + MESSAGE_MOST + 1];
	size_t kept = 0;
	ssize_t got;

	while ((got = read(STDIN_FILENO, block + kept, INPUT_BLOCK)) > 0) {
		char *line = block, *end = block + kept + got, *newline;

		while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
			send_one(queue, line, (size_t)(newline - line));
			line = newline + 1;
		}
		kept = (size_t)(end - line);
		if (kept > MESSAGE_MOST) {
			errno = EMSGSIZE;
			fail("bare: a line");
		}
		memmove(block, line, kept);
	}
	if (got < 0)
		fail("bare: read");
	if (kept > 0)
		send_one(queue, block, kept);
}

/* One message into MESSAGE.  Returns its length, or -1: there is none and WAIT is not set. */
static ssize_t receive(const struct queue *queue, struct message *message, bool wait)
{
	static const struct timespec past;
	ssize_t length;

	if (queue->posix && wait)
		length = mq_receive(queue->descriptor, message->text, MESSAGE_MOST, NULL);
	else if (queue->posix)
		length = mq_timedreceive(queue->descriptor, message->text, MESSAGE_MOST, NULL,
					 &past);
	else
		length = msgrcv(queue->id, message, MESSAGE_MOST, 0, wait ? 0 : IPC_NOWAIT);
	if (length < 0 && (wait || (errno != ETIMEDOUT && errno != ENOMSG)))
		fail("bare: receive");
	return length;
}

static void flush(const char *block, size_t used)
{
	for (size_t done = 0; done < used;) {
		ssize_t written = write(STDOUT_FILENO, block + done, used - done);

		if (written < 0)
			fail("bare: write");
		done += (size_t)written;
	}
}

static void receive_lines(const struct queue *queue, long count)
{
	static char block[FILE_BLOCK + MESSAGE_MOST + 1];
	static struct message message;
	struct stat output;
	size_t used = 0, most = PIPE_BUF;

	if (fstat(STDOUT_FILENO, &output) == 0 && S_ISREG(output.st_mode))
		most = FILE_BLOCK;
	while (count-- > 0) {
		ssize_t length = receive(queue, &message, false);

		if (length < 0) {
			flush(block, used);
			used = 0;
			length = receive(queue, &message, true);
		}
		if (used > 0 && used + (size_t)length + 1 > most) {
			flush(block, used);
			used = 0;
		}
		memcpy(block + used, message.text, (size_t)length);
		used += (size_t)length;
		block[used++] = '\n';
	}
	flush(block, used);
}

int main(int argc, char **argv)
{
	struct queue queue = { 0 };
	bool sends;

	if (argc < 4) {
		fputs("usage: bare send|recv posix|sysv NAME|ID [COUNT]\n", stderr);
		return 2;
	}
	sends = strcmp(argv[1], "send") == 0;
	queue.posix = strcmp(argv[2], "posix") == 0;
	if (queue.posix) {
		queue.descriptor = mq_open(argv[3], sends ? O_WRONLY : O_RDONLY);
		if (queue.descriptor < 0)
			fail("bare: mq_open");
	} else {
		queue.id = atoi(argv[3]);
	}
	if (sends)
		send_lines(&queue);
	else
		receive_lines(&queue, argc > 4 ? atol(argv[4]) : 1);
	return 0;
}
