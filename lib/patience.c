/* SPDX-License-Identifier: MIT */
#include "patience.h"

#include <limits.h>
#include <time.h>

int64_t patience_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t patience_end(const struct patience *patience)
{
	return patience->limited ? patience_now() + patience->limit : 0;
}

bool patience_none(const struct patience *patience)
{
	return patience->limited && patience->limit == 0;
}

int patience_poll(int64_t end)
{
	int64_t left;

	if (end == 0)
		return -1;
	left = end - patience_now();
	if (left <= 0)
		return 0;
	left = (left + 999999) / 1000000;
	return left > INT_MAX ? INT_MAX : (int)left;
}
