/* SPDX-License-Identifier: MIT */
/* Any bytes as a text of /proc: every line once and whole, and no read outside of it. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process.h"
#include "procfs.h"

/* LINE in memory of its own length, so that a step outside is seen. */
static void parse(const char *line)
{
	size_t length = strlen(line);
	char *text = strdup(line);
	struct procfs_mapping mapping;
	struct process process;
	uint64_t call[PROCFS_CALL_NUMBERS];
	int64_t numbers[16], bytes;
	dev_t device;
	ino_t inode;
	pid_t notify;
	int count;

	if (text == NULL)
		return;
	count = procfs_numbers(text, 2, numbers, 16);
	assert(count >= 0 && count <= 16);
	procfs_call(text, call);
	procfs_watched(text, &device, &inode);
	procfs_queue(text, &bytes, &notify);
	if (process_parse(text, &process) == 0)
		assert(strlen(process.command) < sizeof process.command);
	if (procfs_mapping(text, &mapping)) {
		assert(mapping.path > text && mapping.path <= text + length);
		procfs_unescape(mapping.path);
		assert(strlen(mapping.path) <= length);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct procfs_lines lines = { 0 };
	size_t at = 1;
	const char *line;

	if (size < 2)
		return 0;
	lines.file = memfd_create("text", MFD_CLOEXEC);
	lines.size = (size_t)data[0] * 4 + 1;
	lines.buffer = malloc(lines.size);
	if (lines.file < 0 || lines.buffer == NULL ||
	    write(lines.file, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	lseek(lines.file, 0, SEEK_SET);
	while ((line = procfs_line(&lines)) != NULL) {
		const uint8_t *end = memchr(data + at, '\n', size - at);

		assert(end != NULL && memcmp(line, data + at, (size_t)(end - data) - at) == 0);
		at = (size_t)(end - data) + 1;
		parse(line);
	}
	/* What is left is no whole line, or one longer than the buffer. */
	if (errno == 0)
		assert(memchr(data + at, '\n', size - at) == NULL);
	else
		assert(errno == E2BIG);
	close(lines.file);
	free(lines.buffer);
	return 0;
}
