/* SPDX-License-Identifier: MIT */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Bytes in JSON objects: {"data":"text"} where they are UTF-8, {"base64":"..."}
 * where they are not, and beside them at most two members of our own.  The
 * parsing and the escaping are jansson's.
 */
struct json_bytes {
	const char *bytes;
	size_t length;
	const char *label; /* the name of an integer member ("priority"), or NULL */
	long label_value;
	const char *ref; /* the value of a member "ref", or NULL; writing only */
};

/*
 * Write OBJECT to OUT in one line, without a newline.  Returns the number of
 * bytes that it takes, which may be more than SIZE: OUT is then undefined; or
 * -1 with errno ENOMEM.
 */
ssize_t json_write(const struct json_bytes *object, char *out, size_t size);

/*
 * Read LINE, which must be one JSON object with exactly one of "data" and
 * "base64".  Members with other names are passed over, but for those called
 * LABELS[0] and LABELS[1], whose value must be a whole number: OBJECT->label is
 * then the one that was there (both: an error).  LABELS is NULL where there are
 * none.
 *
 * Returns NULL with OBJECT filled, its bytes in STORAGE, which the caller owns
 * and frees (whatever it held before is reused or freed).  Or a phrase that
 * says what is wrong ("has neither data nor base64"), with AT the byte of LINE
 * where that was seen.
 */
struct json_storage {
	char *bytes;
	size_t size;
	char phrase[200];
};
const char *json_read(const char *line, size_t length, const char *const *labels,
		      struct json_bytes *object, struct json_storage *storage, size_t *at);

/*
 * Base64 with padding, the alphabet of RFC 4648 section 4.  json_base64_size()
 * is exact; decoding returns the number of bytes, at most LENGTH / 4 * 3, or
 * -1 when TEXT is anything else.
 */
size_t json_base64_size(size_t length);
void json_base64_encode(char *out, const char *bytes, size_t length);
ssize_t json_base64_decode(char *out, const char *text, size_t length);

#endif
