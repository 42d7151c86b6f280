/* SPDX-License-Identifier: MIT */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "json.h"

/*
 * How records stand in a stream of bytes.
 *
 *	line      one record a line; an empty line is an empty record
 *	nul       each record is ended by NUL
 *	netstring LENGTH:BYTES, with the comma that D. J. Bernstein's netstrings end in
 *	json      one object a line: struct json_bytes
 *	whole     the stream is one record
 *
 * Pure functions over (pointer, length): they read no descriptor and wait for
 * nothing.
 */
enum frame {
	FRAME_LINE,
	FRAME_NUL,
	FRAME_NETSTRING,
	FRAME_JSON,
	FRAME_WHOLE,
};

/* The frame called NAME, or -1. */
int record_frame(const char *name);

/* What a record carries beside its bytes. */
enum record_label {
	RECORD_NO_LABEL,
	RECORD_PRIORITY, /* of a POSIX queue */
	RECORD_TYPE,     /* of a System V queue */
};

struct record {
	const char *data;
	size_t length;
	enum record_label label;
	long label_value;
	const char *ref; /* written into a JSON record, unless NULL; never read */
};

/*
 * What is left of a stream begins at BYTES, LENGTH of them being at hand; LAST
 * says that no more will come.  Starts with {0}; STORAGE.bytes is the caller's
 * to free.
 */
struct record_parser {
	enum frame frame;
	bool unlabelled; /* JSON: "priority" and "type" are keys like others, passed over */
	size_t searched; /* bytes known to hold no end of the record */
	struct json_storage storage;

	/* After RECORD_BROKEN. */
	const char *phrase;
	size_t at; /* the byte of BYTES where it was seen */
	/* After RECORD_FOUND and, for a netstring, RECORD_PARTIAL. */
	size_t consumed; /* bytes of the stream that the record takes; 0: not known yet */
};

enum record_found {
	RECORD_FOUND,   /* RECORD is filled; go on behind CONSUMED bytes */
	RECORD_PARTIAL, /* there is not enough to tell */
	RECORD_END,     /* the stream is at its end, and so are the records */
	RECORD_BROKEN,  /* this is no record: PHRASE and AT say why */
};
enum record_found record_parse(struct record_parser *parser, const char *bytes, size_t length,
			       bool last, struct record *record);

/*
 * Write RECORD into OUT as FRAME has it.  Returns the bytes it takes, which may
 * be more than SIZE (OUT is then undefined), or -1 with errno: EILSEQ the
 * record holds a byte that ends records in this frame; ENOMEM.
 */
ssize_t record_write(enum frame frame, const struct record *record, char *out, size_t size);

#endif
