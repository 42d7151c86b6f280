/* SPDX-License-Identifier: MIT */
/* The least that a command with argp does: the measure for how fast ours start. */
#include <argp.h>

int main(int argc, char **argv)
{
	static const struct argp argp = { 0 };

	return argp_parse(&argp, argc, argv, ARGP_NO_ARGS, NULL, NULL);
}
