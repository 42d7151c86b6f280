/* SPDX-License-Identifier: MIT */
/*
 * ipc-set - change the mode, the owner or the capacity of IPC objects
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alter.h"
#include "cli-queue.h"
#include "cli-select.h"
#include "cli.h"
#include "names.h"
#include "say.h"
#include "status.h"

struct request {
	struct cli_refs refs;
	struct alteration alteration;
};

/* OWNER, OWNER:GROUP or :GROUP */
static void read_owner(struct argp_state *state, char *text, struct alteration *alteration)
{
	char *group = strchr(text, ':');

	if (group != NULL)
		*group++ = '\0';
	if (*text == '\0' && (group == NULL || *group == '\0'))
		argp_error(state, "owner '' is empty: OWNER, OWNER:GROUP or :GROUP");
	if (*text != '\0' && names_find_user(text, &alteration->owner) < 0)
		argp_error(state, "owner '%s' is not a user", text);
	if (group != NULL && names_find_group(group, &alteration->group) < 0)
		argp_error(state, "group '%s' is not a group", group);
	alteration->set_owner = *text != '\0';
	alteration->set_group = group != NULL;
}

static void check_request(const struct request *request, struct argp_state *state)
{
	const struct alteration *alteration = &request->alteration;

	if (!alteration->set_mode && !alteration->set_owner && !alteration->set_group &&
	    !alteration->set_capacity)
		argp_error(state, "nothing to set: --mode, --owner or --capacity");
	if (request->refs.count == 0)
		argp_error(state, "missing operand: a REF");
	for (size_t i = 0; alteration->set_capacity && i < request->refs.count; i++)
		if (request->refs.refs[i].kind != REF_MQ || ref_is_posix(&request->refs.refs[i]))
			argp_error(state, "--capacity is for System V queues");
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case 'm':
		request->alteration.mode = cli_mode(state, text);
		request->alteration.set_mode = true;
		return 0;
	case 'u':
		read_owner(state, text, &request->alteration);
		return 0;
	case 'b':
		request->alteration.capacity = cli_queue_capacity(state, text);
		request->alteration.set_capacity = true;
		return 0;
	case ARGP_KEY_ARG:
		cli_add_ref(state, text, &request->refs);
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "mode", 'm', "MODE", 0, "Permission bits, octal and exact", 0 },
	{ "owner", 'u', "OWNER[:GROUP]", 0, "User and group, by name or number", 0 },
	{ "capacity", 'b', "SIZE", 0, "Bytes of all messages of a System V queue", 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF ...",
	.doc = "Change the mode, the owner or the capacity of IPC objects."
	       "\vREF is KIND:/NAME, KIND:id:NUMBER, KIND:key:NUMBER or KIND:ftok:PATH[,PROJ].  "
	       "Exit status: 0 changed, 1 failed, 4 no such object.",
};

/* A container knows some users only. */
static void say_unmapped(const struct alteration *alteration, const char *text)
{
	bool both = alteration->set_owner && alteration->set_group;
	char owner[32] = "", group[32] = "";

	if (alteration->set_owner)
		snprintf(owner, sizeof owner, "uid %lu", (unsigned long)alteration->owner);
	if (!alteration->set_owner && !alteration->set_group)
		snprintf(owner, sizeof owner, "its owner or group");
	if (alteration->set_group)
		snprintf(group, sizeof group, "gid %lu", (unsigned long)alteration->group);
	say("cannot change %s: %s%s%s is not known in this user namespace", text, owner,
	    both ? " or " : "", group);
}

static int alter(const struct world *world, struct ref *ref, const struct alteration *alteration)
{
	const struct queue_shape shape = { .capacity = alteration->capacity };
	char text[REF_TEXT_MAX];
	int error;

	if (ref_resolve(ref) < 0) {
		say_errno("cannot make a key for %s", ref_print(ref, text));
		return STATUS_FAILED;
	}
	if (alter_object(world, ref, alteration) == 0)
		return STATUS_OK;
	error = errno;
	if (error == ENOENT || error == ENOTSUP || error == EINVAL)
		return cli_say_missing(ref, error);
	if (error == EOVERFLOW)
		say_unmapped(alteration, ref_print(ref, text));
	else if (ref->kind == REF_MQ)
		cli_queue_failure("change", ref, alteration->set_capacity ? &shape : NULL, error);
	else
		say_errno("cannot change %s", ref_print(ref, text));
	return STATUS_FAILED;
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	struct world world;
	int status = STATUS_OK;

	cli_parse(&argp, argc, argv, &request);
	world_open(&world);
	for (size_t i = 0; i < request.refs.count; i++)
		status = cli_worse(status,
				   alter(&world, &request.refs.refs[i], &request.alteration));
	world_close(&world);
	free(request.refs.refs);
	return status;
}
