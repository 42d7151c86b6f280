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

static bool is_gone(const struct waker *waker)
{
	struct stat status;

	return fstat(waker->object, &status) == 0 &&
	       (status.st_nlink == 0 || status.st_size < waker->least);
}

/* What the helper knows and its caller does not see. */
struct helper {
	struct waker *waker;
	struct pollfd stop, output, notifier, process;
	bool watches_object;
	sigset_t asleep; /* its mask while it sleeps: waker_close() may wake it */
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
	struct pollfd watched[] = { helper->stop, helper->output, helper->notifier,
				    helper->process };
	struct timespec span = { .tv_sec = length / 1000000000, .tv_nsec = length % 1000000000 };
	int64_t end;
	unsigned causes = 0;

	if (ppoll(watched, 4, length < 0 ? NULL : &span, &helper->asleep) > 0) {
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
		if (watched[3].revents != 0) {
			helper->process.fd = -1;
			causes |= WAKER_ENDED;
		}
	}
	if (helper->watches_object && is_gone(helper->waker)) {
		helper->notifier.fd = -1;
		helper->watches_object = false;
		causes |= WAKER_GONE;
	}
	end = atomic_load(&helper->waker->end);
	if (end != 0 && now() >= end)
		causes |= WAKER_TIME;
	return causes;
}

/*
 * A table of descriptors of the helper's own: shared, it would make each call of
 * the caller count references atomically, a tenth of what a message costs.  It
 * holds nothing but what is watched, or a pipe that the caller closes would stay
 * open.  Where it is refused, nothing but the time is lost.
 */
static void leave_table(const struct waker *waker)
{
	const int kept[] = { waker->stop, waker->output, waker->notifier, waker->object,
			     waker->process > 0 ? waker->process : -1 };
	unsigned from = 0;

	if (unshare(CLONE_FILES) < 0)
		return;
	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
			if (kept[i] >= 0 && (unsigned)kept[i] >= from && (unsigned)kept[i] < next)
				next = (unsigned)kept[i];
		if (next > from)
			close_range(from, next == ~0U ? ~0U : next - 1, 0);
		if (next == ~0U)
			return;
		from = next + 1;
	}
}

static void *help(void *argument)
{
	struct waker *waker = argument;
	struct helper helper = {
		.waker = waker,
		.stop = { .fd = waker->stop, .events = POLLIN },
		.output = { .fd = waker->output },
		.notifier = { .fd = waker->notifier, .events = POLLIN },
		.process = { .fd = waker->process > 0 ? waker->process : -1, .events = POLLIN },
		.watches_object = waker->object >= 0,
	};
	int64_t length = 0;

	leave_table(waker);
	sigfillset(&helper.asleep);
	sigdelset(&helper.asleep, SIGRTMIN);
	for (; !atomic_load(&waker->closing); length = sleep_length(&helper)) {
		unsigned causes = watch(&helper, length);

		if (causes == 0)
			continue;
		atomic_fetch_or(&waker->raised, causes);
		do {
			pthread_kill(waker->caller, SIGRTMIN);
			poll(NULL, 0, 1);
		} while (atomic_load(&waker->raised) != 0 && !atomic_load(&waker->closing));
	}
	return NULL;
}

static void interrupt(int signal)
{
	(void)signal;
}

/* Without inotify the helper looks four times a second instead. */
static int notifier_of(int object, uint32_t events)
{
	char path[64];
	int notifier = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(path, sizeof path, "/proc/self/fd/%d", object);
	if (notifier >= 0 && inotify_add_watch(notifier, path, events) < 0) {
		close(notifier);
		return -1;
	}
	return notifier;
}

static int start(struct waker *waker)
{
	struct sigaction action = { .sa_handler = interrupt };
	sigset_t every, before;
	int error;

	waker->caller = pthread_self();
	waker->notifier = waker->object < 0 ? -1
					    : notifier_of(waker->object,
							  waker->least > 0 ? IN_ATTRIB | IN_MODIFY
									   : IN_ATTRIB);
	sigaction(SIGRTMIN, &action, NULL);
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	error = pthread_create(&waker->helper, NULL, help, waker);
	sigdelset(&before, SIGRTMIN);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		/* EAGAIN would be taken for an end of patience. */
		errno = error == EAGAIN ? EUSERS : error;
		return -1;
	}
	waker->running = true;
	return 0;
}

int waker_begin(struct waker *waker, int64_t end)
{
	atomic_store_explicit(&waker->end, end, memory_order_release);
	return waker->running ? 0 : start(waker);
}

const char *waker_hint(int error)
{
	return error == EUSERS ? " (no thread could be started for the wait: ulimit -u, or the "
				 "pids.max of a control group)"
			       : "";
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

bool waker_ends(struct waker *waker)
{
	unsigned causes = waker_causes(waker);

	if (causes & (WAKER_STOP | WAKER_OUTPUT))
		errno = EINTR;
	else if (causes & WAKER_GONE)
		errno = EIDRM;
	else if (causes & WAKER_ENDED)
		errno = ESRCH;
	else if (causes & WAKER_TIME)
		errno = ETIMEDOUT;
	return causes != 0;
}

void waker_end(struct waker *waker)
{
	atomic_store_explicit(&waker->end, 0, memory_order_release);
}

void waker_close(struct waker *waker)
{
	int joined;

	if (!waker->running)
		return;
	atomic_store(&waker->closing, true);
	/* Our user's queue of signals may be full just now: again. */
	do {
		int64_t look = now() + 10 * MILLISECOND;
		const struct timespec end = { look / 1000000000, look % 1000000000 };

		pthread_kill(waker->helper, SIGRTMIN);
		joined = pthread_clockjoin_np(waker->helper, NULL, CLOCK_MONOTONIC, &end);
	} while (joined == ETIMEDOUT);
	if (waker->notifier >= 0)
		close(waker->notifier);
	waker->running = false;
}
