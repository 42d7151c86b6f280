/* SPDX-License-Identifier: MIT */
/*
 * POSIX named semaphores: files in /dev/shm that hold a sem_t.  We open and map
 * them ourselves, and use sem_post(3) and its like on the map.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "semaphore-family.h"
#include "semaphore-word.h"
#include "semfile.h"
#include "shmfile.h"

#ifdef __GLIBC__
#define LAYOUT_KNOWN 1
#else
#define LAYOUT_KNOWN 0
#endif

enum { LOOK_EVERY = 500000000, GLANCE = 50000000 }; /* ns */

/* Whether the open file AT may be used as a semaphore; false with errno. */
static bool is_semaphore(int descriptor, const struct stat *at, enum semaphore_access access)
{
	struct semfile facts;

	if (access == SEMAPHORE_READ) {
		errno = EINVAL;
		return semfile_has_size(at->st_size);
	}
	/* Who owns it alone has not meant it for us; only root gets so far. */
	if (!shmfile_is_ours(at) && (at->st_mode & 022) == 0) {
		errno = EPERM;
		return false;
	}
	if (at->st_size != (off_t)sizeof(sem_t)) {
		errno = EINVAL;
		return false;
	}
	return !LAYOUT_KNOWN || semfile_look(descriptor, &facts) == 0;
}

static int posix_open(struct semaphore *semaphore, struct ref *ref, enum semaphore_access access)
{
	struct stat at;
	OWN_FD int descriptor =
		shmfile_open(ref, access == SEMAPHORE_READ ? O_RDONLY : O_RDWR, &at);

	if (descriptor < 0 || !is_semaphore(descriptor, &at, access))
		return -1;
	if (access == SEMAPHORE_CHANGE) {
		semaphore->word = semaphore_word_map(descriptor);
		if (semaphore->word == NULL)
			return -1;
	}
	semaphore->members = 1;
	semaphore->handle = own_take_fd(&descriptor);
	return 0;
}

static int posix_create(struct semaphore *semaphore, struct ref *ref, const int *values, int count,
			mode_t mode)
{
	sem_t initial;
	OWN_FD int descriptor = shmfile_new(mode, sizeof initial, false);
	ssize_t written;

	(void)count;
	if (descriptor < 0)
		return -1;
	memset(&initial, 0, sizeof initial);
	sem_init(&initial, 1, (unsigned)values[0]);
	do
		written = pwrite(descriptor, &initial, sizeof initial, 0);
	while (written < 0 && errno == EINTR);
	if (written != (ssize_t)sizeof initial) {
		errno = written < 0 ? errno : ENOSPC;
		return -1;
	}
	semaphore->word = semaphore_word_map(descriptor);
	if (semaphore->word == NULL)
		return -1;
	if (shmfile_publish(descriptor, ref) < 0) {
		int kept = errno;

		semaphore_word_unmap(semaphore->word);
		errno = kept;
		return -1;
	}
	semaphore->members = 1;
	semaphore->handle = own_take_fd(&descriptor);
	return 0;
}

/* One that has a name has its value. */
static int posix_adopt(const struct semaphore *semaphore, const int *values, int count)
{
	(void)semaphore, (void)values, (void)count;
	return 0;
}

static int posix_settle(const struct semaphore *semaphore)
{
	(void)semaphore;
	return 0;
}

static void posix_close(struct semaphore *semaphore)
{
	if (semaphore->word != NULL)
		semaphore_word_unmap(semaphore->word);
	semaphore->word = NULL;
	own_drop_fd(&semaphore->handle);
	semaphore->handle = -1;
}

static int posix_remove(const struct ref *ref, const struct semaphore_facts *made)
{
	char path[SHMFILE_PATH_MAX];
	struct stat at = { 0 };

	if (made == NULL)
		return unlink(shmfile_path(ref, path));
	at.st_dev = made->device;
	at.st_ino = made->inode;
	return shmfile_remove(ref, &at);
}

static int look(const struct ref *ref, struct stat *at)
{
	char path[SHMFILE_PATH_MAX];

	return lstat(shmfile_path(ref, path), at);
}

static int posix_look_by_ref(const struct ref *ref, struct semaphore_facts *facts)
{
	struct stat at;

	if (look(ref, &at) < 0)
		return -1;
	*facts = (struct semaphore_facts){
		.members = 1,
		.initialised = S_ISREG(at.st_mode) && at.st_size == (off_t)sizeof(sem_t),
		.mode = at.st_mode & 0777,
		.owner = at.st_uid,
		.creator = at.st_uid,
		.device = at.st_dev,
		.inode = at.st_ino,
	};
	return 0;
}

/* What the file holds; where that is another C library's, KNOWN is false. */
static int read_layout(const struct semaphore *semaphore, struct semfile *facts, bool *known)
{
	*known = semfile_look(semaphore->handle, facts) == 0;
	return *known || errno == EINVAL ? 0 : -1;
}

static int posix_values(const struct semaphore *semaphore, int *values)
{
	struct semfile facts;
	bool known;

	if (read_layout(semaphore, &facts, &known) < 0)
		return -1;
	values[0] = known ? (int)facts.value : SEMAPHORE_UNKNOWN;
	return 0;
}

static int posix_queue(const struct semaphore *semaphore, int index, struct semaphore_queue *queue)
{
	struct semfile facts;
	bool known;

	(void)index;
	*queue =
		(struct semaphore_queue){ SEMAPHORE_UNKNOWN, SEMAPHORE_UNKNOWN, SEMAPHORE_UNKNOWN };
	if (read_layout(semaphore, &facts, &known) < 0)
		return -1;
	if (known)
		queue->for_more = (int)facts.waiters;
	return 0;
}

/*
 * A waiter that was woken and killed before it took anything takes the wake with
 * it, and the next one would sleep beside a value above 0: so each looks twice
 * a second.
 */
static int wait_in_slices(struct semaphore *semaphore, int64_t end)
{
	for (;;) {
		int64_t look = patience_now() + LOOK_EVERY;
		bool last = end != 0 && end <= look;
		int taken = semaphore_word_wait(semaphore->word, last ? end : look);

		if (taken == 0 || errno != ETIMEDOUT || last)
			return taken;
	}
}

static int posix_take(struct semaphore *semaphore, struct sembuf *steps, size_t count, bool undo,
		      bool wait, int64_t end)
{
	(void)steps, (void)count, (void)undo;
	return wait ? wait_in_slices(semaphore, end) : semaphore_word_try(semaphore->word);
}

static int posix_post(struct semaphore *semaphore, int index, int count)
{
	int value, done = 0;

	(void)index;
	if (count > 1 && posix_values(semaphore, &value) == 0 && value > SEM_VALUE_MAX - count) {
		errno = ERANGE;
		return -1;
	}
	for (int i = 0; i < count && done == 0; i++)
		done = semaphore_word_post(semaphore->word);
	if (done < 0 && errno == EOVERFLOW)
		errno = ERANGE;
	return done;
}

static int posix_set(struct semaphore *semaphore, int first, const int *values, int count)
{
	int value;

	(void)first, (void)count;
	for (;;) {
		if (posix_values(semaphore, &value) < 0)
			return -1;
		if (value == values[0])
			return 0;
		if (value == SEMAPHORE_UNKNOWN) {
			errno = EINVAL;
			return -1;
		}
		for (; value < values[0]; value++)
			if (semaphore_word_post(semaphore->word) < 0)
				return -1;
		for (; value > values[0]; value--)
			if (semaphore_word_try(semaphore->word) < 0 && errno != EAGAIN &&
			    errno != EINTR)
				return -1;
	}
}

static int posix_loss(const struct semaphore *semaphore)
{
	struct stat at;

	return fstat(semaphore->handle, &at) == 0 && at.st_nlink > 0 ? ENODATA : EIDRM;
}

static void posix_watch(const struct semaphore *semaphore, struct waker *waker)
{
	waker->object = semaphore->handle;
	waker->least = sizeof(sem_t);
}

void semaphore_wake(const struct semaphore *semaphore)
{
	if (semaphore->word != NULL)
		semaphore_word_wake(semaphore->word);
}

static void posix_hint(char *hint, const struct ref *ref, size_t wanted, int error)
{
	struct stat at;
	bool found = look(ref, &at) == 0;

	if (error == ENOTSUP && found && shmfile_sort(at.st_mode) != NULL)
		snprintf(hint, SEMAPHORE_HINT_MAX, " (it is %s)", shmfile_sort(at.st_mode));
	else if (error == EINVAL && found && at.st_size != (off_t)sizeof(sem_t) &&
		 semfile_has_size(at.st_size))
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (if it is a semaphore, then one of %s-bit programs, which alone can "
			 "change it)",
			 at.st_size < (off_t)sizeof(sem_t) ? "32" : "64");
	else if (error == EINVAL && found && at.st_size != (off_t)sizeof(sem_t))
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (it is no semaphore: its file has %lld bytes, a semaphore has %zu)",
			 (long long)at.st_size, sizeof(sem_t));
	else if (error == EINVAL && found)
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (its file is no semaphore, or one of another C library)");
	else if (error == ENODATA)
		snprintf(hint, SEMAPHORE_HINT_MAX, " (its file has been cut short)");
	else if (error == EPERM && found)
		snprintf(hint, SEMAPHORE_HINT_MAX,
			 " (it belongs to uid %ld, mode %04o, and is not meant for others)",
			 (long)at.st_uid, (unsigned)at.st_mode & 0777);
	else if (error == ERANGE)
		snprintf(hint, SEMAPHORE_HINT_MAX, " (its value is at most %d)", SEM_VALUE_MAX);
	else if (error == ENOSPC && wanted > 0)
		snprintf(hint, SEMAPHORE_HINT_MAX, " (/dev/shm has %lld bytes left)",
			 (long long)shmfile_room());
}

const struct semaphore_family semaphore_posix = {
	.create = posix_create,
	.open = posix_open,
	.adopt = posix_adopt,
	.settle = posix_settle,
	.close = posix_close,
	.remove = posix_remove,
	.look_by_ref = posix_look_by_ref,
	.values = posix_values,
	.queue = posix_queue,
	.take = posix_take,
	.post = posix_post,
	.set = posix_set,
	.loss = posix_loss,
	.watch = posix_watch,
	.hint = posix_hint,
	.glance = GLANCE,
	.can_undo = false,
};
