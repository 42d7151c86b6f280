/* SPDX-License-Identifier: MIT */
#ifndef UNTIL_H
#define UNTIL_H

#include <stdbool.h>
#include <stdint.h>

#include "number.h"

/*
 * A condition on a number in memory: OFFSET:TYPE:OP:VALUE, where OP is one of
 * eq ne lt le gt ge and, or == != < <= > >= &.
 */
enum until_operator { UNTIL_EQ, UNTIL_NE, UNTIL_LT, UNTIL_LE, UNTIL_GT, UNTIL_GE, UNTIL_AND };

struct until {
	int64_t offset;
	bool from_end; /* OFFSET counts from the end */
	struct number_type type;
	enum until_operator operator;
	uint64_t value;
};

/* Read TEXT.  Returns NULL or what is wrong with it. */
const char *until_scan(const char *text, struct until *until);

/* Whether the number of these bits meets the condition.  A NaN only meets ne. */
bool until_holds(const struct until *until, uint64_t bits);

#endif
