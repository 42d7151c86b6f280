/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "holders-calls.h"
#include "own.h"
#include "procfs.h"

struct call_number {
	unsigned number;
	enum call call;
};

static const struct call_number calls[] = {
	{ SYS_semop, CALL_SEMOP },
	{ SYS_semtimedop, CALL_SEMOP },
	{ SYS_msgsnd, CALL_MSGSND },
	{ SYS_msgrcv, CALL_MSGRCV },
	{ SYS_mq_timedsend, CALL_MQ_SEND },
	{ SYS_mq_timedreceive, CALL_MQ_RECEIVE },
	{ SYS_futex, CALL_FUTEX },
	{ 449, CALL_FUTEX_WAITV },
	{ 455, CALL_FUTEX_WAIT },
#ifdef SYS_poll
	{ SYS_poll, CALL_POLL },
#endif
	{ SYS_ppoll, CALL_POLL },
#ifdef SYS_select
	{ SYS_select, CALL_SELECT },
#endif
	{ SYS_pselect6, CALL_SELECT },
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, CALL_EPOLL },
#endif
	{ SYS_epoll_pwait, CALL_EPOLL },
	{ 441, CALL_EPOLL },
	{ SYS_restart_syscall, CALL_RESTART },
};

/* Of a 32-bit process on this machine. */
static const struct call_number compat_calls[] = {
#ifdef __x86_64__
	{ 117, CALL_IPC },        { 279, CALL_MQ_SEND },     { 280, CALL_MQ_RECEIVE },
	{ 400, CALL_MSGSND },     { 401, CALL_MSGRCV },      { 240, CALL_FUTEX },
	{ 168, CALL_POLL },       { 309, CALL_POLL },        { 142, CALL_SELECT },
	{ 308, CALL_SELECT },     { 256, CALL_EPOLL },       { 319, CALL_EPOLL },
#else
	{ 298, CALL_SEMOP },      { 312, CALL_SEMOP },       { 301, CALL_MSGSND },
	{ 302, CALL_MSGRCV },     { 276, CALL_MQ_SEND },     { 277, CALL_MQ_RECEIVE },
	{ 240, CALL_FUTEX },      { 168, CALL_POLL },        { 336, CALL_POLL },
	{ 142, CALL_SELECT },     { 335, CALL_SELECT },      { 252, CALL_EPOLL },
	{ 346, CALL_EPOLL },
#endif
	{ 413, CALL_SELECT },     { 414, CALL_POLL },        { 418, CALL_MQ_SEND },
	{ 419, CALL_MQ_RECEIVE }, { 420, CALL_SEMOP },       { 422, CALL_FUTEX },
	{ 441, CALL_EPOLL },      { 449, CALL_FUTEX_WAITV }, { 0, CALL_RESTART },
};

enum { COUNT = sizeof calls / sizeof *calls, COMPAT_COUNT = sizeof compat_calls / sizeof *calls };

static enum call call_of(const struct call_number *list, size_t count, unsigned number)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].number == number)
			return list[i].call;
	return CALL_OTHER;
}

/* Whether the process runs a program of 32 bits. */
static bool is_compat(const struct hunt *hunt)
{
	char start[EI_CLASS + 1];
	OWN_FD int program = openat(hunt->view, "exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return program >= 0 && pread(program, start, sizeof start, 0) == sizeof start &&
	       start[EI_CLASS] == ELFCLASS32;
}

/* A first thread that has ended waits for nothing, and only root may look at its call. */
static bool has_ended(const struct hunt *hunt, const struct thread *thread)
{
	char path[48], line[256], *state;

	snprintf(path, sizeof path, "task/%d/stat", (int)thread->tid);
	if (process_read(hunt->directory, path, line, sizeof line) < 0)
		return errno == ENOENT || errno == ESRCH;
	state = strrchr(line, ')');
	return state != NULL && (strncmp(state, ") Z", 3) == 0 || strncmp(state, ") X", 3) == 0);
}

int thread_read(struct hunt *hunt, struct thread *thread)
{
	uint64_t values[PROCFS_CALL_NUMBERS];
	char path[48], line[256];

	snprintf(path, sizeof path, "task/%d/syscall", (int)thread->tid);
	if (process_read(hunt->directory, path, line, sizeof line) < 0) {
		int error = errno;

		if (error == ENOENT || error == ESRCH || has_ended(hunt, thread))
			return 0;
		errno = error;
		return -1;
	}
	if (!procfs_call(line, values))
		return 0;
	thread->number = (unsigned)values[0];
	memcpy(thread->arguments, values + 1, sizeof thread->arguments);
	thread->stack = values[7];
	thread->program = values[8];
	thread->compat =
		thread->stack <= UINT32_MAX && thread->program <= UINT32_MAX && is_compat(hunt);
	return 1;
}

enum call thread_call(struct hunt *hunt, struct thread *thread)
{
	enum call call = thread->compat ? call_of(compat_calls, COMPAT_COUNT, thread->number)
					: call_of(calls, COUNT, thread->number);
	char path[48], place[64];

	if (call == CALL_IPC) { /* ipc(CALL, FIRST, SECOND, THIRD, POINTER, FIFTH) */
		const unsigned kind = thread->arguments[0] & 0xffff;

		thread->arguments[0] = thread->arguments[1];
		thread->arguments[1] = thread->arguments[4];
		if (kind == 1 || kind == 4)
			return CALL_SEMOP;
		return kind == 11 ? CALL_MSGSND : kind == 12 ? CALL_MSGRCV : CALL_OTHER;
	}
	if (call != CALL_RESTART)
		return call;
	/* Stopped and continued in a timed wait: the arguments are still those of the call. */
	snprintf(path, sizeof path, "task/%d/wchan", (int)thread->tid);
	if (process_read(hunt->directory, path, place, sizeof place) < 0)
		return CALL_OTHER;
	if (strstr(place, "poll") != NULL)
		return CALL_POLL;
	return strncmp(place, "futex", 5) == 0 || strcmp(place, "0") == 0 ? CALL_FUTEX : CALL_OTHER;
}
