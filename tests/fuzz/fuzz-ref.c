/* SPDX-License-Identifier: MIT */
/* References: whatever ref_scan() accepts, ref_print() prints and it accepts again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ref.h"

static void compare(const struct ref *ref, const struct ref *again)
{
	assert(again->kind == ref->kind);
	assert(again->form == ref->form);
	switch (ref->form) {
	case REF_KEY:
		assert(again->key == ref->key);
		break;
	case REF_ID:
		assert(again->id == ref->id);
		break;
	case REF_FTOK:
		assert(again->project == ref->project);
		assert(strcmp(again->name, ref->name) == 0);
		break;
	case REF_POSIX:
		assert(strcmp(again->name, ref->name) == 0);
		break;
	case REF_PRIVATE:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char printed[REF_TEXT_MAX];
	static struct ref ref, again;
	char *text;

	if (size == 0)
		return 0;
	/* As large as the text is, so that a byte read behind it is noticed. */
	text = malloc(size - 1);
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	if (ref_scan(text, size - 1, data[0] & 15, &ref) == NULL) {
		assert(ref.kind & data[0] & 15);
		assert(ref_print(&ref, printed) == printed);
		assert(ref_scan(printed, strlen(printed), ref.kind, &again) == NULL);
		compare(&ref, &again);
	}
	free(text);
	return 0;
}
