/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-peer.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

PeerupPeer *peerup_peer_new (PeerupPeerId *id) G_GNUC_WARN_UNUSED_RESULT;
PeerupPeerId *peerup_peer_get_peer_id (PeerupPeer *self);
void peerup_peer_set_name (PeerupPeer *self, const char *name);
void peerup_peer_set_agent (PeerupPeer *self, const char *agent);
/* What it offers, told just now: @services, aa{sv}, is consumed if floating; @source: "discovery", by itself, or
 * "identify", read off the protocols that it speaks; static. */
void peerup_peer_set_services (PeerupPeer *self, GVariant *services, const char *source);
/* "" before it was told. */
const char *peerup_peer_get_services_source (PeerupPeer *self);
/* Seconds since 1970, 0 before it was told; and microseconds since then, 0 likewise. */
gint64 peerup_peer_get_services_at (PeerupPeer *self);
gint64 peerup_peer_get_services_age (PeerupPeer *self);
/* A dial to a peer without connections has begun or ended. Calls nest. */
void peerup_peer_begin_dial (PeerupPeer *self);
void peerup_peer_end_dial (PeerupPeer *self);
/* @connections: those that are open now, best first; again when one of them becomes silent or is heard. */
void peerup_peer_set_connections (PeerupPeer *self, GPtrArray *connections);

/* (nullable) (transfer none): the connection that is used, which may be silent; until they change. */
PeerupConnection *peerup_peer_get_best (PeerupPeer *self);

G_END_DECLS
