/* SPDX-License-Identifier: MIT */
/*
 * actor WHAT ARGUMENT ...: hold an IPC object, or wait for it, until killed.
 * Prints "ready" before; dies with the process that started it.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

static void operate(int id, int member, int delta)
{
	struct sembuf operation = { (unsigned short)member, (short)delta, 0 };

	if (semop(id, &operation, 1) < 0)
		fail("semop");
}

static void *attach(const char *id)
{
	void *at = shmat(atoi(id), NULL, 0);

	if (at == (void *)-1)
		fail("shmat");
	return at;
}

static int open_queue(const char *name)
{
	int queue = mq_open(name, O_RDWR);

	if (queue < 0)
		fail("mq_open");
	return queue;
}

static char *map(const char *name)
{
	int fd = shm_open(name, O_RDWR, 0);
	char *at =
		fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		fail(name);
	close(fd);
	return at;
}

_Noreturn static void pause_for_ever(void)
{
	for (;;)
		pause();
}

static void *attach_in_thread(void *id)
{
	attach(id);
	ready();
	pause_for_ever();
}

/* Wait in the set SET once the first thread has ended. */
static void *go_on_alone(void *set)
{
	char path[32], line[512] = "";

	snprintf(path, sizeof path, "/proc/%d/stat", (int)getpid());
	while (strstr(line, ") Z ") == NULL) {
		FILE *file = fopen(path, "r");

		if (file == NULL || fgets(line, sizeof line, file) == NULL)
			fail(path);
		fclose(file);
	}
	ready();
	operate(atoi(set), 0, -1);
	pause_for_ever();
}

struct message {
	long type;
	char text[64];
};

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct message message = { 1, "" };
	char buffer[8192];
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc < 3)
		return 2;
	if (strcmp(what, "shmat") == 0) { /* ID [TIMES] */
		for (int i = 0; i < (argc > 3 ? atoi(argv[3]) : 1); i++)
			attach(argv[2]);
	} else if (strcmp(what, "shmats") == 0) { /* ID ... */
		for (int i = 2; i < argc; i++)
			attach(argv[i]);
	} else if (strcmp(what, "split") == 0) { /* a mapping cut in three */
		char *at = attach(argv[2]);

		mprotect(at + 4096, 4096, PROT_READ);
	} else if (strcmp(what, "fork") == 0) {
		attach(argv[2]);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause_for_ever();
		}
	} else if (strcmp(what, "thread") == 0) {
		pthread_create(&thread, NULL, attach_in_thread, argv[2]);
		pause_for_ever();
	} else if (strcmp(what, "alone") == 0) { /* ID NAME QUEUE SET: by a second thread only */
		attach(argv[2]);
		map(argv[3]);
		open_queue(argv[4]);
		if (shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) < 0)
			fail("shmget");
		pthread_create(&thread, NULL, go_on_alone, argv[5]);
		pthread_exit(NULL);
	} else if (strcmp(what, "exec") == 0) { /* an exec lets go of it */
		attach(argv[2]);
		execl("/proc/self/exe", "actor", "pause", "x", (char *)NULL);
	} else if (strcmp(what, "unshare") == 0) { /* it keeps its mapping of our namespace */
		attach(argv[2]);
		if (unshare(CLONE_NEWIPC) < 0)
			fail("unshare");
	} else if (strcmp(what, "map") == 0) {
		map(argv[2]);
	} else if (strcmp(what, "open") == 0) {
		if (shm_open(argv[2], O_RDONLY, 0) < 0)
			fail("shm_open");
	} else if (strcmp(what, "unlink") == 0) {
		map(argv[2]);
		shm_unlink(argv[2]);
	} else if (strcmp(what, "sem") == 0) {
		if (sem_open(argv[2], O_CREAT, 0600, 1) == SEM_FAILED)
			fail("sem_open");
	} else if (strcmp(what, "semwait") == 0) {
		sem_t *semaphore = sem_open(argv[2], O_CREAT, 0600, 0);

		ready();
		sem_wait(semaphore);
	} else if (strcmp(what, "semtimedwait") == 0) {
		sem_t *semaphore = sem_open(argv[2], O_CREAT, 0600, 0);
		struct timespec end;

		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += 1000;
		ready();
		sem_timedwait(semaphore, &end);
	} else if (strcmp(what, "futex") == 0) {
		char *at = map(argv[2]);

		ready();
		syscall(SYS_futex, at + 64, 0, 0, NULL, NULL, 0);
	} else if (strcmp(what, "futexwait") == 0) { /* the call of Linux 6.7 */
		char *at = map(argv[2]);

		ready();
		syscall(455, at + 64, 0, 1L, 0x2L, NULL, 0);
		fail("futex_wait");
	} else if (strcmp(what, "futexes") == 0) { /* several at once: our own, then the object's */
		static uint32_t own;
		struct {
			uint64_t value, address;
			uint32_t flags, unused;
		} waits[] = { { 0, (uintptr_t)&own, 2, 0 },
			      { 0, (uintptr_t)map(argv[2]) + 64, 2, 0 } };

		ready();
		syscall(449, waits, 2, 0, NULL, 0);
		fail("futex_waitv");
	} else if (strcmp(what, "semop") == 0) { /* ID MEMBER DELTA */
		ready();
		operate(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	} else if (strcmp(what, "semops") ==
		   0) { /* ID: members 0 and 1 in one step, of which 0 has one */
		struct sembuf operations[] = { { 0, -1, 0 }, { 1, -1, 0 } };
		int set = atoi(argv[2]);

		operate(set, 0, 1);
		ready();
		if (semop(set, operations, 2) < 0)
			fail("semop");
	} else if (strcmp(what, "crowd") == 0) { /* ID COUNT: so many processes wait */
		for (int i = 0; i < atoi(argv[3]); i++)
			if (fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				operate(atoi(argv[2]), i % 4, -1);
				_exit(0);
			}
	} else if (strcmp(what, "both") == 0) { /* ID A B: take member A, then B when told */
		operate(atoi(argv[2]), atoi(argv[3]), -1);
		ready();
		getchar();
		operate(atoi(argv[2]), atoi(argv[4]), -1);
	} else if (strcmp(what, "msgrcv") == 0) {
		ready();
		if (msgrcv(atoi(argv[2]), &message, sizeof message.text, 0, 0) < 0)
			fail("msgrcv");
	} else if (strcmp(what, "msgsnd") == 0) {
		ready();
		for (;;)
			if (msgsnd(atoi(argv[2]), &message, sizeof message.text, 0) < 0)
				fail("msgsnd");
	} else if (strcmp(what, "mqreceive") == 0) {
		int queue = open_queue(argv[2]);

		ready();
		mq_receive(queue, buffer, sizeof buffer, NULL);
	} else if (strcmp(what, "mqsend") == 0) {
		int queue = open_queue(argv[2]);

		ready();
		while (mq_send(queue, "x", 1, 0) == 0)
			;
	} else if (strcmp(what, "poll") == 0) {
		struct pollfd entry = { open_queue(argv[2]), POLLIN, 0 };

		ready();
		poll(&entry, 1, -1);
	} else if (strcmp(what, "notify") == 0) { /* to be told of the next message */
		struct sigevent event = { .sigev_notify = SIGEV_NONE };

		if (mq_notify(open_queue(argv[2]), &event) < 0)
			fail("mq_notify");
	} else if (strcmp(what, "select") == 0) {
		int queue = open_queue(argv[2]);
		fd_set set;

		FD_ZERO(&set);
		FD_SET(queue, &set);
		ready();
		select(queue + 1, &set, NULL, NULL, NULL);
	} else if (strcmp(what, "epoll") == 0) { /* NAME [OTHERS] */
		struct epoll_event event = { EPOLLIN, { 0 } };
		int watch = epoll_create1(0), other = eventfd(0, 0);

		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4096, 4096 });
		for (int i = 0; i < (argc > 3 ? atoi(argv[3]) : 0); i++)
			if (epoll_ctl(watch, EPOLL_CTL_ADD, dup(other), &event) < 0)
				fail("epoll_ctl");
		epoll_ctl(watch, EPOLL_CTL_ADD, open_queue(argv[2]), &event);
		ready();
		epoll_wait(watch, &event, 1, -1);
	} else if (strcmp(what, "hide") ==
		   0) { /* NAME: mapped by one whom others may not look into */
		map(argv[2]);
		prctl(PR_SET_DUMPABLE, 0);
	} else if (strcmp(what, "pause") != 0) {
		fprintf(stderr, "actor: what is '%s'?\n", what);
		return 2;
	}
	ready();
	pause_for_ever();
}
