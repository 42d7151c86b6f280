/* SPDX-License-Identifier: MIT */
#include "semfile.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE_64 = SEMFILE_BYTES, SIZE_32 = 16, SHARED = 128 };

bool semfile_has_size(int64_t size)
{
	return size == SIZE_64 || size == SIZE_32;
}

/* value, waiters, SHARED, 0, and zeros up to the end */
static bool read_64(const uint32_t words[8], struct semfile *facts)
{
	for (int i = 3; i < 8; i++)
		if (words[i] != 0)
			return false;
	*facts = (struct semfile){ .value = words[0], .waiters = words[1] };
	return words[2] == SHARED && words[0] <= INT_MAX && words[1] <= INT_MAX;
}

/* value * 2 + whether anybody waits, SHARED, 0, waiters */
static bool read_32(const uint32_t words[4], struct semfile *facts)
{
	*facts = (struct semfile){ .value = words[0] >> 1, .waiters = words[3] };
	return words[1] == SHARED && words[2] == 0 && words[3] <= INT_MAX;
}

bool semfile_read(const void *bytes, size_t length, struct semfile *facts)
{
	uint32_t words[SIZE_64 / sizeof(uint32_t)];

	if (!semfile_has_size((int64_t)length))
		return false;
	memcpy(words, bytes, length);
	return length == SIZE_64 ? read_64(words, facts) : read_32(words, facts);
}

int semfile_look(int descriptor, struct semfile *facts)
{
	char bytes[SEMFILE_BYTES];
	struct stat at;
	ssize_t length;

	do
		length = pread(descriptor, bytes, sizeof bytes, 0);
	while (length < 0 && errno == EINTR);
	if (length < 0 || fstat(descriptor, &at) < 0)
		return -1;
	if (length != at.st_size || !semfile_has_size(at.st_size)) {
		errno = ENODATA;
		return -1;
	}
	errno = EINVAL;
	return semfile_read(bytes, (size_t)length, facts) ? 0 : -1;
}
