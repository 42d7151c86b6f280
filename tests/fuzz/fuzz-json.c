/* SPDX-License-Identifier: MIT */
/* JSON objects and base64: nothing overrun, and the same bytes there and back. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void object_of(const char *text, size_t length)
{
	static const char *const labels[] = { "priority", "type" };
	struct json_storage storage = { 0 };
	struct json_bytes object = { 0 };
	size_t at = 0;
	const char *wrong = json_read(text, length, labels, &object, &storage, &at);

	assert(at <= length);
	if (wrong == NULL) {
		assert(object.length <= storage.size);
		assert(object.label == NULL || object.label == labels[0] ||
		       object.label == labels[1]);
	}
	free(storage.bytes);
}

static void base64_of(const char *text, size_t length)
{
	size_t size = json_base64_size(length);
	char *encoded = malloc(size), *decoded = malloc(size / 4 * 3), *bytes = malloc(length);
	ssize_t count;

	assert(encoded != NULL && decoded != NULL && bytes != NULL);
	json_base64_encode(encoded, text, length);
	assert(json_base64_decode(decoded, encoded, size) == (ssize_t)length);
	assert(memcmp(decoded, text, length) == 0);
	/* There is one text for the same bytes: what decodes is what they encode to. */
	count = json_base64_decode(bytes, text, length);
	if (count >= 0) {
		assert(json_base64_size((size_t)count) == length);
		json_base64_encode(encoded, bytes, (size_t)count);
		assert(memcmp(encoded, text, length) == 0);
	}
	free(bytes);
	free(decoded);
	free(encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size);

	if (text == NULL || size == 0) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	object_of(text, size);
	base64_of(text, size);
	free(text);
	return 0;
}
