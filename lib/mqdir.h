/* SPDX-License-Identifier: MIT */
#ifndef MQDIR_H
#define MQDIR_H

#include <sys/types.h>

/*
 * The directory of all POSIX message queues of our IPC namespace.
 *
 * It is opened as a mount of our own that nobody else sees, where we may do
 * that (CAP_SYS_ADMIN): so it is there without a mount, and it is never that of
 * another namespace, as /dev/mqueue is after unshare(CLONE_NEWIPC).  Else it is
 * PATH ("/dev/mqueue"), unless that is no such file system.
 *
 * Returns a descriptor that the caller owns, or -1 with errno: ENOENT it is not
 * mounted; EXDEV what is mounted shows another namespace; EACCES, EMFILE.
 * Sources: mq_overview(7), fsopen(2).
 */
int mqdir_open(const char *path);

/*
 * The same of the file system that is mounted at PATH below the directory ROOT,
 * whatever its namespace.  DEVICE is set to which it is.
 */
int mqdir_open_at(int root, const char *path, dev_t *device);

#endif
