/* SPDX-License-Identifier: MIT */
#ifndef NAMES_H
#define NAMES_H

#include <sys/types.h>

/*
 * Users and groups by name.  Each is looked up once, however many objects it
 * has.  One without a name is its number.  The text is the module's, and good
 * for the next 63 calls.
 */
const char *names_user(uid_t user);
const char *names_group(gid_t group);

/* NAME, or a number, as a user or a group.  Returns 0, or -1: there is none. */
int names_find_user(const char *name, uid_t *user);
int names_find_group(const char *name, gid_t *group);

#endif
