/* SPDX-License-Identifier: MIT */
/* The calls take no locks that could be left behind when one is left half way. */
#include "semaphore-word.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000 }; /* ns */

/*
 * Where to go on after SIGBUS or SIGABRT, or nowhere: die of it.  Not
 * siglongjmp(3): glibc's runs the handlers for cancellation that sem_wait(3)
 * has set up, and they touch the semaphore.
 */
static void *nowhere[5];
static void **volatile escape = nowhere;

static void leap(int signal)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	if (escape != nowhere)
		__builtin_longjmp(escape, 1);
	sigaction(signal, &action, NULL);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_handler = leap, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGABRT, &action, NULL);
}

enum call { TRY, WAIT, POST, WAKE };

/* One CALL on WORD.  Returns 0, or -1 with errno: ENODATA the file was cut short under it. */
static int guarded(enum call call, void *word, const struct timespec *end)
{
	void *here[5];
	int result = -1;

	if (__builtin_setjmp(here) != 0) {
		escape = nowhere;
		errno = ENODATA;
		return -1;
	}
	escape = here;
	switch (call) {
	case TRY:
		result = sem_trywait(word);
		break;
	case WAIT:
		result = sem_clockwait(word, CLOCK_MONOTONIC, end);
		break;
	case POST:
		result = sem_post(word);
		break;
	case WAKE:
		result = (int)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
		break;
	}
	escape = nowhere;
	return result;
}

void *semaphore_word_map(int descriptor)
{
	void *word = mmap(NULL, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

	if (word == MAP_FAILED)
		return NULL;
	catch_faults();
	return word;
}

void semaphore_word_unmap(void *word)
{
	munmap(word, sizeof(sem_t));
}

int semaphore_word_try(void *word)
{
	return guarded(TRY, word, NULL);
}

int semaphore_word_post(void *word)
{
	return guarded(POST, word, NULL);
}

int semaphore_word_wait(void *word, int64_t end)
{
	const struct timespec until = { end / SECOND, end % SECOND };

	return guarded(WAIT, word, &until);
}

int semaphore_word_wake(void *word)
{
	return guarded(WAKE, word, NULL);
}
