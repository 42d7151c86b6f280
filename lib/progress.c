/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fdio.h"

enum { STREAM_COLUMNS = 512 }; /* of the widest line */

_Static_assert(sizeof(pthread_t) == sizeof(unsigned long), "the header keeps a pthread_t");

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* BYTES as "1.5 MiB", in four characters and the unit. */
static void print_bytes(char *out, size_t size, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (bytes >= 1000 && unit < 4) {
		bytes /= 1024;
		unit++;
	}
	snprintf(out, size, "%.*f %s", unit > 0 && bytes < 99.95 ? 1 : 0, bytes, units[unit]);
}

static void print_time(char *out, size_t size, int64_t seconds)
{
	if (seconds < 3600)
		snprintf(out, size, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
	else
		snprintf(out, size, "%d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
			 (int)(seconds % 60));
}

/* How much is done, from 0 to 1; negative when the total is not known. */
static double share_done(const struct progress *progress, int64_t records, int64_t bytes)
{
	if (progress->total_records > 0)
		return (double)records / (double)progress->total_records;
	if (progress->total_bytes > 0)
		return (double)bytes / (double)progress->total_bytes;
	return -1;
}

/* "[====>    ]" in WIDTH characters. */
static void print_bar(char *out, size_t width, double share)
{
	size_t inside = width - 2, done = (size_t)(share * (double)inside);

	if (done > inside)
		done = inside;
	out[0] = '[';
	for (size_t i = 0; i < inside; i++)
		out[1 + i] = i < done ? '=' : i == done ? '>' : ' ';
	out[width - 1] = ']';
	out[width] = '\0';
}

/* The columns of the terminal, as they are now: it may have been resized. */
static size_t line_width(void)
{
	size_t rows, columns;

	fdio_terminal(STDERR_FILENO, &rows, &columns);
	if (columns == 0)
		return 80;
	return columns < STREAM_COLUMNS ? columns : STREAM_COLUMNS;
}

/* Draw LINE over the one before, cut where it is wider than the terminal and would scroll it. */
static void draw_line(const char *line, size_t width, const char *end)
{
	char out[STREAM_COLUMNS + 16];
	int length = snprintf(out, sizeof out, "\r%.*s\033[K%s", (int)width - 1, line, end);

	if (write(STDERR_FILENO, out, (size_t)length) < 0)
		return; /* a progress line that cannot be drawn is no failure */
}

/* Amount, elapsed, rate now, average; with a total: bar, share and time left. */
static void draw_stream(struct progress *progress, const char *end)
{
	int64_t bytes = atomic_load_explicit(&progress->bytes, memory_order_relaxed), time = now();
	double seconds = (double)(time - progress->start) / 1e9;
	double since = (double)(time - progress->last_time) / 1e9;
	double share = share_done(progress, 0, bytes);
	char line[STREAM_COLUMNS + 256], amount[32], elapsed[32], rate[32], average[32];
	char left[32], tail[64], bar[STREAM_COLUMNS + 1];
	size_t length, width = line_width(), rest;

	print_bytes(amount, sizeof amount, (double)bytes);
	print_time(elapsed, sizeof elapsed, (int64_t)seconds);
	print_bytes(average, sizeof average, (double)bytes / (seconds > 0.001 ? seconds : 0.001));
	print_bytes(rate, sizeof rate,
		    (double)(bytes - progress->last_bytes) / (since > 0.001 ? since : 0.001));
	progress->last_time = time;
	progress->last_bytes = bytes;
	length = (size_t)snprintf(line, sizeof line, "%s %s %s/s avg %s/s", amount, elapsed, rate,
				  average);
	if (share >= 0) {
		print_time(left, sizeof left,
			   share > 0 && share < 1 ? (int64_t)(seconds / share - seconds + 0.5) : 0);
		rest = (size_t)snprintf(tail, sizeof tail, " %3.0f%% ETA %s", share * 100, left);
		if (length + rest + 6 < width) {
			print_bar(bar, width - 2 - length - rest, share > 1 ? 1 : share);
			length += (size_t)sprintf(line + length, " %s", bar);
		}
		strcpy(line + length, tail);
	}
	draw_line(line, width, end);
}

static void draw_records(const struct progress *progress, const char *end)
{
	int64_t records = atomic_load_explicit(&progress->records, memory_order_relaxed);
	int64_t bytes = atomic_load_explicit(&progress->bytes, memory_order_relaxed);
	double seconds = (double)(now() - progress->start) / 1e9;
	double share = share_done(progress, records, bytes);
	char line[256], amount[32], rate[32], elapsed[32], left[32];
	int length;

	if (seconds < 0.001)
		seconds = 0.001;
	print_bytes(amount, sizeof amount, (double)bytes);
	print_bytes(rate, sizeof rate, (double)bytes / seconds);
	print_time(elapsed, sizeof elapsed, (int64_t)seconds);
	length = snprintf(line, sizeof line, "%lld records, %s, %.0f/s, %s/s, %s",
			  (long long)records, amount, (double)records / seconds, rate, elapsed);
	if (share > 0 && share < 1) {
		print_time(left, sizeof left, (int64_t)(seconds / share - seconds + 0.5));
		snprintf(line + length, sizeof line - (size_t)length, ", %.0f%%, ETA %s",
			 share * 100, left);
	}
	draw_line(line, line_width(), end);
}

static void draw(struct progress *progress, const char *end)
{
	if (progress->stream)
		draw_stream(progress, end);
	else
		draw_records(progress, end);
}

static void *keep_drawing(void *argument)
{
	struct progress *progress = argument;

	while (poll(NULL, 0, 200) == 0 && !atomic_load(&progress->over))
		draw(progress, "");
	return NULL;
}

void progress_begin(struct progress *progress, bool wanted)
{
	sigset_t every, before;
	pthread_t thread;

	if (!wanted || !isatty(STDERR_FILENO))
		return;
	progress->start = progress->last_time = now();
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	progress->running = pthread_create(&thread, NULL, keep_drawing, progress) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (progress->running)
		memcpy(&progress->thread, &thread, sizeof thread);
}

void progress_end(struct progress *progress)
{
	pthread_t thread;

	if (!progress->running)
		return;
	progress->running = false;
	atomic_store(&progress->over, true);
	memcpy(&thread, &progress->thread, sizeof thread);
	pthread_join(thread, NULL);
	draw(progress, "\n");
}
