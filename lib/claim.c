/* SPDX-License-Identifier: MIT */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int lock(int descriptor, int command, short type, int64_t number)
{
	struct flock byte = { .l_type = type, .l_whence = SEEK_SET, .l_start = number, .l_len = 1 };

	if (fcntl(descriptor, command, &byte) < 0)
		return -1;
	return byte.l_type == F_UNLCK || command != F_OFD_GETLK ? 0 : 1;
}

void claim_end(int descriptor)
{
	/* Of all bytes: there is one. */
	struct flock bytes = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(descriptor, F_OFD_SETLK, &bytes);
	close(descriptor);
}

int claim_number(int64_t number)
{
	int descriptor = open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
	int taken;

	if (descriptor < 0)
		return -1;
	taken = lock(descriptor, F_OFD_SETLK, F_RDLCK, number);
	if (taken == 0)
		taken = lock(descriptor, F_OFD_GETLK, F_WRLCK, number);
	if (taken == 0)
		return descriptor;
	if (taken > 0)
		errno = EAGAIN;
	taken = errno;
	close(descriptor);
	errno = taken;
	return -1;
}
