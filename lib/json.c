/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to this every whole number is a double. */
#define EXACT_REALS 0x1p53

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t json_base64_size(size_t length)
{
	return (length + 2) / 3 * 4;
}

void json_base64_encode(char *out, const char *bytes, size_t length)
{
	const unsigned char *in = (const unsigned char *)bytes;

	for (size_t i = 0; i < length; i += 3) {
		unsigned word = (unsigned)in[i] << 16;

		if (i + 1 < length)
			word |= (unsigned)in[i + 1] << 8;
		if (i + 2 < length)
			word |= in[i + 2];
		*out++ = alphabet[word >> 18];
		*out++ = alphabet[word >> 12 & 63];
		*out++ = i + 1 < length ? alphabet[word >> 6 & 63] : '=';
		*out++ = i + 2 < length ? alphabet[word & 63] : '=';
	}
}

static int base64_value(char c)
{
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);

	return at == NULL ? -1 : (int)(at - alphabet);
}

ssize_t json_base64_decode(char *out, const char *text, size_t length)
{
	char *start = out;
	size_t padding = 0;

	if (length % 4 != 0)
		return -1;
	while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < length; i += 4) {
		size_t signs = i + 4 == length ? 4 - padding : 4;
		unsigned word = 0;

		for (size_t k = 0; k < 4; k++) {
			int value = k < signs ? base64_value(text[i + k]) : 0;

			if (value < 0)
				return -1;
			word = word << 6 | (unsigned)value;
		}
		/* What padding leaves over must be zero: one text for the same bytes. */
		if (word & ((1U << 8 * (4 - signs)) - 1))
			return -1;
		*out++ = (char)(word >> 16);
		if (signs > 2)
			*out++ = (char)(word >> 8);
		if (signs > 3)
			*out++ = (char)word;
	}
	return out - start;
}

static json_t *bytes_value(const struct json_bytes *object, const char **key)
{
	json_t *value = json_stringn(object->bytes, object->length);
	size_t size = json_base64_size(object->length);
	char *text;

	*key = "data";
	if (value != NULL)
		return value;
	*key = "base64";
	text = malloc(size + 1);
	if (text == NULL)
		return NULL;
	json_base64_encode(text, object->bytes, object->length);
	value = json_stringn_nocheck(text, size);
	free(text);
	return value;
}

ssize_t json_write(const struct json_bytes *object, char *out, size_t size)
{
	const char *key;
	json_t *root = json_object(), *bytes = bytes_value(object, &key);
	ssize_t length = -1;
	int failed = 0;

	if (object->ref != NULL)
		failed |= json_object_set_new(root, "ref", json_string(object->ref));
	failed |= json_object_set_new(root, key, bytes);
	if (object->label != NULL)
		failed |=
			json_object_set_new(root, object->label, json_integer(object->label_value));
	if (failed == 0)
		length = (ssize_t)json_dumpb(root, out, size, JSON_COMPACT);
	json_decref(root);
	if (length > 0)
		return length;
	errno = ENOMEM;
	return -1;
}

static const char *take_bytes(json_t *root, struct json_bytes *object, struct json_storage *storage)
{
	const json_t *data = json_object_get(root, "data"),
		     *base64 = json_object_get(root, "base64");
	const json_t *given = data != NULL ? data : base64;
	size_t length;
	ssize_t decoded;

	if (given == NULL)
		return "has neither \"data\" nor \"base64\"";
	if (data != NULL && base64 != NULL)
		return "has both \"data\" and \"base64\"";
	if (!json_is_string(given))
		return data != NULL ? "has a \"data\" that is not a string"
				    : "has a \"base64\" that is not a string";
	length = json_string_length(given);
	if (length > storage->size || storage->bytes == NULL) {
		free(storage->bytes);
		storage->size = length + 64;
		storage->bytes = malloc(storage->size);
		if (storage->bytes == NULL) {
			storage->size = 0;
			return "is too long for the memory there is";
		}
	}
	object->bytes = storage->bytes;
	if (data != NULL) {
		memcpy(storage->bytes, json_string_value(given), length);
		object->length = length;
		return NULL;
	}
	decoded = json_base64_decode(storage->bytes, json_string_value(given), length);
	if (decoded < 0)
		return "has a \"base64\" that is not base64";
	object->length = (size_t)decoded;
	return NULL;
}

/* A real counts if it is whole: all are, where another member is no 64-bit integer. */
static bool whole_number(const json_t *value, long *number)
{
	double real = json_real_value(value);

	*number = (long)json_integer_value(value);
	if (!json_is_real(value) || real <= -EXACT_REALS || real >= EXACT_REALS)
		return json_is_integer(value);
	*number = (long)real;
	return real == (double)*number;
}

static const char *take_label(json_t *root, const char *const *labels, struct json_bytes *object,
			      struct json_storage *storage)
{
	object->label = NULL;
	for (size_t i = 0; labels != NULL && i < 2; i++) {
		const json_t *value = json_object_get(root, labels[i]);
		long number;

		if (value == NULL)
			continue;
		if (object->label != NULL) {
			snprintf(storage->phrase, sizeof storage->phrase,
				 "has both \"%s\" and \"%s\"", labels[0], labels[1]);
			return storage->phrase;
		}
		if (!whole_number(value, &number)) {
			snprintf(storage->phrase, sizeof storage->phrase,
				 "has a \"%s\" that is not a whole number", labels[i]);
			return storage->phrase;
		}
		object->label = labels[i];
		object->label_value = number;
	}
	return NULL;
}

/* An integer of more than 64 bits, of which nothing is asked, is no error. */
static json_t *load(const char *line, size_t length, json_error_t *error)
{
	size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	json_t *root = json_loadb(line, length, flags, error);

	if (root != NULL || json_error_code(error) != json_error_numeric_overflow)
		return root;
	return json_loadb(line, length, flags | JSON_DECODE_INT_AS_REAL, error);
}

const char *json_read(const char *line, size_t length, const char *const *labels,
		      struct json_bytes *object, struct json_storage *storage, size_t *at)
{
	json_error_t error;
	json_t *root = load(line, length, &error);
	const char *wrong = NULL;

	*at = 0;
	object->ref = NULL;
	if (root == NULL) {
		*at = error.position < 0 ? 0 : (size_t)error.position;
		snprintf(storage->phrase, sizeof storage->phrase, "is not JSON: %s", error.text);
		return storage->phrase;
	}
	if (!json_is_object(root))
		wrong = "is not a JSON object";
	if (wrong == NULL)
		wrong = take_bytes(root, object, storage);
	if (wrong == NULL)
		wrong = take_label(root, labels, object, storage);
	json_decref(root);
	return wrong;
}
