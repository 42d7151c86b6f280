/* SPDX-License-Identifier: MIT */
#ifndef STATUS_H
#define STATUS_H

/*
 * What every command of this toolkit exits with.  The numbers are part of the
 * interface: scripts branch on them, ipcbox(7) documents them, and
 * tests/contract.bats holds every command to them.
 */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,      /* tried and failed; stderr says why */
	STATUS_USAGE = 2,       /* the command line is wrong; nothing was touched */
	STATUS_NOT_NOW = 3,     /* would block, the time ran out, or nothing to take */
	STATUS_ABSENT = 4,      /* the named object does not exist */
	STATUS_EXISTS = 5,      /* the named object exists and must not */
	STATUS_INCOMPLETE = 6,  /* what could be seen was told; something could not */
	STATUS_UNDELIVERED = 7, /* a record was taken, and neither delivered nor put back */
	STATUS_HOLDS = 8,       /* the condition that was asked about holds */

	/* Of the commands that run a COMMAND, whose own status they pass on. */
	STATUS_CONFLICT = 124,    /* busy, or the time is up */
	STATUS_OWN_FAILURE = 125, /* what is 1 to 5 elsewhere, usage included */
	STATUS_NOT_RUN = 126,     /* COMMAND cannot be run */
	STATUS_NOT_FOUND = 127,   /* COMMAND is not there */
	STATUS_SIGNAL = 128,      /* plus N: COMMAND was killed by signal N */
};

#endif
