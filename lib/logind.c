/* SPDX-License-Identifier: MIT */
#include "logind.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "names.h"

enum { SYSTEM_USER_MAX = 999, NOBODY = 65534 };

/* Where settings stand: what comes earlier hides a file of the same name that comes later. */
static const char *const places[] = { "/etc/systemd/", "/run/systemd/", "/usr/local/lib/systemd/",
				      "/usr/lib/systemd/" };
enum { PLACES = sizeof places / sizeof *places };

/* The last RemoveIPC= of the file PATH decides. */
static void read_setting(const char *path, bool *removes)
{
	FILE *file = fopen(path, "re");
	char line[512], word[16];

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, " RemoveIPC = %15[a-zA-Z0-9]", word) == 1)
			*removes = strcasecmp(word, "no") != 0 && strcasecmp(word, "false") != 0 &&
				   strcasecmp(word, "off") != 0 && strcasecmp(word, "n") != 0 &&
				   strcasecmp(word, "f") != 0 && strcmp(word, "0") != 0;
	if (file != NULL)
		fclose(file);
}

/* The files of logind.conf.d, in the order of their names. */
static void read_drop_ins(bool *removes)
{
	char chosen[256] = "", next[256], path[512];

	for (;;) {
		next[0] = '\0';
		for (int i = PLACES - 1; i >= 0; i--) {
			const struct dirent *entry;
			DIR *list;

			snprintf(path, sizeof path, "%slogind.conf.d", places[i]);
			list = opendir(path);
			while (list != NULL && (entry = readdir(list)) != NULL) {
				const char *dot = strrchr(entry->d_name, '.');

				if (dot == NULL || strcmp(dot, ".conf") != 0 ||
				    strcmp(entry->d_name, chosen) <= 0)
					continue;
				if (next[0] == '\0' || strcmp(entry->d_name, next) < 0)
					snprintf(next, sizeof next, "%s", entry->d_name);
			}
			if (list != NULL)
				closedir(list);
		}
		if (next[0] == '\0')
			return;
		strcpy(chosen, next);
		for (int i = 0; i < PLACES; i++) {
			snprintf(path, sizeof path, "%slogind.conf.d/%s", places[i], chosen);
			if (access(path, F_OK) == 0) {
				read_setting(path, removes);
				break;
			}
		}
	}
}

bool logind_removes_objects_of(uid_t user)
{
	bool removes = true;
	char path[512];

	if (user <= SYSTEM_USER_MAX || user == NOBODY || access("/run/systemd/sessions", F_OK) != 0)
		return false;
	snprintf(path, sizeof path, "/var/lib/systemd/linger/%s", names_user(user));
	if (access(path, F_OK) == 0)
		return false;
	for (int i = 0; i < PLACES; i++) {
		snprintf(path, sizeof path, "%slogind.conf", places[i]);
		if (access(path, F_OK) == 0) {
			read_setting(path, &removes);
			break;
		}
	}
	read_drop_ins(&removes);
	return removes;
}
