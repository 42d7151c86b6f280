/* SPDX-License-Identifier: MIT */
#include "pour.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dump.h"
#include "fdio.h"
#include "own.h"

enum {
	BLOCK = 512 * 1024,
	PIPE_WANTED = 1024 * 1024,
	WINDOW = 2 * 1024 * 1024, /* of attached memory, mapped at a time */
};

/* Each write into a pipe of 64 KiB costs a switch to its reader. */
static void enlarge_pipe(int output)
{
	int size = fcntl(output, F_GETPIPE_SZ);

	if (size > 0 && size < PIPE_WANTED)
		fcntl(output, F_SETPIPE_SZ, PIPE_WANTED);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Of attached memory: EFAULT is a page that cannot be had, and not the output's fault. */
static enum pour_end failed_with_memory(void)
{
	if (errno != EFAULT)
		return POUR_WRITE_FAILED;
	errno = ENOMEM;
	return POUR_READ_FAILED;
}

/* Straight from the attached memory: the kernel copies, and sees to the bounds. */
static enum pour_end pour_memory(struct pour *pour, int64_t offset, int64_t length)
{
	const char *memory = pour->segment->memory;

	for (int64_t populated = offset, end = offset + length; offset < end;) {
		int64_t part = least(end - offset, BLOCK);

		if (offset >= populated) {
			segment_populate(memory + offset, (size_t)least(end - offset, WINDOW),
					 false);
			populated = offset + WINDOW;
		}
		if (fdio_write_all(pour->output, memory + offset, (size_t)part) < 0)
			return failed_with_memory();
		offset += part;
		pour->done += part;
	}
	return POUR_DONE;
}

static enum pour_end pour_bytes(struct pour *pour, int64_t offset, int64_t length)
{
	OWN_MEM char *buffer = NULL;

	if (pour->segment->memory != NULL)
		return pour_memory(pour, offset, length);
	buffer = aligned_alloc(4096, BLOCK);
	if (buffer == NULL)
		return POUR_READ_FAILED;
	while (length > 0) {
		ssize_t count =
			segment_read(pour->segment, offset, buffer, (size_t)least(length, BLOCK));

		if (count < 0)
			return POUR_READ_FAILED;
		if (count == 0)
			return POUR_CUT;
		if (fdio_write_all(pour->output, buffer, (size_t)count) < 0)
			return POUR_WRITE_FAILED;
		offset += count;
		length -= count;
		pour->done += count;
	}
	return POUR_DONE;
}

/* One step of handing over pages, out of DESCRIPTOR if there is one.  Returns as splice(2). */
static ssize_t hand_over(const struct pour *pour, int descriptor, int64_t offset, int64_t length)
{
	size_t size = (size_t)least(length, PIPE_WANTED);
	struct iovec part = { .iov_len = size };
	off64_t from = offset;

	if (descriptor >= 0)
		return splice(descriptor, &from, pour->output, NULL, size, 0);
	part.iov_base = pour->segment->memory + offset;
	return vmsplice(pour->output, &part, 1, 0);
}

static enum pour_end pour_pages(struct pour *pour, int64_t offset, int64_t length)
{
	const struct segment *segment = pour->segment;
	OWN_FD int lent = segment->memory != NULL ? segment_descriptor(segment) : -1;
	int descriptor = segment->memory != NULL ? lent : segment->descriptor;

	while (length > 0) {
		ssize_t count = hand_over(pour, descriptor, offset, length);

		if (count < 0 && errno == EAGAIN) {
			fdio_await(pour->output, POLLOUT, -1, -1);
			continue;
		}
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && lent >= 0) { /* huge pages, or the output is no pipe */
			own_drop_fd(&lent);
			lent = descriptor = -1;
			continue;
		}
		/* What cannot be handed over is copied: the output is no pipe. */
		if (count < 0 && (errno == EINVAL || errno == EBADF || errno == ENOSYS))
			return pour_bytes(pour, offset, length);
		if (count < 0)
			return failed_with_memory();
		if (count == 0)
			return POUR_CUT;
		offset += count;
		length -= count;
		pour->done += count;
	}
	return POUR_DONE;
}

static int write_zeros(int output, int64_t length)
{
	static const char zeros[BLOCK];

	for (; length > 0; length -= least(length, BLOCK))
		if (fdio_write_all(output, zeros, (size_t)least(length, BLOCK)) < 0)
			return -1;
	return 0;
}

/* A hole where the output can have one and a write would not go elsewhere, else zeros. */
static int write_hole(int output, int64_t length)
{
	off_t position = lseek(output, 0, SEEK_CUR);
	int64_t old = 0;
	struct stat at;

	if (position < 0 || fstat(output, &at) < 0 || !S_ISREG(at.st_mode) ||
	    fcntl(output, F_GETFL) & O_APPEND)
		return write_zeros(output, length);
	if (position < at.st_size)
		old = least(length, at.st_size - position);
	/* What the file has there already must not stay. */
	if (old > 0 &&
	    fallocate(output, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, position, old) < 0)
		return write_zeros(output, length);
	if (length > old && ftruncate(output, position + length) < 0)
		return -1;
	return lseek(output, position + length, SEEK_SET) < 0 ? -1 : 0;
}

/* Where from OFFSET on the data begins, at most END; or -1: the segment ends before. */
static int64_t find_data(const struct segment *segment, int64_t offset, int64_t end)
{
	int64_t data = lseek(segment->descriptor, offset, SEEK_DATA);
	struct segment_facts now;

	if (data >= 0)
		return least(data, end);
	if (errno != ENXIO)
		return offset; /* no such thing here: all is data */
	if (segment_look(segment, &now) < 0 || now.size < end)
		return -1;
	return end;
}

static enum pour_end pour_with_holes(struct pour *pour, int64_t offset, int64_t length)
{
	int64_t end = offset + length;

	while (offset < end) {
		int64_t data = find_data(pour->segment, offset, end), hole;
		enum pour_end poured;

		if (data < 0) /* zeros up to the new end, which reading finds */
			return pour_bytes(pour, offset, end - offset);
		if (write_hole(pour->output, data - offset) < 0)
			return POUR_WRITE_FAILED;
		pour->done += data - offset;
		if (data == end)
			break;
		hole = lseek(pour->segment->descriptor, data, SEEK_HOLE);
		hole = hole <= data ? end : least(hole, end);
		poured = pour_bytes(pour, data, hole - data);
		if (poured != POUR_DONE)
			return poured;
		offset = hole;
	}
	return POUR_DONE;
}

static size_t print_numbers(const struct pour *pour, const char *bytes, size_t length, char *out)
{
	char *start = out;

	for (size_t i = 0; i < length; i += pour->type.size) {
		out += number_print(&pour->type, number_load(&pour->type, bytes + i), out);
		*out++ = '\n';
	}
	return (size_t)(out - start);
}

/* As text, in blocks of rows or numbers. */
static enum pour_end pour_text(struct pour *pour, int64_t offset, int64_t length)
{
	enum { TEXT_BLOCK = 32 * 1024 };
	OWN_MEM char *buffer = malloc(TEXT_BLOCK);
	OWN_MEM char *text = malloc(TEXT_BLOCK * (size_t)NUMBER_TEXT_MAX);
	struct dump dump = { .address = (uint64_t)offset, .verbose = pour->verbose };
	bool dumps = pour->form == POUR_DUMP;
	enum pour_end end = POUR_DONE;

	_Static_assert(DUMP_ROOM(TEXT_BLOCK) < TEXT_BLOCK * NUMBER_TEXT_MAX, "one room for both");
	if (buffer == NULL || text == NULL)
		return POUR_READ_FAILED;
	while (length > 0 && end == POUR_DONE) {
		size_t wanted = (size_t)least(length, TEXT_BLOCK), used;
		ssize_t count = segment_read(pour->segment, offset, buffer, wanted);

		if (count < 0)
			return POUR_READ_FAILED;
		if ((size_t)count < wanted)
			end = POUR_CUT;
		if (!dumps) /* a number that was cut is none */
			count -= count % (ssize_t)pour->type.size;
		used = dumps ? dump_bytes(&dump, buffer, (size_t)count, text)
			     : print_numbers(pour, buffer, (size_t)count, text);
		if (fdio_write_all(pour->output, text, used) < 0)
			return POUR_WRITE_FAILED;
		offset += count;
		length -= count;
		pour->done += count;
	}
	if (dumps && fdio_write_all(pour->output, text, dump_end(&dump, text)) < 0)
		return POUR_WRITE_FAILED;
	return end;
}

enum pour_end pour(struct pour *pour, int64_t offset, int64_t length)
{
	pour->done = 0;
	if (length > BLOCK)
		enlarge_pipe(pour->output);
	if (pour->form != POUR_BYTES)
		return pour_text(pour, offset, length);
	if (pour->zero_copy)
		return pour_pages(pour, offset, length);
	if (pour->holes && pour->segment->memory == NULL)
		return pour_with_holes(pour, offset, length);
	return pour_bytes(pour, offset, length);
}
