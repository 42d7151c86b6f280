/* SPDX-License-Identifier: MIT */
/* Which limit stood in the way of a new segment. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "segment.h"
#include "setting.h"
#include "shmfile.h"

#define SETTINGS "/proc/sys/kernel/"
#define HUGE "/sys/kernel/mm/hugepages/hugepages-%lldkB/"

static void hint_at_room(char *hint, const struct segment_plan *plan)
{
	bool counted = plan->sized || plan->input < 0;
	struct statvfs place;

	if (statvfs("/dev/shm", &place) < 0)
		return;
	if (place.f_files > 0 && place.f_favail == 0)
		snprintf(hint, SEGMENT_HINT_MAX, " (/dev/shm has room for %lld files and no more)",
			 (long long)place.f_files);
	else
		snprintf(hint, SEGMENT_HINT_MAX,
			 " (it needs %s%lld bytes; /dev/shm has %lld free, of %lld)",
			 counted ? "" : "at least ", (long long)plan->needed,
			 (long long)(place.f_bavail * place.f_frsize),
			 (long long)(place.f_blocks * place.f_frsize));
}

static void hint_at_huge(char *hint, const struct segment_plan *plan, int error)
{
	long long kib = plan->huge / 1024;
	char path[96];
	int64_t free;

	if (error == EPERM) {
		snprintf(hint, SEGMENT_HINT_MAX,
			 " (huge pages are for CAP_IPC_LOCK and the group in "
			 "/proc/sys/vm/hugetlb_shm_group, which is %lld)",
			 (long long)setting_read("/proc/sys/vm/hugetlb_shm_group"));
		return;
	}
	snprintf(path, sizeof path, HUGE "free_hugepages", kib);
	free = setting_read(path);
	if (free < 0)
		snprintf(hint, SEGMENT_HINT_MAX,
			 " (this system has no pages of %lld KiB: see /sys/kernel/mm/hugepages)",
			 kib);
	else
		snprintf(hint, SEGMENT_HINT_MAX,
			 " (it needs %lld pages of %lld KiB and %lld are free; " HUGE
			 "nr_hugepages reserves them)",
			 (long long)((plan->needed + plan->huge - 1) / plan->huge), kib,
			 (long long)free, kib);
}

static void hint_at_ids(char *hint, const struct segment_plan *plan)
{
	int64_t most = setting_read(SETTINGS "shmmni");
	struct shm_info info;

	if (shmctl(0, SHM_INFO, (struct shmid_ds *)&info) < 0)
		return;
	if (most >= 0 && info.used_ids >= most)
		snprintf(hint, SEGMENT_HINT_MAX,
			 " (SHMMNI: there are %d segments, and " SETTINGS "shmmni is %lld)",
			 info.used_ids, (long long)most);
	else
		snprintf(hint, SEGMENT_HINT_MAX,
			 " (SHMALL: it needs %lld pages, %lu are taken, and " SETTINGS
			 "shmall is %lld)",
			 (long long)((plan->needed + getpagesize() - 1) / getpagesize()),
			 info.shm_tot, (long long)setting_read(SETTINGS "shmall"));
}

static void hint_at_size(char *hint, const struct segment_plan *plan)
{
	int64_t most = setting_read(SETTINGS "shmmax");

	if (plan->needed == 0)
		snprintf(hint, SEGMENT_HINT_MAX, " (a System V segment has at least one byte)");
	else if (most >= 0 && plan->needed > most)
		snprintf(hint, SEGMENT_HINT_MAX,
			 " (SHMMAX: it needs %lld bytes, and " SETTINGS "shmmax is %lld)",
			 (long long)plan->needed, (long long)most);
}

/* The system's memory and, to be filled, ours. */
static void hint_at_memory(char *hint, const struct segment_plan *plan)
{
	struct rlimit most = { .rlim_cur = RLIM_INFINITY };
	size_t used = (size_t)snprintf(hint, SEGMENT_HINT_MAX,
				       " (it needs %lld bytes; /proc/sys/vm/overcommit_memory "
				       "is %lld",
				       (long long)plan->needed,
				       (long long)setting_read("/proc/sys/vm/overcommit_memory"));

	getrlimit(RLIMIT_AS, &most);
	if (plan->input >= 0 && most.rlim_cur != RLIM_INFINITY)
		used += (size_t)snprintf(hint + used, SEGMENT_HINT_MAX - used,
					 ", and RLIMIT_AS is %lld; see ulimit -v",
					 (long long)most.rlim_cur);
	snprintf(hint + used, SEGMENT_HINT_MAX - used, ")");
}

static void hint_sysv(char *hint, const struct segment_plan *plan, int error)
{
	switch (error) {
	case EINVAL:
	case ENOENT:
	case EPERM:
		if (plan->huge != 0)
			hint_at_huge(hint, plan, error);
		else
			hint_at_size(hint, plan);
		break;
	case ENOSPC:
		hint_at_ids(hint, plan);
		break;
	case ENOMEM:
		if (plan->huge != 0)
			hint_at_huge(hint, plan, error);
		else
			hint_at_memory(hint, plan);
		break;
	}
}

static void hint_at_file_size(char *hint, const struct segment_plan *plan)
{
	struct rlimit most = { .rlim_cur = RLIM_INFINITY };
	size_t used = (size_t)snprintf(hint, SEGMENT_HINT_MAX, " (it needs %lld bytes",
				       (long long)plan->needed);

	getrlimit(RLIMIT_FSIZE, &most);
	if (most.rlim_cur != RLIM_INFINITY)
		used += (size_t)snprintf(hint + used, SEGMENT_HINT_MAX - used,
					 ", and RLIMIT_FSIZE is %lld; see ulimit -f",
					 (long long)most.rlim_cur);
	snprintf(hint + used, SEGMENT_HINT_MAX - used, ")");
}

/* What is missing where POSIX objects are made. */
static void hint_at_place(char *hint, int error)
{
	if (error == ENOENT && access("/dev/shm", F_OK) < 0)
		snprintf(hint, SEGMENT_HINT_MAX, " (there is no directory /dev/shm)");
	else if (error == ENOENT && access("/proc/self/fd", F_OK) < 0)
		snprintf(hint, SEGMENT_HINT_MAX, " (it takes /proc, which is not mounted)");
	else if (error == EOPNOTSUPP)
		snprintf(hint, SEGMENT_HINT_MAX,
			 " (it takes a /dev/shm with O_TMPFILE, such as a tmpfs)");
}

/* Whose it is that may not be touched. */
static void hint_at_owner(char *hint, const struct ref *ref)
{
	struct segment_facts facts;

	if (segment_look_by_ref(ref, &facts) == 0)
		snprintf(hint, SEGMENT_HINT_MAX, " (it belongs to uid %ld, mode %04o)",
			 (long)facts.owner, (unsigned)facts.mode);
}

void segment_hint(char *hint, const struct ref *ref, const struct segment_plan *plan, int error)
{
	*hint = '\0';
	if (error == ENOSYS && ref_is_posix(ref)) {
		snprintf(hint, SEGMENT_HINT_MAX, " (it takes /proc, which is not mounted)");
	} else if (plan == NULL || ((error == EPERM || error == EACCES) && plan->huge == 0)) {
		if (error == EACCES || error == EPERM)
			hint_at_owner(hint, ref);
	} else if (!ref_is_posix(ref)) {
		hint_sysv(hint, plan, error);
	} else if (error == ENOSPC) {
		hint_at_room(hint, plan);
	} else if (error == EFBIG) {
		hint_at_file_size(hint, plan);
	} else {
		hint_at_place(hint, error);
	}
}
