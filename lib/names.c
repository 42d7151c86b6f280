/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>

#include "scan.h"

struct name {
	bool known;
	unsigned number;
	char text[64];
};

enum { KNOWN = 64 };

/* The place of NUMBER; it is filled when its NUMBER is already that. */
static struct name *place_of(struct name *names, unsigned number, bool *filled)
{
	struct name *name = &names[number % KNOWN];

	*filled = name->known && name->number == number;
	name->known = true;
	name->number = number;
	return name;
}

const char *names_user(uid_t user)
{
	static struct name users[KNOWN];
	bool filled;
	struct name *name = place_of(users, user, &filled);
	const struct passwd *entry = filled ? NULL : getpwuid(user);

	if (!filled && entry != NULL)
		snprintf(name->text, sizeof name->text, "%s", entry->pw_name);
	else if (!filled)
		snprintf(name->text, sizeof name->text, "%u", user);
	return name->text;
}

const char *names_group(gid_t group)
{
	static struct name groups[KNOWN];
	bool filled;
	struct name *name = place_of(groups, group, &filled);
	const struct group *entry = filled ? NULL : getgrgid(group);

	if (!filled && entry != NULL)
		snprintf(name->text, sizeof name->text, "%s", entry->gr_name);
	else if (!filled)
		snprintf(name->text, sizeof name->text, "%u", group);
	return name->text;
}

int names_find_user(const char *name, uid_t *user)
{
	const struct passwd *entry = getpwnam(name);
	int64_t number;

	if (entry == NULL && scan_number(name, 0, UINT32_MAX - 1, &number) != NULL)
		return -1;
	*user = entry != NULL ? entry->pw_uid : (uid_t)number;
	return 0;
}

int names_find_group(const char *name, gid_t *group)
{
	const struct group *entry = getgrnam(name);
	int64_t number;

	if (entry == NULL && scan_number(name, 0, UINT32_MAX - 1, &number) != NULL)
		return -1;
	*group = entry != NULL ? entry->gr_gid : (gid_t)number;
	return 0;
}
