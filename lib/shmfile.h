/* SPDX-License-Identifier: MIT */
#ifndef SHMFILE_H
#define SHMFILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "ref.h"

/*
 * A file in /dev/shm: what a POSIX shared memory object (NAME), a named
 * semaphore (sem.NAME) and a ring (ring.NAME) are made of.
 * Source: shm_open(3), sem_overview(7), open(2) on O_TMPFILE.
 */
enum { SHMFILE_PATH_MAX = sizeof("/dev/shm/ring.") + REF_NAME_MAX };

/* The path of the POSIX object REF into PATH, of SHMFILE_PATH_MAX bytes.  Returns PATH. */
char *shmfile_path(const struct ref *ref, char *path);

/*
 * Open REF's file, which may be anybody's trap: a link is not followed, and a
 * FIFO or a device is not even opened.  FLAGS is O_RDONLY, O_WRONLY or O_RDWR.
 *
 * Returns a descriptor, which the caller closes, or -1 with errno: ENOENT there
 * is none, ENOTSUP it is no regular file (see shmfile_sort()), EACCES, EMFILE,
 * ENFILE, ENOSYS there is no /proc.  AT, unless NULL, is filled whenever there is such a file; when
 * there is not, AT->st_mode is 0.
 */
int shmfile_open(const struct ref *ref, int flags, struct stat *at);

/* The same of the file called NAME in DIRECTORY, which may be another /dev/shm. */
int shmfile_open_at(int directory, const char *name, int flags, struct stat *at);

/*
 * The same for reading what it is; that is no use of it: where we may, its time
 * of access stays.
 */
int shmfile_open_quietly(int directory, const char *name, struct stat *at);

/* What a file of MODE is, when it is no regular one: "a FIFO"; else NULL. */
const char *shmfile_sort(mode_t mode);

/* Whether the file AT belongs to us or to root. */
bool shmfile_is_ours(const struct stat *at);

/*
 * Make a file of SIZE zero bytes that has no name yet: whatever happens before
 * shmfile_publish(), nothing is left of it.  MODE is exact.  With RESERVE its
 * memory is taken at once.
 * Returns a descriptor open for reading and writing, which the caller closes,
 * or -1 with errno: ENOSPC no room in /dev/shm, EFBIG.
 */
int shmfile_new(mode_t mode, off_t size, bool reserve);

/*
 * Give the file DESCRIPTOR of shmfile_new() the name REF, at once and whole.
 * Returns 0, or -1 with errno: EEXIST there is such an object already.
 */
int shmfile_publish(int descriptor, const struct ref *ref);

/*
 * The same in one step over whatever object has that name: who opens it gets
 * the old or the new one.  Killed in the instant between, it may leave a file
 * ".ipcbox-PID.NUMBER" that nobody uses; a later shmfile_replace() removes it.
 * Returns 0, or -1 with errno: ENOTSUP what has the name is no regular file,
 * EPERM or EACCES it is somebody else's.
 */
int shmfile_replace(int descriptor, const struct ref *ref);

/*
 * Take the name away from REF's object if it is still the file MADE.
 * Returns 0, or -1 with errno: ENOENT it is gone, ESTALE another has its name.
 */
int shmfile_remove(const struct ref *ref, const struct stat *made);

/* Bytes that can still be taken in /dev/shm, or -1 with errno. */
off_t shmfile_room(void);

#endif
