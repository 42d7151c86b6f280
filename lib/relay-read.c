/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay.h"

/*
 * Reading sources that may keep packets apart: who reads less than one loses the
 * rest of it.  A socket tells how long the next one is.  Whether a pipe has any
 * (O_DIRECT) only its writers know; but splice(2) takes a part and leaves the rest.
 * Source: pipe(2), unix(7).
 */

/* What a packet of a pipe can have. */
static size_t pipe_packet_most(void)
{
	long page = sysconf(_SC_PAGESIZE);

	return page > PIPE_BUF ? (size_t)page : PIPE_BUF;
}

/* Take LENGTH bytes, which are there, out of the pipe of our own. */
static ssize_t empty_hold(const struct relay *relay, char *place, ssize_t length)
{
	ssize_t done = 0;

	while (done < length) {
		ssize_t got = read(relay->hold[0], place + done, (size_t)(length - done));

		if (got > 0)
			done += got;
		else if (got == 0 || (errno != EINTR && errno != EAGAIN))
			return -1;
	}
	return done;
}

/* Read less than a packet can have from the pipe of SOURCE. */
static ssize_t read_part(struct relay *relay, struct relay_end *source, char *place, size_t room)
{
	ssize_t moved;

	if (relay->hold[0] < 0 && pipe2(relay->hold, O_CLOEXEC | O_NONBLOCK) < 0)
		return fdio_read_now(source->descriptor, FDIO_PIPE, place, room);
	moved = splice(source->descriptor, NULL, relay->hold[1], NULL, room, SPLICE_F_NONBLOCK);
	if (moved < 0 && errno != EAGAIN && errno != EINTR)
		return fdio_read_now(source->descriptor, FDIO_PIPE, place, room);
	return moved > 0 ? empty_hold(relay, place, moved) : moved;
}

ssize_t relay_read(struct relay *relay, struct relay_end *source, char *place, size_t room)
{
	if (source->sort == RELAY_PIPE && room < pipe_packet_most())
		return read_part(relay, source, place, room);
	return fdio_read_now(source->descriptor, relay_fdio_sort(source), place, room);
}

ssize_t relay_read_stage(struct relay *relay, struct relay_end *source, size_t room)
{
	char *place;

	if (source->packets) {
		ssize_t packet =
			recv(source->descriptor, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);

		if (packet < 0)
			return -1;
		if (room < (size_t)packet)
			room = (size_t)packet;
	}
	place = relay_bytes_place(&source->stage, room);
	return place == NULL ? -1 : relay_read(relay, source, place, room);
}
