/* SPDX-License-Identifier: MIT */
#ifndef RELAY_END_H
#define RELAY_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * An end of a relay: where bytes come from (a source) or go to (a sink).
 *
 *	-                 standard input or output
 *	PATH              a FIFO, a terminal, a device, a regular file
 *	fd:NUMBER         a descriptor that was inherited
 *	unix:PATH         a connection to a unix stream socket
 *	unix-listen:PATH  a unix stream socket that is made, and one peer at a time
 *
 * Opening never waits.  An end whose peer (the reader of a FIFO, who connects
 * to a socket) is not there yet is AWAITED.  Inherited descriptors keep their
 * flags.
 * Source: fifo(7), unix(7).
 */
enum relay_form {
	RELAY_STANDARD,
	RELAY_PATH,
	RELAY_NUMBER,
	RELAY_CONNECT,
	RELAY_LISTEN,
};

enum relay_sort {
	RELAY_PIPE, /* or a FIFO */
	RELAY_SOCKET,
	RELAY_TERMINAL,
	RELAY_FILE, /* regular, or a device */
};

enum relay_state {
	RELAY_AWAITED, /* no peer yet, or not any more */
	RELAY_OPEN,
	RELAY_OVER, /* at its end, dead, cut off, or all was delivered */
};

/* How ends are opened; one for all of a relay. */
struct relay_opening {
	bool keep;      /* outlive the last writer or reader of a FIFO, the peer of a socket */
	bool make_fifo; /* where a path is missing */
	mode_t mode;    /* of what is made */
	bool append, truncate; /* what to do with a regular file; they make it, too */
	bool fifo_each;        /* give each reader of a FIFO that we made one of its own */
};

/* Bytes on their way that must go before all others. */
struct relay_bytes {
	char *bytes;
	size_t start, end, size;
};

struct relay_end {
	/* Settings, by relay_end_scan(). */
	const char *text;
	const char *path;
	enum relay_form form;
	bool is_sink;

	/* What it is. */
	enum relay_sort sort;
	enum relay_state state;
	int number;         /* RELAY_STANDARD, RELAY_NUMBER: the inherited descriptor */
	bool inherited;     /* there was one when the command line was read */
	int descriptor;     /* ours; -1 while there is none */
	bool is_fifo;       /* with a name: somebody may open it again */
	bool packets;       /* of a RELAY_SOCKET: it keeps them apart, as no stream does */
	bool may_wait;      /* of a RELAY_FILE: no regular one, and read(2) may have to wait */
	bool returns;       /* a next peer is awaited when this one is gone */
	bool died, missed;  /* it failed or died; no peer came in time */
	const char *phrase; /* after a failure: what is wrong, or NULL for errno */

	/* The account. */
	int64_t bytes;           /* read or delivered */
	int64_t waited;          /* nanoseconds that the relay waited for it */
	int64_t lost_bytes;      /* in the pipe when its last reader was gone; or held back */
	int64_t unread_bytes;    /* left in a source */
	int64_t dropped_bytes;   /* of whole records that were dropped */
	int64_t dropped_records; /* and of them that could not be made whole again */
	int64_t peers;           /* that came */
	int64_t tail_lost;       /* bytes of TAIL when it was given up */
	int left;                /* an errno, if what we made could not be removed */

	/* The loop's. */
	bool wanted; /* nothing goes on before it is ready */
	bool ready;
	bool end_watched; /* not more bytes, but their end is what matters now */
	int64_t give_up;  /* when a wait for a peer ends, or 0 */
	int64_t retry_at; /* when to look for a peer again, or 0 */
	int64_t retry_after;

	/* Of a sink that is written to from memory. */
	int64_t position;        /* of its next byte in the store */
	struct relay_bytes tail; /* goes before that */
	bool in_record;          /* it has, or TAIL ends with, a part; so of a single source */
	bool skipping;           /* the record at POSITION is being dropped */
	bool cut;                /* gets TAIL, and nothing more */
	int64_t cut_until;       /* when it must have got that */
	int64_t pace;            /* when it may be written to again */

	/* Of a source whose records are merged, or that has packets. */
	struct relay_bytes stage; /* read, and not in the store */
	size_t searched;          /* bytes of STAGE known to hold no end of a record */

	/* Of a sink whose readers get whole records: what was written last. */
	char *shadow;
	size_t shadow_size;
	int64_t written; /* to this FIFO */
	int unrenewed;   /* an errno that is to be told: its readers share this FIFO */

	/* The module's own. */
	const struct relay_opening *opening;
	int anchor; /* of a path, opened with O_PATH */
	int listener;
	bool made;    /* PATH is ours to remove */
	bool created; /* a file that is ours to remove if another end cannot be opened */
	dev_t device;
	ino_t inode;
};

/* Read TEXT.  Returns NULL, or what is wrong with it ("has no path"). */
const char *relay_end_scan(const char *text, bool is_sink, struct relay_end *end);

/*
 * Whether A and B are one file that would be read and written.  Terminals and
 * other devices, and sockets without a path, may be both.
 */
bool relay_end_same(const struct relay_end *a, const struct relay_end *b);

/*
 * Whether A and B, two sources, would take bytes from each other: one FIFO, pipe or
 * socket, or one descriptor.  Two paths of a regular file have a position each.
 */
bool relay_end_same_source(const struct relay_end *a, const struct relay_end *b);

/*
 * Open END, which is AWAITED or OPEN then.  Returns 0, or -1 with errno and
 * perhaps a PHRASE; errno EISDIR with a PHRASE that names an option: the
 * command line is wrong.  A file that is to be overwritten is as it was before
 * relay_end_truncate(), which returns 0, or -1 with errno.
 */
int relay_end_open(struct relay_end *end, const struct relay_opening *opening);
int relay_end_truncate(const struct relay_end *end);

/*
 * Look for the peer of an AWAITED end.  Returns 1: END is OPEN; 0: not yet; -1
 * with errno.
 */
int relay_end_attach(struct relay_end *end);

/*
 * The peer is gone: the writer of a source, the reader of a sink.  END is
 * AWAITED then, or OVER.  What was in a sink's pipe stays for the next reader.
 */
void relay_end_leave(struct relay_end *end, int terminator);

/* Bytes in the pipe of a sink that nobody has read yet; 0 where that is not known. */
int64_t relay_end_unread(const struct relay_end *end);

/* Whether a sink has nobody at all who reads it. */
bool relay_end_deserted(const struct relay_end *end);

/*
 * Close END and remove what it has made.  What nobody will read in its pipe goes
 * to its account; its stage stays.  Returns 0, or -1 with errno: what was written
 * may not be there.
 */
int relay_end_close(struct relay_end *end);

/* The same, and remove a file that it has created: nothing was moved. */
void relay_end_abandon(struct relay_end *end);

/* Note BYTES as written to the FIFO of a sink that has a shadow. */
void relay_end_remember(struct relay_end *end, const char *bytes, size_t length);

/* Make the pipe of END as large as the system allows, up to SIZE bytes. */
void relay_end_enlarge(const struct relay_end *end, size_t size);

/* Make it as small as it can be: one page. */
void relay_end_shrink(const struct relay_end *end);

/* Append to QUEUE.  Returns 0, or -1 with errno ENOMEM. */
int relay_bytes_add(struct relay_bytes *queue, const char *bytes, size_t length);

/* A place of LENGTH bytes behind those of QUEUE; NULL with errno ENOMEM. */
char *relay_bytes_place(struct relay_bytes *queue, size_t length);

#endif
