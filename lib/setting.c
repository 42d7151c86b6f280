/* SPDX-License-Identifier: MIT */
#include "setting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int64_t setting_read(const char *path)
{
	char text[32];
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	unsigned long long value;
	ssize_t length;

	if (descriptor < 0)
		return -1;
	length = read(descriptor, text, sizeof text - 1);
	close(descriptor);
	if (length <= 0)
		return -1;
	text[length] = '\0';
	/* shmmax and shmall are beyond the largest file by default. */
	value = strtoull(text, NULL, 10);
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}
