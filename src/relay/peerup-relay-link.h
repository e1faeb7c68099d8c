/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "relay/peerup-relay-client.h"
#include "relay/peerup-relay-watch.h"

G_BEGIN_DECLS

/* One relay of a client: the reservation there, kept by a timer and a fiber at a time, and the
 * circuits that come from it. The client owns it; fibers that are under way hold it too and find
 * out that it was stopped. */
typedef struct _PeerupRelayLink PeerupRelayLink;

/* Circuits of one relay that are on their way to a connection. */
#define PEERUP_RELAY_HALF_OPEN_MAX 32

/* What it has, or is, has changed. Not called by peerup_relay_link_stop() or after it. */
typedef void (*PeerupRelayLinkFunc) (PeerupRelayLink *self, gpointer data);

/* Does nothing before peerup_relay_link_set_addresses(). */
PeerupRelayLink *peerup_relay_link_new (PeerupSwarm *swarm, PeerupRelayWatch *watch, PeerupPeerId *relay,
                                        PeerupRelayLinkFunc changed, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
PeerupRelayLink *peerup_relay_link_ref (PeerupRelayLink *self);
void peerup_relay_link_unref (PeerupRelayLink *self);
/* Ends it and drops the owner's reference. */
void peerup_relay_link_stop (PeerupRelayLink *self);

/* (element-type PeerupMultiaddr): at least one, each with or without the relay's ID; copied. */
void peerup_relay_link_set_addresses (PeerupRelayLink *self, GPtrArray *addresses);
void peerup_relay_link_retry (PeerupRelayLink *self);
/* @connection, which was to the relay, is closed. */
void peerup_relay_link_lost (PeerupRelayLink *self, PeerupConnection *connection);
/* Whether the relay gives no sign of life on @connection: then it is reserved anew by another one, and not waited for.
 */
void peerup_relay_link_set_silent (PeerupRelayLink *self, PeerupConnection *connection, gboolean silent);
/* Whether the relay says that it serves hop. */
void peerup_relay_link_set_serving (PeerupRelayLink *self, gboolean serving);
/* Whether the relay was lost a moment ago, or is back since a moment: who is looked for there may come back too. */
gboolean peerup_relay_link_is_returning (PeerupRelayLink *self);
/* The relay opened @stream, which is taken, for stop. */
void peerup_relay_link_take_circuit (PeerupRelayLink *self, PeerupConnection *connection, PeerupStream *stream);

PeerupPeerId *peerup_relay_link_get_relay (PeerupRelayLink *self);
void peerup_relay_link_get_info (PeerupRelayLink *self, PeerupRelayInfo *info);
/* (nullable) (transfer none) of PeerupMultiaddr: where we can be reached through it; NULL while we cannot. */
GPtrArray *peerup_relay_link_get_addresses (PeerupRelayLink *self);

G_END_DECLS
