/* SPDX-License-Identifier: MIT */
/* Any bytes as a semaphore's file: no read outside of them, and facts in range. */
#include <stdint.h>
#include <stdlib.h>

#include "semfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct semfile facts = { -1, -1 };

	if (semfile_read(data, size, &facts) && (facts.value < 0 || facts.waiters < 0))
		abort();
	return 0;
}
