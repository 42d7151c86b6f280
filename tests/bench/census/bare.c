/* SPDX-License-Identifier: MIT */
/*
 * The least that it takes to know who has what: read all of /proc/PID/maps and
 * the link of every descriptor, and do nothing with it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void read_all(const char *path)
{
	static char buffer[1 << 16];
	int file = open(path, O_RDONLY);

	while (file >= 0 && read(file, buffer, sizeof buffer) > 0)
		;
	close(file);
}

static void read_links(const char *path)
{
	DIR *list = opendir(path);
	struct dirent *entry;
	char link[4096];

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (readlinkat(dirfd(list), entry->d_name, link, sizeof link) < 0)
			continue;
	if (list != NULL)
		closedir(list);
}

int main(void)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	char path[300];

	while (processes != NULL && (entry = readdir(processes)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof path, "/proc/%s/maps", entry->d_name);
		read_all(path);
		snprintf(path, sizeof path, "/proc/%s/fd", entry->d_name);
		read_links(path);
	}
	return 0;
}
