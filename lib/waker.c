/* SPDX-License-Identifier: MIT */
#include "waker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MILLISECOND = 1000000, GLANCE = 250 * MILLISECOND };

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool is_gone(int object)
{
	struct stat status;

	return fstat(object, &status) == 0 && status.st_nlink == 0;
}

/* What the helper knows and its caller does not see. */
struct helper {
	struct waker *waker;
	struct pollfd stop, output, notifier;
	bool watches_object;
};

/*
 * How long the helper may sleep, in nanoseconds; -1: until something happens.
 * A wait that begins while the helper sleeps ends no sooner than LIMIT from
 * now, so nobody has to wake the helper for it.
 */
static int64_t sleep_length(const struct helper *helper)
{
	int64_t end = atomic_load(&helper->waker->end), length = -1;

	if (end != 0) {
		length = end - now();
		if (length < 0)
			length = 0;
	} else if (helper->waker->limit != 0) {
		length = helper->waker->limit;
	}
	if (helper->watches_object && helper->notifier.fd < 0 && (length < 0 || length > GLANCE))
		length = GLANCE;
	return length;
}

/* Sleeps for LENGTH at most, then returns the causes that have come up; each but TIME once. */
static unsigned watch(struct helper *helper, int64_t length)
{
	char events[4096] __attribute__((aligned(8)));
	struct pollfd watched[] = { helper->stop, helper->output, helper->notifier };
	struct timespec span = { .tv_sec = length / 1000000000, .tv_nsec = length % 1000000000 };
	int64_t end;
	unsigned causes = 0;

	if (ppoll(watched, 3, length < 0 ? NULL : &span, NULL) > 0) {
		if (watched[0].revents != 0) {
			helper->stop.fd = -1;
			causes |= WAKER_STOP;
		}
		if (watched[1].revents & (POLLERR | POLLHUP | POLLNVAL)) {
			helper->output.fd = -1;
			causes |= WAKER_OUTPUT;
		}
		if (watched[2].revents != 0 && read(watched[2].fd, events, sizeof events) <= 0)
			helper->notifier.fd = -1;
	}
	if (helper->watches_object && is_gone(helper->waker->object)) {
		helper->notifier.fd = -1;
		helper->watches_object = false;
		causes |= WAKER_GONE;
	}
	end = atomic_load(&helper->waker->end);
	if (end != 0 && now() >= end)
		causes |= WAKER_TIME;
	return causes;
}

static void *help(void *argument)
{
	struct waker *waker = argument;
	struct helper helper = {
		.waker = waker,
		.stop = { .fd = waker->stop, .events = POLLIN },
		.output = { .fd = waker->output },
		.notifier = { .fd = waker->notifier, .events = POLLIN },
		.watches_object = waker->object >= 0,
	};
	int64_t length = 0;

	/*
	 * With a table of descriptors of its own the helper does not make each
	 * call of its caller count references atomically: that is a tenth of
	 * what a message costs.  Where it is refused, nothing but that is lost.
	 */
	unshare(CLONE_FILES);
	for (;; length = sleep_length(&helper)) {
		unsigned causes = watch(&helper, length);

		if (causes == 0)
			continue;
		atomic_fetch_or(&waker->raised, causes);
		do {
			pthread_kill(waker->caller, SIGRTMIN);
			poll(NULL, 0, 1);
		} while (atomic_load(&waker->raised) != 0);
	}
	return NULL;
}

static void interrupt(int signal)
{
	(void)signal;
}

/* Without inotify the helper looks four times a second instead. */
static int notifier_of(int object)
{
	char path[64];
	int notifier = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(path, sizeof path, "/proc/self/fd/%d", object);
	if (notifier >= 0 && inotify_add_watch(notifier, path, IN_ATTRIB) < 0) {
		close(notifier);
		return -1;
	}
	return notifier;
}

static int start(struct waker *waker)
{
	struct sigaction action = { .sa_handler = interrupt };
	sigset_t every, before;
	pthread_t helper;
	int error;

	waker->caller = pthread_self();
	waker->notifier = waker->object < 0 ? -1 : notifier_of(waker->object);
	sigaction(SIGRTMIN, &action, NULL);
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	error = pthread_create(&helper, NULL, help, waker);
	sigdelset(&before, SIGRTMIN);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		errno = error;
		return -1;
	}
	pthread_detach(helper);
	waker->running = true;
	return 0;
}

int waker_begin(struct waker *waker, int64_t end)
{
	atomic_store_explicit(&waker->end, end, memory_order_release);
	return waker->running ? 0 : start(waker);
}

unsigned waker_causes(struct waker *waker)
{
	unsigned causes = atomic_load_explicit(&waker->raised, memory_order_relaxed);
	int64_t end = atomic_load_explicit(&waker->end, memory_order_relaxed);

	if (causes != 0) {
		causes = atomic_exchange(&waker->raised, 0);
		waker->seen |= causes & ~(unsigned)WAKER_TIME;
	}
	/* It may have been raised for the wait before this one. */
	if (end == 0 || now() < end)
		return waker->seen;
	return waker->seen | WAKER_TIME;
}

void waker_end(struct waker *waker)
{
	atomic_store_explicit(&waker->end, 0, memory_order_release);
}
