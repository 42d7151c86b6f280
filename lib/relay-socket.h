/* SPDX-License-Identifier: MIT */
#ifndef RELAY_SOCKET_H
#define RELAY_SOCKET_H

#include "relay-end.h"

/* The unix sockets among the ends of a relay: see relay-end.h, whose functions call these. */

enum { RELAY_SOCKET_PATH_MAX = 107 };

/* Returns 1: connected; 0: the listener has no room, try again; -1 with errno. */
int relay_socket_connect(struct relay_end *end);

/*
 * Make a socket of mode 0600 at END's path.  One that is there is replaced if
 * nobody listens to it.  Returns 0, or -1 with errno: EEXIST somebody does, or
 * it is something else.
 */
int relay_socket_listen(struct relay_end *end);
int relay_socket_accept(struct relay_end *end);

/*
 * Turn away who has connected to END and was not accepted.  Returns the bytes that
 * they had written.
 */
int64_t relay_socket_refuse(struct relay_end *end);

/* The peer has gone; the next one is awaited. */
void relay_socket_leave(struct relay_end *end);
void relay_socket_close(struct relay_end *end);

#endif
