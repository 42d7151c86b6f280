/* SPDX-License-Identifier: MIT */
#include "detail-ring.h"

#include "own.h"
#include "ring-layout.h"
#include "shmfile.h"

/* Whether the FACTS of OBJECT can be had, now. */
static bool look(const struct object *object, const struct column_view *view,
		 struct ring_facts *facts)
{
	char name[REF_NAME_MAX + 1];
	struct stat at;
	OWN_FD int descriptor = -1;
	int directory;

	if (view->world == NULL || object->name == NULL)
		return false;
	directory = census_file(view->world, object, name);
	descriptor = shmfile_open_quietly(directory, name, &at);
	/* Another one may have its name by now. */
	return descriptor >= 0 && at.st_dev == object->device && at.st_ino == object->inode &&
	       ring_look(descriptor, facts) == NULL;
}

static void print_role(FILE *out, const char *label, uint32_t pid)
{
	if (pid != 0)
		fprintf(out, "  %-14s%u\n", label, pid);
	else
		fprintf(out, "  %-14s-\n", label);
}

void detail_ring_print(const struct object *object, const struct column_view *view, FILE *out)
{
	struct ring_facts facts;

	if (!look(object, view, &facts)) {
		fprintf(out, "  %-14s?\n", "ended:");
		return;
	}
	fprintf(out, "  %-14s%s\n", "ended:", facts.ended ? "yes" : "no");
	print_role(out, "consumer:", facts.consumer.pid);
	if (facts.producer_count == 0)
		print_role(out, "producer:", 0);
	for (unsigned i = 0; i < facts.producer_count; i++)
		print_role(out, "producer:", facts.producers[i].pid);
}

void detail_ring_json(const struct object *object, const struct column_view *view,
		      struct json_stream *stream)
{
	struct ring_facts facts;

	if (!look(object, view, &facts)) {
		json_nothing(stream, "ended");
		json_nothing(stream, "consumer_pid");
		json_nothing(stream, "producer_pids");
		return;
	}
	json_truth(stream, "ended", facts.ended);
	if (facts.consumer.pid != 0)
		json_number(stream, "consumer_pid", facts.consumer.pid);
	else
		json_nothing(stream, "consumer_pid");
	json_begin(stream, "producer_pids", '[');
	for (unsigned i = 0; i < facts.producer_count; i++)
		json_number(stream, NULL, facts.producers[i].pid);
	json_end(stream, ']');
}
