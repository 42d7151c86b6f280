/* SPDX-License-Identifier: MIT */
/* --rate: what may go now, so that it holds at every moment. */
#include "relay.h"

enum { SLICE = 20000000 }; /* nanoseconds that a rate is kept over */

size_t relay_allowed(struct relay *relay, int64_t pace, size_t wanted)
{
	int64_t most = relay->rate / (1000000000 / SLICE);

	if (relay->rate == 0 || wanted == 0)
		return wanted;
	if (pace > patience_now()) {
		if (relay->wake_at == 0 || pace < relay->wake_at)
			relay->wake_at = pace;
		return 0;
	}
	if (most < 1)
		most = 1;
	return (int64_t)wanted < most ? wanted : (size_t)most;
}

/* A late wake-up is made good, up to a slice; silence is not saved up. */
void relay_paced(const struct relay *relay, int64_t *pace, int64_t bytes)
{
	int64_t now;

	if (relay->rate == 0)
		return;
	now = patience_now();
	if (*pace < now - SLICE)
		*pace = now - SLICE;
	*pace += (int64_t)((__int128)bytes * 1000000000 / relay->rate);
}
