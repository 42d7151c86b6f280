/* SPDX-License-Identifier: MIT */
/* What the loop of a relay waits for: its ends, the clock and signals. */
#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

enum { ONE_SIGNAL = 100000000 }; /* nanoseconds in which those that come are one wish to stop */

/* What poll(2) is to look at for END; -1: nothing. */
static int watch(const struct relay *relay, const struct relay_end *end, short *events)
{
	*events = end->is_sink ? POLLOUT : POLLIN;
	if (end->state == RELAY_AWAITED) {
		*events = POLLIN;
		return end->listener >= 0                         ? end->listener
		       : !end->is_sink && end->sort == RELAY_PIPE ? end->descriptor
								  : -1;
	}
	if (end->state == RELAY_OVER || (!end->is_sink && relay->stopping))
		return -1;
	if (!end->is_sink && !end->wanted) {
		*events = POLLRDHUP;
		return end->end_watched ? end->descriptor : -1;
	}
	if (!end->wanted)
		*events = 0;
	return end->sort == RELAY_FILE && !end->wanted ? -1 : end->descriptor;
}

/* When the wait has to end without an event, as patience_end() has it. */
static int64_t alarm_of(const struct relay *relay)
{
	int64_t first = relay->wake_at;

	if (relay->stopping && (first == 0 || relay->drain_end < first))
		first = relay->drain_end;
	for (size_t i = 0; i < relay_end_count(relay); i++) {
		const struct relay_end *end = relay_end_at(relay, i);
		bool by_clock = end->state == RELAY_AWAITED && end->listener < 0 &&
				(end->is_sink || end->form == RELAY_CONNECT);

		if (by_clock && (first == 0 || end->retry_at < first))
			first = end->retry_at;
		if (end->state == RELAY_AWAITED && end->give_up != 0 && !end->cut &&
		    (first == 0 || end->give_up < first))
			first = end->give_up;
	}
	return first;
}

static void take_signals(struct relay *relay)
{
	int64_t now = patience_now();
	int signal;

	while ((signal = stop_signal(relay->stop, NULL)) != 0) {
		if (signal == SIGUSR1) {
			relay->tell(relay, RELAY_ASKED, NULL, 0);
			continue;
		}
		if (!relay->stopping) {
			relay->stopping = true;
			relay->signal = signal;
			relay->stopped_at = now;
			relay->drain_end = relay->stopped_at + relay->drain;
		}
		/* timeout(1) sends its signal twice, systemd(1) two different ones. */
		relay->hurry = now - relay->stopped_at > ONE_SIGNAL;
	}
}

static void note_events(struct relay *relay, struct relay_end *end, short events)
{
	short bad = POLLERR | POLLNVAL | (end->sort == RELAY_PIPE ? 0 : POLLHUP);

	if (end->state == RELAY_AWAITED) {
		relay_look_for_peer(relay, end);
	} else if (end->is_sink && (events & bad)) {
		relay_sink_failed(relay, end, end->sort == RELAY_TERMINAL ? EIO : EPIPE);
	} else {
		end->ready = true;
		end->wanted = false;
	}
}

void relay_wait(struct relay *relay, bool glance)
{
	struct pollfd *watched = relay->watched;
	size_t count = relay_end_count(relay);
	int64_t before = glance ? 0 : patience_now(), waited;
	int ready;

	watched[count] = (struct pollfd){ .fd = relay->stop->descriptor, .events = POLLIN };
	for (size_t i = 0; i < count; i++)
		watched[i].fd = watch(relay, relay_end_at(relay, i), &watched[i].events);
	ready = poll(watched, count + 1, glance ? 0 : patience_poll(alarm_of(relay)));
	waited = glance ? 0 : patience_now() - before;
	for (size_t i = 0; i < count && !glance; i++) {
		struct relay_end *end = relay_end_at(relay, i);

		if (end->wanted || end->state == RELAY_AWAITED)
			end->waited += waited;
	}
	if (ready <= 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (watched[i].fd >= 0 && watched[i].revents != 0)
			note_events(relay, relay_end_at(relay, i), watched[i].revents);
	if (watched[count].revents != 0)
		take_signals(relay);
}
