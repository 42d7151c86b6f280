/* SPDX-License-Identifier: MIT */
#include "cli-ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "own.h"
#include "say.h"
#include "shmfile.h"
#include "status.h"

void cli_ring_ref(struct argp_state *state, const char *text, struct ref *ref)
{
	cli_ref(state, text, REF_RING, ref);
}

/* Whose it is, or how much room there is, in brackets, where that explains ERROR. */
static void make_hint(char *hint, size_t size, const struct ref *ref, uint64_t capacity, int error)
{
	struct stat at = { 0 };

	strcpy(hint, waker_hint(error));
	if (error == ENOSPC && capacity > 0) {
		snprintf(hint, size, " (of %llu bytes that it needs, /dev/shm has %lld)",
			 (unsigned long long)(RING_DATA_AT + capacity), (long long)shmfile_room());
	} else if (error == EACCES) {
		int descriptor = shmfile_open(ref, O_RDONLY, &at);

		own_drop_fd(&descriptor);
		if (at.st_mode != 0)
			snprintf(hint, size, " (it belongs to uid %ld, mode %04o)", (long)at.st_uid,
				 (unsigned)at.st_mode & 07777);
	}
}

void cli_ring_failure(const char *action, const struct ref *ref, const struct ring *ring,
		      uint64_t capacity, int error)
{
	char text[REF_TEXT_MAX], hint[128];

	ref_print(ref, text);
	if (error == EBADMSG && ring != NULL) {
		say("cannot %s %s: it %s", action, text, ring->wrong);
		return;
	}
	make_hint(hint, sizeof hint, ref, capacity, error);
	say("cannot %s %s: %s%s", action, text, strerror(error), hint);
}

int cli_ring_open(struct ring *ring, const struct ref *ref, enum ring_access access, bool quiet)
{
	int error, status;

	if (ring_open(ring, ref, access) == 0)
		return STATUS_OK;
	error = errno;
	status = cli_status_of(error);
	if (!cli_is_said(quiet, status))
		cli_ring_failure("open", ref, ring, 0, error);
	return status;
}
