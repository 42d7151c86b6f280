/* SPDX-License-Identifier: MIT */
/* Numbers and conditions: text in range or untouched; bits the same after printing and reading. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "until.h"

static const char *const types[] = { "u8",  "i8",    "u16", "i16be", "u32le", "i32",
				     "u64", "i64be", "f32", "f32be", "f64",   "f64be" };

static uint64_t unused(const struct number_type *type)
{
	return type->size == 8 ? 0 : UINT64_MAX << (8 * type->size);
}

static void print_and_read(const struct number_type *type, const void *bytes)
{
	uint64_t bits = number_load(type, bytes), again = 7;
	char text[NUMBER_TEXT_MAX + 1], saved[NUMBER_SIZE_MAX];
	size_t length = number_print(type, bits, text);
	bool unordered;

	assert((bits & unused(type)) == 0);
	assert(length > 0 && length <= NUMBER_TEXT_MAX);
	text[length] = '\0';
	assert(number_scan(type, text, &again) == NULL);
	assert(again == bits);
	number_save(type, bits, saved);
	assert(memcmp(saved, bytes, type->size) == 0);
	assert(number_compare(type, bits, again, &unordered) == 0 || unordered);
}

static void read_text(const struct number_type *type, const char *text)
{
	uint64_t bits = 0xfeed;
	char bytes[NUMBER_SIZE_MAX];

	if (number_scan(type, text, &bits) != NULL) {
		assert(bits == 0xfeed);
		return;
	}
	number_save(type, bits, bytes);
	print_and_read(type, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct number_type type, other = { .size = 77 };
	struct until until;
	char *text;

	if (size == 0 || (text = malloc(size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	type = (struct number_type){ 0 };
	assert(number_type_scan(types[data[0] % 12], strlen(types[data[0] % 12]), &type) == NULL);
	read_text(&type, text);
	for (size_t at = 1; at + type.size <= size; at += type.size)
		print_and_read(&type, data + at);
	if (number_type_scan(text, size - 1, &other) == NULL)
		assert(other.size <= NUMBER_SIZE_MAX);
	else
		assert(other.size == 77);
	if (until_scan(text, &until) == NULL) {
		assert(until.offset >= 0 && (until.value & unused(&until.type)) == 0);
		until_holds(&until, until.value);
	}
	free(text);
	return 0;
}
