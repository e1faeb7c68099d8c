/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Guests of the swarm (peerup_swarm_add_guests()) that have to get on with it: one that has no stream when its time is
 * over is released, and one that has gets as much again. */
typedef struct _PeerupGuestList PeerupGuestList;

/* Of the exception for @protocol (static) of @swarm, which outlives it. @lifetime: microseconds. */
PeerupGuestList *
peerup_guest_list_new (PeerupSwarm *swarm, const char *protocol, gint64 lifetime) G_GNUC_WARN_UNUSED_RESULT;
/* Releases nobody. */
void peerup_guest_list_free (PeerupGuestList *self);
void peerup_guest_list_add (PeerupGuestList *self, PeerupConnection *connection);
/* Those that are here now. */
guint peerup_guest_list_get_n (PeerupGuestList *self);

G_END_DECLS
