/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <string.h>

_Static_assert(sizeof(struct call_header) == CALL_HEADER_SIZE, "the header has no holes");

int64_t call_type(int32_t pid, uint32_t random)
{
	return CALL_TYPE_LEAST | (int64_t)(pid & 0x3fffffff) << 32 | random;
}

int32_t call_type_pid(int64_t type)
{
	return (int32_t)(type >> 32 & 0x3fffffff);
}

void call_write(struct call_header *header, char *out)
{
	memcpy(header->magic, CALL_MAGIC, sizeof header->magic);
	header->version = CALL_VERSION;
	memcpy(out, header, sizeof *header);
}

static const char *read_any(const char *bytes, size_t length, struct call_header *header)
{
	if (length < sizeof *header)
		return "is shorter than a header";
	memcpy(header, bytes, sizeof *header);
	if (memcmp(header->magic, CALL_MAGIC, sizeof header->magic) != 0)
		return "does not begin as one does";
	if (header->version != CALL_VERSION)
		return "has another version";
	if (header->length != length - sizeof *header)
		return "has another length than it says";
	if (header->pid <= 0)
		return "names no process";
	if (header->sequence == 0 || header->sequence >= UINT64_C(1) << 62)
		return "has no number";
	return NULL;
}

const char *call_read_request(const char *bytes, size_t length, struct call_header *header)
{
	const char *wrong = read_any(bytes, length, header);

	if (wrong != NULL)
		return wrong;
	if (header->kind != CALL_REQUEST)
		return "is no request";
	if (header->flags & ~CALL_SHARED)
		return "has flags that are not known";
	if (header->status != 0 || header->error != CALL_OK)
		return "has a status";
	if (header->desk < 0)
		return "names no desk";
	/* A descriptor or a type; which one it has to be depends on the queue. */
	if (header->reply < 0 || (header->reply > INT32_MAX && header->reply < CALL_TYPE_LEAST))
		return "has no place for a reply";
	if (header->reply >= CALL_TYPE_LEAST && call_type_pid(header->reply) != header->pid)
		return "wants its reply sent to another process";
	if ((header->flags & CALL_SHARED) && header->length != 0)
		return "has two bodies";
	return NULL;
}

const char *call_read_reply(const char *bytes, size_t length, struct call_header *header)
{
	const char *wrong = read_any(bytes, length, header);

	if (wrong != NULL)
		return wrong;
	if (header->kind != CALL_REPLY && header->kind != CALL_STREAM)
		return "is no reply";
	if (header->flags != 0)
		return "has flags that are not known";
	if (header->error >= CALL_ERRORS)
		return "has an error that is not known";
	if (header->error == CALL_OK && header->status > 255)
		return "has a status that is none";
	if (header->kind == CALL_STREAM && header->length != 0)
		return "has two bodies";
	return NULL;
}
