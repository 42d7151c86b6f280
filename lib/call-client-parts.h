/* SPDX-License-Identifier: MIT */
#ifndef CALL_CLIENT_PARTS_H
#define CALL_CLIENT_PARTS_H

#include "call-client.h"

/* What the parts of the caller's side share. */
enum { CALL_BLOCK = 65536 };

/* Of one server, which their threads watch. */
struct call_wakers {
	struct waker sending, receiving;
};

bool call_client_is_late(const struct call_client *client);

/* What may end a wait of WAKER, and the time that is left. */
struct patience call_client_get_ready(const struct call_client *client, struct waker *waker,
				      int object);

/* What has become of the call, when a part of it failed with ERROR; sets errno. */
enum call_outcome call_client_outcome(const struct call_client *client, int error);

/* The parts of call_client_ask(). */
enum call_outcome call_client_send(struct call_client *client, const char *bytes, size_t length);
enum call_outcome call_client_await(struct call_client *client, struct call_header *reply);

#endif
