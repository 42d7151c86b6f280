/* SPDX-License-Identifier: MIT */
#ifndef ANCESTRY_H
#define ANCESTRY_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Find the ancestors of the process PID that do nothing but wait for it: its
 * parent, that one's parent, and so on, into LIST of ROOM.  Such a process has
 * one thread, which is in wait4(2) or waitid(2) for that child by its PID, or
 * for any where it has no other; or it is one of our tools that run a COMMAND.
 * The first of which that cannot be seen is the end.  Returns how many.
 * Source: proc(5) on stat, syscall and children.
 */
size_t ancestry_waiting(pid_t pid, pid_t *list, size_t room);

#endif
