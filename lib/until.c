/* SPDX-License-Identifier: MIT */
#include "until.h"

#include <stddef.h>
#include <string.h>

#include "scan.h"

static bool scan_operator(const char *text, size_t length, enum until_operator *found)
{
	static const struct {
		const char *word, *symbol;
		enum until_operator operator;
	} known[] = {
		{ "eq", "==", UNTIL_EQ },  { "ne", "!=", UNTIL_NE }, { "lt", "<", UNTIL_LT },
		{ "le", "<=", UNTIL_LE },  { "gt", ">", UNTIL_GT },  { "ge", ">=", UNTIL_GE },
		{ "and", "&", UNTIL_AND },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const char *words[] = { known[i].word, known[i].symbol };

		for (size_t j = 0; j < 2; j++)
			if (strlen(words[j]) == length && memcmp(text, words[j], length) == 0) {
				*found = known[i].operator;
				return true;
			}
	}
	return false;
}

const char *until_scan(const char *text, struct until *until)
{
	const char *part = text, *colon;
	char offset[32];
	const char *wrong;

	colon = strchr(part, ':');
	if (colon == NULL || (size_t)(colon - part) >= sizeof offset)
		return "is not OFFSET:TYPE:OP:VALUE";
	memcpy(offset, part, (size_t)(colon - part));
	offset[colon - part] = '\0';
	if (scan_offset(offset, &until->offset, &until->from_end) != NULL)
		return "has an offset that is not a number of bytes";
	part = colon + 1;
	colon = strchr(part, ':');
	if (colon == NULL)
		return "is not OFFSET:TYPE:OP:VALUE";
	if (number_type_scan(part, (size_t)(colon - part), &until->type) != NULL)
		return "has an unknown type (u8 to i64, f32 and f64, with le or be)";
	part = colon + 1;
	colon = strchr(part, ':');
	if (colon == NULL)
		return "is not OFFSET:TYPE:OP:VALUE";
	if (!scan_operator(part, (size_t)(colon - part), &until->operator))
		return "has an unknown operator (eq ne lt le gt ge and, == != < <= > >= &)";
	if (until->operator== UNTIL_AND && until->type.kind == NUMBER_FLOAT)
		return "asks for the bits of a float, which has none (and is for whole numbers)";
	wrong = number_scan(&until->type, colon + 1, &until->value);
	return wrong == NULL ? NULL : "has a value that is not a number of its type";
}

bool until_holds(const struct until *until, uint64_t bits)
{
	bool unordered;
	int order = number_compare(&until->type, bits, until->value, &unordered);

	if (unordered)
		return until->operator== UNTIL_NE;
	switch (until->operator) {
	case UNTIL_EQ:
		return order == 0;
	case UNTIL_NE:
		return order != 0;
	case UNTIL_LT:
		return order < 0;
	case UNTIL_LE:
		return order <= 0;
	case UNTIL_GT:
		return order > 0;
	case UNTIL_GE:
		return order >= 0;
	case UNTIL_AND:
		return (bits & until->value) != 0;
	}
	return false;
}
