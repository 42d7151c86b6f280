/* SPDX-License-Identifier: MIT */
#ifndef RELAY_H
#define RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fdio.h"
#include "patience.h"
#include "progress.h"
#include "relay-end.h"
#include "relay-store.h"
#include "stop.h"

/*
 * Bytes from sources to sinks.  One loop waits for all of them; how bytes move
 * is chosen by what the ends are:
 *
 *	relay-splice  one source, one sink, pipes and sockets: the kernel moves pages
 *	relay-tee     one source, several pipes: the kernel moves references to pages
 *	relay-pump    everything else: through a store in memory and on the disk
 *
 * The first two hold nothing of their own, and are left for the third when the
 * kernel cannot do it with these ends.
 */
enum relay_slow {
	RELAY_BLOCK, /* a slow sink holds all up */
	RELAY_DROP,  /* it loses whole records */
	RELAY_CUT,   /* it is closed */
};

enum relay_event {
	RELAY_READ_FAILED,  /* ERROR is an errno; so in the next two */
	RELAY_WRITE_FAILED, /* */
	RELAY_SPILL_FULL,   /* the file takes no more for now; END is NULL */
	RELAY_SPILL_FAILED, /* what is in it cannot be read: the end; END is NULL */
	RELAY_READER_GONE,  /* for good */
	RELAY_PEER_LEFT,    /* the next one is awaited */
	RELAY_UNRENEWED,    /* ERROR is an errno: no FIFO for the reader after this one */
	RELAY_NO_PEER,      /* came in time */
	RELAY_WAS_CUT,      /* */
	RELAY_UNDELIVERED,  /* ERROR is the number of bytes that a sink has not got */
	RELAY_HELD_BACK,    /* bytes (ERROR) of a record of a source that had no end */
	RELAY_CUT_SHORT,    /* such a record, of which sinks have got a part */
	RELAY_UNREAD,       /* bytes (ERROR) that are in a source and were not taken */
	RELAY_LEFT,         /* what END made could not be removed; ERROR is an errno */
	RELAY_ASKED,        /* SIGUSR1 has come; END is NULL */
};

struct relay {
	/* Settings. */
	struct relay_end *sources, *sinks;
	size_t source_count, sink_count;
	struct relay_opening opening;
	int terminator;     /* the byte that ends a record */
	bool whole_records; /* a reader that comes back begins with a whole one */
	bool ends_records;  /* the end of a peer that has a next one ends its record */
	int64_t capacity;   /* between the ends; -1: what suits; INT64_MAX: no limit */
	int spill;          /* a file without a name, or -1 */
	enum relay_slow slow;
	int64_t rate;             /* bytes a second to each sink, or 0 */
	struct patience patience; /* for the peer of an end */
	int64_t drain;            /* nanoseconds to deliver what is held after a signal */
	const struct stop *stop;
	struct progress *progress;
	void (*tell)(const struct relay *relay, enum relay_event event, const struct relay_end *end,
		     int64_t error);

	/* After relay_run(). */
	bool failed;    /* an end failed or died that must not */
	bool timed_out; /* the peer of an end did not come */
	int signal;     /* that stopped it, or 0 */
	int64_t start;  /* on the clock of patience_now() */

	/* The loop's. */
	int (*step)(struct relay *relay);
	struct pollfd *watched;
	int64_t drain_end, wake_at;
	int64_t stopped_at; /* when the first signal came */
	bool stopping, hurry, spill_told;

	/* Of relay-splice and relay-tee. */
	int hold[2]; /* a pipe of our own, where a socket is the source */
	int64_t held, pace;
	bool sink_first; /* which side was waited for last */
	int64_t *ahead;  /* of each sink: bytes that it has got, and that are still in the source */
	int64_t reach;   /* the most that one was ahead, though it may be gone */

	/* Of relay-pump. */
	struct relay_store store;
	struct relay_end *owner; /* the source whose record is in the store in part */
	size_t turn;
};

/*
 * Open every end.  Returns NULL, or the end that could not be opened, with
 * errno and its PHRASE; nothing is open or left behind then.
 */
struct relay_end *relay_open(struct relay *relay);

/*
 * Move bytes until all sources are at their end and all is delivered, or no
 * sink is left, or a signal has come and what is held was delivered.  Closes
 * every end.  Returns 0, or -1 (no memory for what must be held).
 */
int relay_run(struct relay *relay);

/* For the files of this module. */

/* Choose the way when the ends are open; fall back to the pump. */
int relay_splice_begin(struct relay *relay);
int relay_tee_begin(struct relay *relay);
int relay_pump_begin(struct relay *relay);
int relay_merge_take(struct relay *relay);
bool relay_merge_is_empty(const struct relay *relay);
size_t relay_record_most(const struct relay *relay);
int relay_slow_make_room(struct relay *relay);
int relay_slow_skip(struct relay *relay, struct relay_end *sink);
int relay_slow_finish_record(struct relay *relay, struct relay_end *sink);
void relay_store_full(struct relay *relay);
bool relay_meets(struct relay *relay);
enum fdio_sort relay_fdio_sort(const struct relay_end *end);

/*
 * Read up to ROOM bytes of SOURCE to PLACE, or behind what is in its stage, without
 * waiting.  As read(2), but nothing of a packet is lost: of a socket, a packet that is
 * longer than ROOM goes to the stage whole.
 */
ssize_t relay_read(struct relay *relay, struct relay_end *source, char *place, size_t room);
ssize_t relay_read_stage(struct relay *relay, struct relay_end *source, size_t room);

/* Give up what each way has taken for itself. */
void relay_splice_end(struct relay *relay);
void relay_pump_end(struct relay *relay);

/* The pipe of our own.  Returns 0, or -1 with errno. */
int relay_make_hold(struct relay *relay);

/* Whether ERROR says that the kernel cannot splice between two ends at all. */
bool relay_splice_is_unfit(int error);

/* What the Ith of several sinks has yet to get of what was taken, or of what another one has. */
int64_t relay_tee_due(const struct relay *relay, size_t i);

/* What a sink has got is taken from the source: its next reader is not to get it again. */
void relay_tee_end(struct relay *relay);

/* Wait for an end that is wanted, a time or a signal; or (GLANCE) only look. */
void relay_wait(struct relay *relay, bool glance);

/* The sources, then the sinks. */
struct relay_end *relay_end_at(const struct relay *relay, size_t i);
size_t relay_end_count(const struct relay *relay);

/* END has no peer: from now on one is looked for, as long as is patient. */
void relay_await_peer(const struct relay *relay, struct relay_end *end);

/* Look for the peer of END, which is AWAITED. */
void relay_look_for_peer(struct relay *relay, struct relay_end *end);

/* Look for the peers whose time it is; give up those whose time is over. */
void relay_attend(struct relay *relay);

/* Give the pipe of END the size that suits, if it is OPEN. */
void relay_fit(const struct relay *relay, const struct relay_end *end);

/* What happened to an end. */
void relay_source_ended(struct relay *relay, struct relay_end *source);
void relay_sink_failed(struct relay *relay, struct relay_end *sink, int error);
void relay_sink_finished(struct relay *relay, struct relay_end *sink);

/* Returns false where it was no failure but the end: a terminal that was hung up. */
bool relay_source_failed(struct relay *relay, struct relay_end *source, int error);

/* Whether SOURCE, a pipe or a socket, has nothing more, as far as that shows without a read. */
bool relay_source_is_at_end(const struct relay_end *source);

/* What was put into SOURCE, and will not be taken: to its account, and told. */
void relay_source_unread(struct relay *relay, struct relay_end *source);

/* The same of those who have connected to SOURCE, and whose turn did not come. */
void relay_source_refuse(struct relay *relay, struct relay_end *source);

/* All was written to SINK: close it.  What the system has kept back is a failure. */
void relay_close_sink(struct relay *relay, struct relay_end *sink);
void relay_count(struct relay *relay, struct relay_end *end, int64_t bytes);

/* Whether no source has more to give; whether no sink takes any more. */
bool relay_is_dry(const struct relay *relay);
bool relay_is_deserted(const struct relay *relay);

/*
 * How many of WANTED bytes may go now, of a stream whose PACE is kept; 0: none
 * before then, and the loop will wake.  relay_paced() counts what went.
 */
size_t relay_allowed(struct relay *relay, int64_t pace, size_t wanted);
void relay_paced(const struct relay *relay, int64_t *pace, int64_t bytes);

enum { RELAY_PIPE_SIZE = 1 << 20, RELAY_CHUNK = 1 << 20 };

#endif
