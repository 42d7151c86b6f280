/* SPDX-License-Identifier: MIT */
/*
 * ipc-shm-create - create a shared memory object and print its reference
 *
 * What is created is complete or is not there: it gets its name when it is
 * filled and its memory is reserved, and it is removed again when its reference
 * could not be printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-create.h"
#include "cli-segment.h"
#include "cli.h"
#include "say.h"
#include "scope.h"
#include "segment.h"
#include "status.h"

/* The command line, and what came of it. */
struct request {
	struct cli_create create;
	struct segment_plan plan;
	const char *input;         /* a path, or "-" */
	struct segment_facts made; /* zero: it existed */
};

enum { KEY_SPARSE = 300, KEY_HUGE };

static void check_request(struct request *request, struct argp_state *state)
{
	const struct cli_create *create = &request->create;
	struct segment_plan *plan = &request->plan;
	bool posix = ref_is_posix(&create->ref), replace = plan->replace;

	if (!plan->sized && request->input == NULL)
		argp_error(state, "missing option: --size, or --input to fill the object with");
	if (replace && !posix)
		argp_error(state, "--replace is for POSIX objects; "
				  "a System V segment cannot take another's place");
	if (plan->huge != 0 && posix)
		argp_error(state, "--huge is for System V segments; "
				  "the pages of POSIX objects are those of /dev/shm");
	if (replace && create->exist_ok)
		argp_error(state, "--exist-ok and --replace do not go together");
	if (create->allow_foreign && !create->exist_ok && !replace)
		argp_error(state, "--allow-foreign goes with --exist-ok or --replace");
	cli_check_exist_ok(state, create->exist_ok, false, create->command);
	plan->mode = create->mode;
}

static int64_t parse_huge(struct argp_state *state, const char *text)
{
	int64_t huge = cli_size(state, "size of huge pages", text);

	if (huge < 4096 || (huge & (huge - 1)) != 0)
		argp_error(state, "size of huge pages '%s' is no power of two from 4096 on", text);
	return huge;
}

static error_t parse_request(int key, char *text, struct argp_state *state)
{
	struct request *request = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &request->create;
		return 0;
	case 's':
		request->plan.size = cli_size(state, "size", text);
		request->plan.sized = true;
		return 0;
	case 'i':
		request->input = text;
		return 0;
	case 'r':
		request->plan.replace = true;
		return 0;
	case KEY_SPARSE:
		request->plan.sparse = true;
		return 0;
	case KEY_HUGE:
		request->plan.huge = parse_huge(state, text);
		return 0;
	case ARGP_KEY_END:
		check_request(request, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "size", 's', "SIZE", 0, "Bytes; the input's if left out", 0 },
	{ "input", 'i', "FILE", 0, "Fill it with FILE (- for standard input)", 0 },
	{ "replace", 'r', NULL, 0, "POSIX: put it in the place of an existing one, in one step",
	  0 },
	{ "sparse", KEY_SPARSE, NULL, 0, "Do not reserve its memory", 0 },
	{ "huge", KEY_HUGE, "SIZE", 0, "System V: use huge pages of SIZE (2M)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &cli_create_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse_request,
	.args_doc = "REF\nREF -- COMMAND [ARGUMENT ...]",
	.doc = "Create a shared memory object and print its reference, "
	       "or have it while COMMAND runs."
	       "\vREF is shm:/NAME, shm:key:NUMBER, shm:ftok:PATH[,PROJ] or shm:private.  "
	       "Exit status: 0 created, 1 failed, 5 exists already; with COMMAND, its own.",
	.children = children,
};

/* The size that is asked for, as far as it is known before the input is read. */
static int64_t wanted_size(const struct request *request)
{
	struct stat at;

	if (request->plan.sized)
		return request->plan.size;
	if (request->plan.input >= 0 && fstat(request->plan.input, &at) == 0 && S_ISREG(at.st_mode))
		return at.st_size - lseek(request->plan.input, 0, SEEK_CUR);
	return 0;
}

/* Returns 0, ENOENT when it went in between, or -1 after saying what is wrong. */
static int accept_existing(const struct request *request, struct ref *ref)
{
	const struct cli_create *create = &request->create;
	struct segment_facts facts;
	struct cli_existing existing;
	char phrase[128];

	if (segment_look_if_readable(ref, &facts) < 0) {
		if (errno == ENOENT)
			return errno;
		cli_segment_failure("use", ref, NULL, segment_sort_by_ref(ref), errno);
		return -1;
	}
	existing = (struct cli_existing){ facts.owner, facts.creator, facts.mode };
	if (cli_is_unfit(&existing, create->mode, create->allow_foreign, phrase, sizeof phrase))
		return cli_say_unfit(ref, phrase);
	/* As one that is being filled, which root could read. */
	if (!ref_is_posix(ref) && facts.mode == 0 && create->mode != 0)
		return cli_say_unfit(ref, "its mode is 0000; it may not be filled yet");
	if (facts.size < wanted_size(request)) {
		snprintf(phrase, sizeof phrase, "it has %lld bytes, less than %lld",
			 (long long)facts.size, (long long)wanted_size(request));
		return cli_say_unfit(ref, phrase);
	}
	if (!ref_is_posix(ref)) {
		ref->form = REF_ID;
		ref->id = (int)facts.inode;
	}
	return 0;
}

/* Whether what --replace would take the place of may be. */
static bool may_replace(const struct request *request, const struct ref *ref)
{
	char text[REF_TEXT_MAX], phrase[128];
	struct segment_facts facts;
	struct cli_existing existing;

	if (request->create.allow_foreign || segment_look_by_ref(ref, &facts) < 0)
		return true;
	existing = (struct cli_existing){ facts.owner, facts.creator, facts.mode };
	if (!cli_is_foreign(&existing, phrase, sizeof phrase))
		return true;
	say("cannot replace %s: %s", ref_print(ref, text), phrase);
	return false;
}

static int say_outcome(const struct request *request, const struct ref *ref,
		       const struct segment_plan *plan, enum segment_outcome outcome)
{
	const char *input = request->input;
	char text[REF_TEXT_MAX];
	int status;

	if (input != NULL && strcmp(input, "-") == 0)
		input = "standard input";
	switch (outcome) {
	case SEGMENT_MADE:
		return STATUS_OK;
	case SEGMENT_INPUT_FAILED:
		if (errno == EINTR && request->plan.stop >= 0)
			return cli_failure(); /* we were told to stop */
		say_errno("cannot read %s", input);
		return cli_failure();
	case SEGMENT_INPUT_TOO_LONG:
		say("cannot create %s: %s has more than the %lld bytes of --size",
		    ref_print(ref, text), input, (long long)plan->size);
		return cli_failure();
	case SEGMENT_FAILED:
		break;
	}
	status = errno == EEXIST ? cli_status(STATUS_EXISTS) : cli_failure();
	if (!cli_is_said(request->create.quiet, status))
		cli_segment_failure("create", ref, plan, segment_sort_by_ref(ref), errno);
	return status;
}

/* Make the object, or have one that exists.  Returns an exit status. */
static int make(struct request *request, struct ref *ref)
{
	struct segment_plan plan = request->plan;
	off_t start = plan.input >= 0 ? lseek(plan.input, 0, SEEK_CUR) : 0;
	enum segment_outcome outcome;
	int found = ENOENT;

	if (plan.replace && !may_replace(request, ref))
		return cli_failure();
	for (;;) {
		outcome = segment_create(ref, &plan, &request->made);
		if (outcome != SEGMENT_FAILED || errno != EEXIST || !request->create.exist_ok)
			return say_outcome(request, ref, &plan, outcome);
		found = accept_existing(request, ref);
		if (found <= 0)
			return found == 0 ? STATUS_OK : cli_failure();
		/* It has gone again.  What came while the input was read: */
		if (plan.needed > 0 && plan.input >= 0 && lseek(plan.input, start, SEEK_SET) < 0) {
			errno = EEXIST;
			return say_outcome(request, ref, &plan, outcome);
		}
	}
}

static int make_known(void *object, char *text)
{
	struct request *request = object;
	int status = make(request, &request->create.ref);

	ref_print(&request->create.ref, text);
	return status;
}

static int remove_made(void *object)
{
	const struct request *request = object;
	const struct segment_facts *made = &request->made;

	/* Somebody may have removed it, or put another one under its name. */
	if ((made->inode == 0 && made->size == 0) ||
	    segment_remove(&request->create.ref, made) == 0 || errno == ENOENT || errno == ESTALE)
		return 0;
	return -1;
}

static const struct scope scope = {
	.create = make_known,
	.remove = remove_made,
	.variable = "IPC_SHM_REF",
	.size = sizeof(struct request),
	.stop = offsetof(struct request, plan.stop),
};

/* What depends on the working directory and comes before anything is made. */
static int prepare(struct request *request)
{
	char text[REF_TEXT_MAX];

	request->plan.input = -1;
	request->plan.stop = -1;
	if (ref_resolve(&request->create.ref) < 0) {
		say_errno("cannot make a key for %s", ref_print(&request->create.ref, text));
		return cli_failure();
	}
	if (request->input == NULL)
		return STATUS_OK;
	if (strcmp(request->input, "-") == 0)
		request->plan.input = STDIN_FILENO;
	else
		request->plan.input = open(request->input, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (request->plan.input >= 0)
		return STATUS_OK;
	say_errno("cannot open %s", request->input);
	return cli_failure();
}

int main(int argc, char **argv)
{
	static struct request request = {
		.create = { .kinds = REF_SHM, .noun = "object", .mode = 0600 },
	};
	int status;

	cli_expect_command(argc, argv);
	cli_parse(&argp, argc, argv, &request);
	status = prepare(&request);
	return status == STATUS_OK ? cli_create(&scope, &request, request.create.command) : status;
}
