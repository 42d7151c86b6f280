/* SPDX-License-Identifier: MIT */
/*
 * ipc-ring-create - create a ring and print its reference
 *
 * What is created is complete or is not there, and its memory is reserved, so
 * that a full /dev/shm is told here.  A ring whose reference could not be
 * printed is removed again, because nobody would know of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-create.h"
#include "cli-ring.h"
#include "cli.h"
#include "own.h"
#include "ring.h"
#include "say.h"
#include "scope.h"
#include "shmfile.h"
#include "status.h"

/* The command line, and what came of it. */
struct request {
	struct cli_create create;
	uint64_t capacity;
	struct stat made; /* no inode: it existed */
};

enum { CAPACITY = 1048576 };

static uint64_t read_capacity(struct argp_state *state, const char *text)
{
	uint64_t capacity = ring_capacity((uint64_t)cli_size(state, "capacity", text));

	if (capacity == 0)
		argp_error(state, "capacity '%s' is too large (at most 4G)", text);
	return capacity;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;
	struct cli_create *create = &request->create;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = create;
		return 0;
	case 's':
		request->capacity = read_capacity(state, text);
		return 0;
	case ARGP_KEY_END:
		cli_check_exist_ok(state, create->exist_ok, create->allow_foreign, create->command);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "capacity", 's', "SIZE", 0, "Bytes of the records that wait (1M); the next power of two",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_create_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF\nREF -- COMMAND [ARGUMENT ...]",
	.doc = "Create a ring, a bounded buffer in shared memory, and print its reference, "
	       "or have it while COMMAND runs."
	       "\vREF is ring:/NAME.  "
	       "Exit status: 0 created, 1 failed, 5 exists already; with COMMAND, its own.",
	.children = children,
};

/* What is wrong with an existing ring, in PHRASE, for the one that was asked for. */
static bool is_unfit(const struct request *request, int descriptor, const struct stat *at,
		     char *phrase, size_t size)
{
	const struct cli_create *create = &request->create;
	const struct cli_existing existing = { at->st_uid, at->st_uid, at->st_mode & 07777 };
	struct ring_facts facts;
	const char *wrong;

	if (cli_is_unfit(&existing, create->mode, create->allow_foreign, phrase, size))
		return true;
	wrong = ring_look(descriptor, &facts);
	if (wrong != NULL)
		snprintf(phrase, size, "it %s", wrong);
	else if (facts.capacity < request->capacity)
		snprintf(phrase, size, "its capacity is %llu bytes, less than %llu",
			 (unsigned long long)facts.capacity, (unsigned long long)request->capacity);
	else
		return false;
	return true;
}

/* Returns 0, ENOENT when it went in between, or -1 after saying what is wrong. */
static int accept_existing(const struct request *request)
{
	const struct ref *ref = &request->create.ref;
	char phrase[128];
	struct stat at;
	OWN_FD int descriptor = shmfile_open(ref, O_RDONLY, &at);

	if (descriptor < 0 && errno == ENOENT)
		return ENOENT;
	if (descriptor < 0 && errno != ENOTSUP) {
		cli_ring_failure("inspect", ref, NULL, 0, errno);
		return -1;
	}
	if (descriptor < 0)
		snprintf(phrase, sizeof phrase, "it is %s", shmfile_sort(at.st_mode));
	else if (!is_unfit(request, descriptor, &at, phrase, sizeof phrase))
		return 0;
	return cli_say_unfit(ref, phrase);
}

/* Make the ring, or have one that exists. */
static int make(void *object, char *text)
{
	struct request *request = object;
	const struct cli_create *create = &request->create;
	uint64_t capacity = request->capacity != 0 ? request->capacity : CAPACITY;
	int accepted = ENOENT, error, status;

	ref_print(&create->ref, text);
	do {
		if (ring_create(&create->ref, capacity, create->mode, &request->made) == 0)
			return STATUS_OK;
		error = errno;
		request->made.st_ino = 0;
		if (error != EEXIST || !create->exist_ok)
			break;
		accepted = accept_existing(request);
		if (accepted <= 0)
			return accepted == 0 ? STATUS_OK : cli_failure();
	} while (accepted == ENOENT);
	status = cli_status_of(error);
	if (!cli_is_said(create->quiet, status))
		cli_ring_failure("create", &create->ref, NULL, capacity, error);
	return status;
}

static int remove_made(void *object)
{
	const struct request *request = object;

	/* Somebody may have removed it, and made another one under its name. */
	if (request->made.st_ino == 0 ||
	    shmfile_remove(&request->create.ref, &request->made) == 0 || errno == ENOENT ||
	    errno == ESTALE)
		return 0;
	return -1;
}

int main(int argc, char **argv)
{
	static const struct scope scope = {
		.create = make,
		.remove = remove_made,
		.variable = "IPC_RING_REF",
		.size = sizeof(struct request),
	};
	static struct request request = {
		.create = { .kinds = REF_RING, .noun = "ring", .mode = 0600 },
	};

	cli_expect_command(argc, argv);
	cli_parse(&argp, argc, argv, &request);
	return cli_create(&scope, &request, request.create.command);
}
