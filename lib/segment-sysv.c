/* SPDX-License-Identifier: MIT */
/*
 * Making System V segments.  One that is to be filled is there, by its key,
 * before it is full, and stays if we are killed in between.  So it is made by a
 * child: when that is killed, this process removes it; when this process is
 * killed, the child does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fdio.h"
#include "own.h"
#include "segment-family.h"
#include "stop.h"

#ifndef SHM_HUGE_SHIFT
#define SHM_HUGE_SHIFT 26 /* <linux/shm.h>, which does not go with <sys/shm.h> */
#endif

enum { BLOCK = 4 * 1024 * 1024 };

/* What the maker and who waits for it share. */
struct report {
	enum segment_outcome outcome;
	int error;
	int id;
	bool made;
};

static int log2_of(int64_t size)
{
	return __builtin_ctzll((unsigned long long)size);
}

static int get(const struct ref *ref, const struct segment_plan *plan, int64_t size, mode_t mode)
{
	int flags = IPC_CREAT | IPC_EXCL | (int)mode;

	if (plan->sparse)
		flags |= SHM_NORESERVE;
	if (plan->huge != 0)
		flags |= SHM_HUGETLB | log2_of(plan->huge) << SHM_HUGE_SHIFT;
	return shmget(ref->key, (size_t)size, flags);
}

/* AT is what IPC_STAT gave while the mode still let it. */
static int set_mode(int id, struct shmid_ds *at, mode_t mode)
{
	at->shm_perm.mode = mode;
	return shmctl(id, IPC_SET, at);
}

/*
 * Fill MEMORY.  The kernel stores what is read, so that memory that cannot be
 * had is an error and no signal.  ENODATA: the input has less, and not MAY_END.
 */
static enum segment_outcome load(int input, char *memory, int64_t size, bool may_end, pid_t parent)
{
	for (int64_t done = 0; done < size;) {
		int64_t part = size - done < BLOCK ? size - done : BLOCK;
		ssize_t count;

		segment_populate(memory + done, (size_t)part, true);
		count = fdio_read(input, memory + done, (size_t)part, -1);
		if (count < 0 && errno == EFAULT)
			errno = ENOMEM;
		if (count < 0)
			return errno == ENOMEM ? SEGMENT_FAILED : SEGMENT_INPUT_FAILED;
		if (count == 0 && !may_end) {
			errno = ENODATA;
			return SEGMENT_INPUT_FAILED;
		}
		if (count == 0)
			break;
		done += count;
		if (getppid() != parent) {
			errno = ECANCELED;
			return SEGMENT_FAILED;
		}
	}
	return SEGMENT_MADE;
}

static enum segment_outcome make_full(const struct ref *ref, const struct segment_plan *plan,
				      int64_t size, int input, pid_t parent, int *made)
{
	enum segment_outcome outcome = SEGMENT_FAILED;
	int id = get(ref, plan, size, 0600), kept;
	struct shmid_ds at;
	void *memory;

	*made = id;
	if (id < 0)
		return SEGMENT_FAILED;
	memory = shmat(id, NULL, 0);
	/* With this mode only root can attach it too, while it is being filled. */
	if (memory != (void *)-1 && shmctl(id, IPC_STAT, &at) == 0 && set_mode(id, &at, 0) == 0)
		outcome = load(input, memory, size, plan->sized, parent);
	if (outcome == SEGMENT_MADE && (set_mode(id, &at, plan->mode) < 0 || getppid() != parent))
		outcome = SEGMENT_FAILED;
	if (outcome != SEGMENT_MADE) {
		kept = errno;
		shmctl(id, IPC_RMID, NULL);
		errno = kept;
	}
	return outcome;
}

/*
 * Note what was made, in one go: where REF and MADE are in memory that a guard
 * shares, who is killed later leaves a segment that the others know of.
 */
static void note(struct ref *ref, struct segment_facts *made, int id, int64_t size)
{
	*made = (struct segment_facts){
		.size = size, .owner = geteuid(), .creator = geteuid(), .inode = (ino_t)id
	};
	ref->form = REF_ID;
	ref->id = id;
}

_Noreturn static void be_maker(struct ref *ref, const struct segment_plan *plan, int64_t size,
			       int input, pid_t parent, struct report *report,
			       struct segment_facts *made)
{
	int id;

	setsid(); /* so that a terminal stops the tool, and the tool's end stops us */
	report->outcome = make_full(ref, plan, size, input, parent, &id);
	report->error = errno;
	if (report->outcome == SEGMENT_MADE)
		note(ref, made, id, size);
	report->id = id;
	report->made = true;
	_exit(0);
}

/*
 * Remove what the process MAKER, which was killed after the time SINCE, has left.
 * Its number may have been another's before, who made segments, too.
 */
static void remove_left(const struct ref *ref, pid_t maker, int64_t size, time_t since)
{
	struct shm_info info;
	struct shmid_ds at;
	int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&info);

	for (int index = 0; index <= last; index++) {
		int id = shmctl(index, SHM_STAT_ANY, &at);

		if (id >= 0 && at.shm_cpid == maker && at.shm_ctime >= since &&
		    at.shm_perm.__key == ref->key && (int64_t)at.shm_segsz == size &&
		    at.shm_perm.cuid == geteuid())
			shmctl(id, IPC_RMID, NULL);
	}
}

/* Make a segment of SIZE bytes out of INPUT. */
static enum segment_outcome make_by_child(struct ref *ref, const struct segment_plan *plan,
					  int64_t size, int input, struct segment_facts *made)
{
	struct report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum segment_outcome outcome = SEGMENT_FAILED;
	sigset_t every, before;
	pid_t parent = getpid(), maker;
	time_t since = time(NULL);
	siginfo_t end;
	int kept;

	if (report == MAP_FAILED)
		return SEGMENT_FAILED;
	sigfillset(&every);
	sigprocmask(SIG_SETMASK, &every, &before);
	maker = fork();
	if (maker == 0)
		be_maker(ref, plan, size, input, parent, report, made);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (maker > 0) {
		int ended;

		do
			ended = waitid(P_PID, (id_t)maker, &end, WEXITED | WNOWAIT);
		while (ended < 0 && errno == EINTR);
		if (ended == 0 && !report->made)
			remove_left(ref, maker, size, since);
		/* Only from here on can another process get its number. */
		while (waitpid(maker, NULL, 0) < 0 && errno == EINTR)
			;
		outcome = report->made ? report->outcome : SEGMENT_FAILED;
		errno = report->made ? report->error : EINTR;
	}
	if (outcome == SEGMENT_MADE)
		note(ref, made, report->id, size);
	kept = errno;
	munmap(report, sizeof *report);
	errno = kept;
	return outcome;
}

/* Keep an input of unknown length until its length is known. */
static enum segment_outcome spool(struct segment_plan *plan, int *file, int64_t *length)
{
	enum segment_outcome outcome;

	*file = memfd_create("input", MFD_CLOEXEC);
	if (*file < 0)
		return SEGMENT_FAILED;
	outcome = segment_copy(plan, *file, length);
	if (outcome == SEGMENT_MADE &&
	    (ftruncate(*file, *length) < 0 || lseek(*file, 0, SEEK_SET) < 0))
		return SEGMENT_FAILED;
	return outcome;
}

/* An input of unknown length, or of less than it says, as files in /sys. */
static enum segment_outcome make_spooled(struct ref *ref, struct segment_plan *plan,
					 struct segment_facts *made)
{
	OWN_FD int spooled = -1;
	int64_t length;
	enum segment_outcome outcome = spool(plan, &spooled, &length);

	if (outcome != SEGMENT_MADE)
		return outcome;
	plan->needed = plan->sized ? plan->size : length;
	return make_by_child(ref, plan, plan->needed, spooled, made);
}

static enum segment_outcome make_filled(struct ref *ref, struct segment_plan *plan,
					struct segment_facts *made)
{
	off_t start = lseek(plan->input, 0, SEEK_CUR);
	int64_t length = fdio_left(plan->input);
	enum segment_outcome outcome;

	if (length < 0)
		return make_spooled(ref, plan, made);
	if (plan->sized && length > plan->size)
		return SEGMENT_INPUT_TOO_LONG;
	plan->needed = plan->sized ? plan->size : length;
	outcome = make_by_child(ref, plan, plan->needed, plan->input, made);
	if (outcome == SEGMENT_INPUT_FAILED && errno == ENODATA &&
	    lseek(plan->input, start, SEEK_SET) == start)
		return make_spooled(ref, plan, made);
	return outcome;
}

enum segment_outcome segment_sysv_create(struct ref *ref, struct segment_plan *plan,
					 struct segment_facts *made)
{
	int id;

	if (plan->input >= 0 && ref->key != IPC_PRIVATE && shmget(ref->key, 0, 0) >= 0) {
		errno = EEXIST;
		return SEGMENT_FAILED;
	}
	if (plan->input >= 0)
		return make_filled(ref, plan, made);
	plan->needed = plan->size;
	stop_hold();
	id = get(ref, plan, plan->size, plan->mode);
	if (id < 0)
		return SEGMENT_FAILED;
	note(ref, made, id, plan->size);
	return SEGMENT_MADE;
}
