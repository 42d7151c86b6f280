/* SPDX-License-Identifier: MIT */
/* Values from the command line: in range where accepted, untouched where refused. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

static const int64_t duration_most = 1000000000000000000;

static void check(const char *wrong, int64_t value, int64_t least, int64_t most)
{
	if (wrong != NULL)
		assert(value == -7);
	else
		assert(value >= least && value <= most);
}

/* A number may begin with its point: then a zero before it changes nothing. */
static void check_point(const char *text, const char *wrong, int64_t value)
{
	char *longer = malloc(strlen(text) + 2);
	int64_t same = -7;
	const char *wrong_too;

	if (longer == NULL)
		return;
	longer[0] = '0';
	strcpy(longer + 1, text);
	wrong_too = scan_duration(longer, &same);
	assert((wrong == NULL) == (wrong_too == NULL) && value == same);
	free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t mosts[] = { 0, 9, 32767, INT32_MAX, INT64_MAX - 1, INT64_MAX };
	int64_t value, most, least;
	mode_t mode = 07777;
	bool from_end;
	const char *wrong;
	char *text;

	if (size == 0 || (text = malloc(size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	most = mosts[data[0] % (sizeof mosts / sizeof *mosts)];
	least = data[0] & 128 ? most / 2 : 0;

	value = -7;
	wrong = scan_duration(text, &value);
	check(wrong, value, 0, duration_most);
	if (*text == '.')
		check_point(text, wrong, value);
	value = -7;
	wrong = scan_size(text, &value);
	check(wrong, value, 0, INT64_MAX);
	value = -7;
	wrong = scan_offset(text, &value, &from_end);
	check(wrong, value, 0, INT64_MAX);
	value = -7;
	wrong = scan_number(text, least, most, &value);
	check(wrong, value, least, most);
	wrong = scan_mode(text, &mode);
	assert(wrong == NULL ? mode <= 0777 : mode == 07777);
	free(text);
	return 0;
}
