/* SPDX-License-Identifier: MIT */
#include "holders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "census-parts.h"
#include "holders-parts.h"
#include "own.h"

/* Room for one more in a growing array; NULL: no memory. */
static void *grow(void *items, size_t count, size_t *room, size_t size)
{
	void *larger;

	if (count < *room)
		return items;
	larger = reallocarray(items, *room == 0 ? 64 : 2 * *room, size);
	if (larger != NULL)
		*room = *room == 0 ? 64 : 2 * *room;
	return larger;
}

const struct process *hunt_process(struct hunt *hunt)
{
	if (!hunt->has_stat && process_stat(hunt->directory, "stat", &hunt->process) < 0)
		return NULL;
	hunt->has_stat = true;
	return &hunt->process;
}

bool hunt_is_inside(struct hunt *hunt)
{
	struct stat status;

	if (hunt->namespace == 0) {
		if (fstatat(hunt->view, "ns/ipc", &status, 0) < 0)
			return false;
		hunt->namespace = status.st_ino;
	}
	return hunt->namespace == hunt->world->namespace;
}

static void copy_command(char *command, const struct process *process)
{
	memcpy(command, process->command, HOLDERS_COMMAND_MAX - 1);
	command[HOLDERS_COMMAND_MAX - 1] = '\0';
}

void hunt_add_holder(struct hunt *hunt, size_t object, bool is_mapping)
{
	struct holders *found = hunt->found;
	const struct process *process;
	struct holder *holders;

	if (!(hunt->wanted & HOLDERS_HOLDERS))
		return;
	/* Those of a process come together; one object is rarely far back. */
	for (size_t i = found->holder_count; i > 0 && i + 8 > found->holder_count; i--) {
		struct holder *same = &found->holders[i - 1];

		if (same->pid != hunt->pid)
			break;
		if (same->object == object) {
			*(is_mapping ? &same->mappings : &same->descriptors) += 1;
			return;
		}
	}
	process = hunt_process(hunt);
	if (process == NULL)
		return; /* gone: it holds nothing any more */
	holders = grow(found->holders, found->holder_count, &found->holder_room, sizeof *holders);
	if (holders == NULL) {
		hunt->failed = true;
		return;
	}
	found->holders = holders;
	holders[found->holder_count++] = (struct holder){
		.object = object,
		.pid = hunt->pid,
		.mappings = is_mapping,
		.descriptors = !is_mapping,
	};
	copy_command(holders[found->holder_count - 1].command, process);
}

void hunt_add_waiter(struct hunt *hunt, const struct waiter *waiter)
{
	struct holders *found = hunt->found;
	const struct process *process = hunt_process(hunt);
	struct waiter copy = *waiter, *waiters;

	if (process == NULL)
		return; /* gone: it waits no more */
	copy.pid = hunt->pid;
	copy_command(copy.command, process);
	waiters = grow(found->waiters, found->waiter_count, &found->waiter_room, sizeof *waiters);
	if (waiters == NULL) {
		hunt->failed = true;
		return;
	}
	found->waiters = waiters;
	waiters[found->waiter_count++] = copy;
}

static void note_missed(struct hunt *hunt, int error)
{
	const struct process *process = hunt_process(hunt);
	char pid[16];

	if (error == ENOENT || error == ESRCH || process == NULL || process->is_kernel ||
	    process_is_over(process))
		return;
	snprintf(pid, sizeof pid, "%d", (int)hunt->pid);
	gaps_add(&hunt->missed, GAP_PROCESS, error, pid);
}

void hunt_look(struct hunt *hunt)
{
	const bool wants_waiters = hunt->wanted & HOLDERS_WAITERS;
	const bool wants_holders = hunt->wanted & HOLDERS_HOLDERS;
	char path[32];
	OWN_FD int directory = -1;
	int error = 0;

	snprintf(path, sizeof path, "/proc/%d", (int)hunt->pid);
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return;
	hunt->directory = hunt->view = directory;
	hunt->has_stat = hunt->any_descriptor = hunt->any_line = false;
	hunt->namespace = 0;
	hunt->range_count = 0;
	if (hunt->any_mapped && hunt_mappings(hunt) < 0)
		error = errno;
	if (error == 0 && (hunt->any_queue || (wants_holders && hunt->any_posix)) &&
	    hunt_descriptors(hunt) < 0)
		error = errno;
	if (error == 0 && wants_waiters && hunt_waiters(hunt) < 0)
		error = errno;
	if (error != 0)
		note_missed(hunt, error);
	if (hunt->view != directory)
		close(hunt->view);
}

/* What there is to be found decides what has to be read of each process. */
static void look_for(struct hunt *hunt)
{
	for (size_t i = 0; i < hunt->census->count; i++) {
		const struct object *object = &hunt->census->objects[i];

		hunt->any_posix |= !object->sysv;
		hunt->any_queue |= !object->sysv && object->kind == REF_MQ;
		hunt->any_segment |= object->sysv && object->kind == REF_SHM;
	}
	hunt->any_posix |= hunt->unlinked;
	hunt->any_mapped = hunt->any_segment || hunt->any_posix;
}

int holders_find(const struct world *world, struct census *census,
		 const struct holders_question *question, struct holders *holders,
		 struct gaps *gaps)
{
	struct hunt hunt = { .world = world,
			     .census = census,
			     .found = holders,
			     .question = question,
			     .wanted = question->wanted,
			     .unlinked = question->unlinked };
	OWN_MEM char *buffer = malloc(HUNT_BUFFER);
	OWN_MEM struct range *ranges = NULL;

	/* Who has it open witnesses that all who wait were seen. */
	if (question->wanted & HOLDERS_WAITERS)
		hunt.wanted |= HOLDERS_HOLDERS;
	*holders = (struct holders){ 0 };
	if (buffer == NULL || census_make_index(census) < 0)
		return -1;
	hunt.buffer = buffer;
	look_for(&hunt);
	if (hunt_all(&hunt) < 0)
		return -1;
	ranges = hunt.ranges;
	hunt_hand_out(&hunt);
	if (hunt.failed)
		gaps_add(gaps, GAP_MEMORY, ENOMEM, NULL);
	if (hunt.missed.of[GAP_OBJECT].count > 0)
		gaps->of[GAP_OBJECT] = hunt.missed.of[GAP_OBJECT];
	holders_judge(world, census, question, holders, &hunt.missed, gaps);
	return 0;
}

void holders_free(struct holders *holders)
{
	free(holders->holders);
	free(holders->waiters);
	*holders = (struct holders){ 0 };
}
