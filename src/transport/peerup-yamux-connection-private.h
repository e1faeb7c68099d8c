/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-yamux-connection.h"

G_BEGIN_DECLS

/* What the timer does at @now: pings, resets what was left, ends what is dead. Tests call
 * it with times of their own. */
void peerup_yamux_connection_check (PeerupYamuxConnection *self, gint64 now);

/* What a yamux stream asks of its connection. */

/* A place in the queue for room in the output; link.data is the stream. */
typedef struct
{
  GList link;
  gboolean queued;
} PeerupYamuxWaiter;

/* Bytes that may be written now before the output is full. */
gsize peerup_yamux_connection_get_room (PeerupYamuxConnection *self);
/* The stream gets a turn when there is room, after those that wait already. */
void peerup_yamux_connection_wait (PeerupYamuxConnection *self, PeerupYamuxWaiter *waiter);
void peerup_yamux_connection_wait_no_more (PeerupYamuxConnection *self, PeerupYamuxWaiter *waiter);
/* @channel was closed from this side and its user is gone: it is reset if the peer does
 * not close it within a minute. */
void peerup_yamux_connection_leave (PeerupYamuxConnection *self, PeerupYamuxChannel *channel);

G_END_DECLS
