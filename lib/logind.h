/* SPDX-License-Identifier: MIT */
#ifndef LOGIND_H
#define LOGIND_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether systemd-logind will remove the IPC objects of USER when his last
 * session ends: it runs, its RemoveIPC= is on (the default), USER is not one of
 * the system's, and he does not linger.
 * Source: logind.conf(5), loginctl(1).
 */
bool logind_removes_objects_of(uid_t user);

#endif
