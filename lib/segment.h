/* SPDX-License-Identifier: MIT */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "ref.h"

/*
 * A piece of memory that processes share: a POSIX object, a System V segment or
 * a plain file, behind one handle.
 *
 * What has a descriptor is read with pread(2), which tells where the object ends
 * now: it may be cut short at any time, and whoever looks at it through a
 * mapping then dies of SIGBUS.  A System V segment cannot shrink; it is attached.
 * Source: shm_overview(7), shmget(2), shmop(2).
 */
struct segment {
	int descriptor; /* -1: System V */
	int id;         /* System V */
	char *memory;   /* System V: attached */
	int64_t size;   /* when it was opened */
	struct segment_facts {
		int64_t size;
		uid_t owner, creator; /* the creator's is the owner's, but for System V */
		mode_t mode;
		bool removed; /* it has no name any more, or is to go with its last user */
		dev_t device;
		ino_t inode;             /* System V: the id */
		struct timespec changed; /* not by stores through a mapping; System V: zero */
	} facts;                         /* when it was opened */
	const char *sort;                /* after ENOTSUP: what stands there instead, "a FIFO" */
};

enum segment_access { SEGMENT_READ, SEGMENT_WRITE };

/*
 * Open the object that REF, after ref_resolve(), names, or the file PATH.
 * Links are followed for a PATH only; FIFOs and devices are not even opened.
 *
 * Return 0, or -1 with errno: ENOENT there is none, ENOTSUP SORT stands there
 * instead, EACCES, others of open(2), shmget(2) and shmat(2).  A segment that
 * was opened is the caller's to close.
 */
int segment_open(struct segment *segment, const struct ref *ref, enum segment_access access);
int segment_open_file(struct segment *segment, const char *path, enum segment_access access);
void segment_close(struct segment *segment);

/* What is known of it now.  Return 0, or -1 with errno. */
int segment_look(const struct segment *segment, struct segment_facts *facts);
int segment_look_by_ref(const struct ref *ref, struct segment_facts *facts);

/* The same, if we may read the object; else -1 with EACCES. */
int segment_look_if_readable(const struct ref *ref, struct segment_facts *facts);

/* What has the name of REF's object and is none, "a FIFO"; or NULL. */
const char *segment_sort_by_ref(const struct ref *ref);

/*
 * Read up to SIZE bytes from OFFSET.  Returns their number, less only at the
 * end, and 0 from there on; or -1 with errno.
 */
ssize_t segment_read(const struct segment *segment, int64_t offset, void *buffer, size_t size);

/*
 * A descriptor for attached memory, from which pages are had without mapping
 * them first; of those who may (CAP_CHECKPOINT_RESTORE).  Returns it, and it is
 * the caller's to close, or -1.
 * Source: /proc/PID/map_files, proc(5).
 */
int segment_descriptor(const struct segment *segment);

/*
 * Have LENGTH bytes of attached memory mapped in one go, which costs less than
 * a page fault for each; WRITING: to be stored to.  Returns 0, or -1 with errno
 * ENOMEM: who touches it there is killed, as where huge pages were not reserved.
 * Source: madvise(2), MADV_POPULATE_READ.
 */
int segment_populate(const char *memory, size_t length, bool writing);

/*
 * Remove REF's object if it is still the one that MADE tells of.  Returns 0, or
 * -1 with errno: ENOENT it is gone, ESTALE another has its name.
 */
int segment_remove(const struct ref *ref, const struct segment_facts *made);

/* What is to be made. */
struct segment_plan {
	mode_t mode; /* exact */
	bool sized;
	int64_t size;   /* with SIZED */
	bool sparse;    /* do not reserve its memory */
	bool replace;   /* POSIX: put it in the place of what has its name */
	int64_t huge;   /* System V: bytes of its pages; 0: ordinary ones */
	int input;      /* what fills it, from where it stands to its end, or -1 */
	int stop;       /* when it becomes readable, do not wait for more input: EINTR; or -1 */
	int64_t needed; /* after a failure: the bytes that it needed at least */
};

enum segment_outcome {
	SEGMENT_MADE,
	SEGMENT_FAILED,         /* errno */
	SEGMENT_INPUT_FAILED,   /* the input could not be read: errno */
	SEGMENT_INPUT_TOO_LONG, /* it has more than SIZE bytes */
};

/*
 * Make REF's object (after ref_resolve(); a System V REF becomes the id's),
 * and tell what was made.  It is made whole or not at all: nobody opens a POSIX
 * object before it is filled, nor a System V one that is not this user's; what
 * cannot be finished is removed, by another process when this one is killed.
 * From before an empty segment or a name comes into being signals are held:
 * stop_hold().
 */
enum segment_outcome segment_create(struct ref *ref, struct segment_plan *plan,
				    struct segment_facts *made);

/*
 * For a message about ERROR of segment_create(), or without a PLAN of
 * segment_open(): " (...)" that names the limit that was met, its value and what
 * was needed, or what is missing; else "".  HINT has
 * SEGMENT_HINT_MAX bytes.
 */
enum { SEGMENT_HINT_MAX = 320 };
void segment_hint(char *hint, const struct ref *ref, const struct segment_plan *plan, int error);

#endif
