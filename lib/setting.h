/* SPDX-License-Identifier: MIT */
#ifndef SETTING_H
#define SETTING_H

#include <stdint.h>

/* The number that a file such as /proc/sys/kernel/shmmni begins with, or -1. */
int64_t setting_read(const char *path);

#endif
