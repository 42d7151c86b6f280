/* SPDX-License-Identifier: MIT */
#ifndef JSON_STREAM_H
#define JSON_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A JSON document, written piece by piece, so that it takes no memory however
 * long it gets.  Commas are put where they belong.  Keys are ours: they need no
 * escaping.  Within an array KEY is NULL.
 */
struct json_stream {
	FILE *out;
	bool rest; /* a comma comes before the next piece */
};

void json_begin(struct json_stream *stream, const char *key, char bracket); /* '{' or '[' */
void json_end(struct json_stream *stream, char bracket);                    /* '}' or ']' */
void json_number(struct json_stream *stream, const char *key, int64_t number);
void json_text(struct json_stream *stream, const char *key, const char *text);
void json_truth(struct json_stream *stream, const char *key, bool value);
void json_nothing(struct json_stream *stream, const char *key);

/* A newline between two pieces. */
void json_line(struct json_stream *stream);

#endif
