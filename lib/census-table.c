/* SPDX-License-Identifier: MIT */
/*
 * System V objects as /proc/sysvipc has them: the only place for rss and swap,
 * and the other way where a kernel has no *_STAT_ANY.  It is read in large
 * pieces and by hand: there may be many.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/msg.h>
#include <sys/shm.h>

#include "census-parts.h"
#include "own.h"
#include "procfs.h"

/* What stands in a line of /proc/sysvipc, whose numbers are FIELDS. */
static void take_fields(struct object *object, const int64_t *fields, int count)
{
	const int64_t *owner = fields + (object->kind == REF_SEM ? 4 : 7);

	object->key = (key_t)fields[0];
	object->id = (int)fields[1];
	object->mode = (mode_t)fields[2];
	object->owner = (uid_t)owner[0];
	object->group = (gid_t)owner[1];
	object->creator_owner = (uid_t)owner[2];
	object->creator_group = (gid_t)owner[3];
	switch (object->kind) {
	case REF_SHM:
		object->size = fields[3];
		object->creator = (pid_t)fields[4];
		object->last[0] = (pid_t)fields[5];
		object->nattch = fields[6];
		object->removed = object->mode & SHM_DEST;
		census_take_times(object, census_moment(fields[11]), census_moment(fields[12]),
				  census_moment(fields[13]));
		if (count >= 16) {
			object->rss = fields[14];
			object->swap = fields[15];
		}
		break;
	case REF_SEM:
		object->size = fields[3];
		census_take_times(object, census_moment(fields[8]), CENSUS_NONE,
				  census_moment(fields[9]));
		break;
	default:
		object->used = fields[3];
		object->messages = fields[4];
		object->last[0] = (pid_t)fields[5];
		object->last[1] = (pid_t)fields[6];
		census_take_times(object, census_moment(fields[11]), census_moment(fields[12]),
				  census_moment(fields[13]));
		break;
	}
}

static const char *table_of(enum ref_kind kind)
{
	return kind == REF_SHM   ? "/proc/sysvipc/shm"
	       : kind == REF_SEM ? "/proc/sysvipc/sem"
				 : "/proc/sysvipc/msg";
}

static int show_line(struct census_walker *walker, enum ref_kind kind, const char *line)
{
	const int least = kind == REF_SEM ? 10 : 14;
	struct object object = census_blank(kind, true);
	int64_t fields[16] = { 0 };
	struct msqid_ds status;
	int count = procfs_numbers(line, 2, fields, 16);

	if (count < least) /* the heading, or what a later kernel may add */
		return 0;
	take_fields(&object, fields, count);
	if (kind == REF_MQ && msgctl(object.id, IPC_STAT, &status) == 0)
		object.size = (int64_t)status.msg_qbytes;
	return census_sysv_show(walker, &object);
}

int census_table_walk(struct census_walker *walker, enum ref_kind kind, bool *opened)
{
	enum { ROOM = 65536 };
	OWN_FD int table = open(table_of(kind), O_RDONLY | O_CLOEXEC);
	OWN_MEM char *buffer = malloc(ROOM);
	struct procfs_lines lines = { .file = table, .buffer = buffer, .size = ROOM };
	const char *line;
	int result = 0;

	*opened = table >= 0 && buffer != NULL;
	while (*opened && result == 0 && (line = procfs_line(&lines)) != NULL)
		result = show_line(walker, kind, line);
	return result;
}
