/* SPDX-License-Identifier: MIT */
/*
 * The devices of the files behind System V segments.  They lie in file systems
 * inside the kernel, one for each size of page; so does shared memory without a
 * name, and of that one can look at one's own.
 */
#include <fcntl.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <unistd.h>

#include "holders-parts.h"
#include "own.h"
#include "procfs.h"

/* Where our own mapping AT lies; 0: nowhere. */
static dev_t device_of(const void *at)
{
	OWN_FD int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	char buffer[8192], *line;
	struct procfs_lines lines = { .file = maps, .buffer = buffer, .size = sizeof buffer };
	struct procfs_mapping mapping;

	while (maps >= 0 && (line = procfs_line(&lines)) != NULL)
		if (procfs_mapping(line, &mapping) && mapping.start == (uintptr_t)at)
			return mapping.device;
	return 0;
}

/* Shared memory of pages of SIZE (FLAGS say which); it takes up none. */
static void add_device(struct hunt *hunt, size_t size, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
	dev_t device;

	if (memory == MAP_FAILED)
		return;
	device = device_of(memory);
	munmap(memory, size);
	if (device != 0)
		hunt->devices[hunt->device_count++] = device;
}

static bool is_known(const struct hunt *hunt, dev_t device)
{
	for (size_t i = 0; i < hunt->device_count; i++)
		if (hunt->devices[i] == device)
			return true;
	return false;
}

bool hunt_has_segments(struct hunt *hunt, dev_t device)
{
	/* Sizes of huge pages, as powers of two: MAP_HUGE_64KB to MAP_HUGE_16GB. */
	static const unsigned char sizes[] = { 16, 19, 20, 21, 23, 24, 25, 28, 29, 30, 31, 34 };

	_Static_assert(sizeof sizes < sizeof hunt->devices / sizeof *hunt->devices, "room");
	if (hunt->devices_found == DEVICES_NONE) {
		add_device(hunt, (size_t)sysconf(_SC_PAGESIZE), 0);
		hunt->devices_found = DEVICES_USUAL;
	}
	if (is_known(hunt, device))
		return true;
	if (hunt->devices_found == DEVICES_USUAL) { /* rare */
		for (size_t i = 0; i < sizeof sizes; i++)
			add_device(hunt, (size_t)1 << sizes[i],
				   MAP_HUGETLB | sizes[i] << MAP_HUGE_SHIFT);
		hunt->devices_found = DEVICES_ALL;
	}
	return is_known(hunt, device);
}
