/* SPDX-License-Identifier: MIT */
/* The other end of a pipe: read all of standard input, or pass it on unread. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buffer[256 * 1024];
	int nowhere = open("/dev/null", O_WRONLY);

	if (argc > 1 && strcmp(argv[1], "splice") == 0)
		while (splice(0, NULL, nowhere, NULL, 1 << 20, 0) > 0)
			;
	else
		while (read(0, buffer, sizeof buffer) > 0)
			;
	return 0;
}
