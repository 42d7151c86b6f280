/* SPDX-License-Identifier: MIT */
#ifndef SEMAPHORE_H
#define SEMAPHORE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sem.h>
#include <sys/types.h>

#include "patience.h"
#include "ref.h"
#include "waker.h"

/*
 * Semaphores of both families behind one handle: a POSIX named semaphore is a
 * set of one member.  Which family it is says the REF.
 *
 * A POSIX semaphore is a file in /dev/shm that anybody may have put there, so
 * it is opened, checked and mapped here and not by sem_open(3), which takes an
 * empty file for a semaphore and then dies of SIGBUS.  One that is cut short
 * later is an errno, too.
 *
 * Failures are -1 with errno, the same for both families where they mean the
 * same: ENOENT there is no such semaphore; EIDRM it has been removed; EACCES
 * not allowed; EAGAIN it would have to wait; EINTR a signal that STOP of the
 * waker watches ended the wait; ETIMEDOUT patience ended; ERANGE a value would
 * become too large; EFBIG the set has no such member; E2BIG too many steps.
 * POSIX: ENOTSUP no regular file; EINVAL a file, but no semaphore of this C
 * library; EPERM somebody else's, who shares it with nobody; ENODATA its file
 * has been cut short.
 * Sources: sem_overview(7), semop(2), semctl(2).
 */
struct semaphore_family;

struct semaphore {
	const struct semaphore_family *family;
	int handle;  /* a descriptor (POSIX) or an id (System V) */
	int members; /* of the set; -1: we may not know */
	void *word;  /* POSIX: where it is mapped, or NULL */
};

enum {
	SEMAPHORE_VALUE_MAX = INT_MAX, /* of a POSIX one; a System V one has 32767 */
	SEMAPHORE_UNKNOWN = -1,        /* in place of what cannot be seen */
};

/* What is known of a semaphore without taking part in it. */
struct semaphore_facts {
	int members;
	bool initialised; /* System V: an operation has been made on it */
	mode_t mode;
	uid_t owner, creator; /* POSIX: the same */
	int64_t used_at;      /* System V: last change of it or its values, seconds since 1970 */
	dev_t device;         /* POSIX: with INODE, which file it is, whatever its name */
	ino_t inode;
};

/* Who waits for a member; each may be SEMAPHORE_UNKNOWN. */
struct semaphore_queue {
	int for_more, for_zero;
	pid_t last; /* System V: who operated on it last; 0: nobody */
};

enum semaphore_access {
	SEMAPHORE_READ,
	SEMAPHORE_CHANGE,
};

/*
 * Make the semaphore that REF names with COUNT members of VALUES, exclusively
 * (EEXIST) and with exactly the mode asked for; REF->id is set for System V.
 * It has its values as soon as anybody can use it.  Nothing is left when it
 * fails.  Other errnos: semaphore_hint() knows what they mean.
 */
int semaphore_create(struct semaphore *semaphore, struct ref *ref, const int *values, int count,
		     mode_t mode);

/*
 * Open an existing semaphore.  For a System V REF with a key, REF->id is set.
 * A set that nobody has operated on yet may be about to get its values; for
 * changing, those are waited for as long as it is younger than two seconds.
 */
int semaphore_open(struct semaphore *semaphore, struct ref *ref, enum semaphore_access access);

/*
 * Open it for changing, or make it if it is missing, with COUNT members of
 * VALUES: of many callers at once, one makes it.  What somebody made and was
 * killed before it had its values gets them now.  MADE, unless NULL, tells
 * whether it is new.
 */
int semaphore_ensure(struct semaphore *semaphore, struct ref *ref, const int *values, int count,
		     mode_t mode, bool *made);

/* Release what was opened; the semaphore itself stays. */
void semaphore_close(struct semaphore *semaphore);

/*
 * Remove the semaphore that REF names; POSIX: if it is still the file MADE
 * (NULL: any), else ESTALE.
 */
int semaphore_remove(const struct ref *ref, const struct semaphore_facts *made);

/* Look at it by name, with whatever permissions its values have. */
int semaphore_look_by_ref(const struct ref *ref, struct semaphore_facts *facts);

/*
 * The values of all its members, in one step, into VALUES, which has room for
 * semaphore->members; SEMAPHORE_UNKNOWN for a layout that is another C
 * library's.  semaphore_queue() tells who waits for member INDEX.
 */
int semaphore_values(const struct semaphore *semaphore, int *values);
int semaphore_queue(const struct semaphore *semaphore, int index, struct semaphore_queue *queue);

/*
 * Read INDEX:DELTA as a step.  Returns NULL, or a phrase that says what is
 * wrong.  (sem_flg of a step belongs to this module.)
 */
const char *semaphore_scan_step(const char *text, struct sembuf *step);

/*
 * Take all COUNT STEPS at once, or none: each adds to a member, takes from it
 * when that leaves no less than 0, or (sem_op 0) wants it to be 0.  With UNDO
 * (System V) the kernel takes them back when this process ends.
 * A POSIX semaphore knows one step: -1 of member 0.
 *
 * semaphore_take_now() does not wait; semaphore_take_until() waits until END,
 * as of patience_end(), whatever signals are handled; semaphore_take() is
 * ended by the waker's causes, too, of which WAKER->object is for
 * semaphore_watch() to fill.
 */
int semaphore_take_now(struct semaphore *semaphore, struct sembuf *steps, size_t count, bool undo);
int semaphore_take_until(struct semaphore *semaphore, struct sembuf *steps, size_t count, bool undo,
			 int64_t end);
int semaphore_take(struct semaphore *semaphore, struct sembuf *steps, size_t count,
		   const struct patience *patience, struct waker *waker);
void semaphore_watch(const struct semaphore *semaphore, struct waker *waker);

/* Whether the kernel takes back what a process took, when that ends (System V). */
bool semaphore_can_undo(const struct semaphore *semaphore);

/*
 * Add COUNT to member INDEX.  ERANGE: nothing was added.  On a POSIX semaphore
 * COUNT single posts are made.
 */
int semaphore_post(struct semaphore *semaphore, int index, int count);

/*
 * Wake everybody who waits on a POSIX semaphore, who then look at its value:
 * for one that may have been posted by somebody who could not wake them.
 */
void semaphore_wake(const struct semaphore *semaphore);

/*
 * Set COUNT members from FIRST on to VALUES: all members of a System V set in
 * one step, fewer each in its own, and whoever is to have an operation undone
 * loses that.  A POSIX semaphore is posted and taken until it has the value.
 */
int semaphore_set(struct semaphore *semaphore, int first, const int *values, int count);

/*
 * A few words in brackets that explain ERROR: the limit that was met, its
 * value, what was needed and where it is set; the object's owner and mode.
 * WANTED is how many members were to be made, or how many steps to be taken, or
 * 0.  Fills HINT, of SEMAPHORE_HINT_MAX bytes; empty when the errno says it all.
 */
enum { SEMAPHORE_HINT_MAX = 512 };
void semaphore_hint(char *hint, const struct ref *ref, size_t wanted, int error);

#endif
