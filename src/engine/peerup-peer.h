/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PeerupPeerState:
 * @PEERUP_PEER_DISCONNECTED: no connection
 * @PEERUP_PEER_CONNECTING: being dialed for the first connection, or no longer answering on any that there is
 * @PEERUP_PEER_CONNECTED: at least one connection on which it answers; the path tells which is used
 *
 * Whether a peer is connected.
 */
typedef enum
{
  PEERUP_PEER_DISCONNECTED,
  PEERUP_PEER_CONNECTING,
  PEERUP_PEER_CONNECTED,
} PeerupPeerState;

#define PEERUP_TYPE_PEER_STATE (peerup_peer_state_get_type ())
GType peerup_peer_state_get_type (void);

#define PEERUP_TYPE_PEER (peerup_peer_get_type ())
/**
 * PeerupPeer:
 *
 * A peer that is, or lately was, connected or dialed, and the best path to it. Objects
 * are made by [class@Engine], which is the only writer; every property notifies but the
 * ones that change with each packet (rtt, bytes), which are read when asked.
 */
G_DECLARE_FINAL_TYPE (PeerupPeer, peerup_peer, PEERUP, PEER, GObject)

/* The properties. */
/**
 * PeerupPeer:id:
 *
 * The peer ID in base58.
 */
/**
 * PeerupPeer:name:
 *
 * The name that the configuration gives it; %NULL without one.
 */
/**
 * PeerupPeer:agent:
 *
 * Program and version as it tells them; %NULL while unknown. Not proven.
 */
/**
 * PeerupPeer:services:
 *
 * What it offers to this device, as it was told last: dictionaries (`aa{sv}`) of name, kind (s), tags (as) and
 * protocol (s), in the order of their names; %NULL before it was told. Kept while it is not connected. Not proven.
 */
/**
 * PeerupPeer:state:
 *
 * Whether it is connected.
 */
/**
 * PeerupPeer:address:
 *
 * The multiaddr of the remote end of the best connection; %NULL without one.
 */
/**
 * PeerupPeer:transport:
 *
 * "quic-v1", "tcp", "websocket" or "relay", of the best connection; %NULL without one.
 */
/**
 * PeerupPeer:security:
 *
 * The negotiated security protocol of the best connection; %NULL without one.
 */
/**
 * PeerupPeer:relayed:
 *
 * Whether the best connection goes through a relay.
 */
/**
 * PeerupPeer:path:
 *
 * "direct", "punched" or "relayed", of the best connection; %NULL without one.
 */
/**
 * PeerupPeer:outbound:
 *
 * Whether the best connection was dialed by this side.
 */
/**
 * PeerupPeer:connected-at:
 *
 * Seconds since 1970 when the best connection was made, 0 without one.
 */
/**
 * PeerupPeer:rtt:
 *
 * The smoothed round trip of the best connection in microseconds, -1 while unknown. Does not notify.
 */
/**
 * PeerupPeer:bytes-received:
 *
 * Bytes received over the connections that are open now. Does not notify.
 */
/**
 * PeerupPeer:bytes-sent:
 *
 * Bytes sent over the connections that are open now. Does not notify.
 */
/**
 * PeerupPeer:n-connections:
 *
 * How many connections are open.
 */
/**
 * PeerupPeer:n-streams:
 *
 * How many streams are open on them.
 */

const char *peerup_peer_get_id (PeerupPeer *self);
const char *peerup_peer_get_name (PeerupPeer *self);
const char *peerup_peer_get_agent (PeerupPeer *self);
GVariant *peerup_peer_get_services (PeerupPeer *self);
PeerupPeerState peerup_peer_get_state (PeerupPeer *self);
const char *peerup_peer_get_address (PeerupPeer *self);
const char *peerup_peer_get_transport (PeerupPeer *self);
const char *peerup_peer_get_security (PeerupPeer *self);
gboolean peerup_peer_get_relayed (PeerupPeer *self);
const char *peerup_peer_get_path (PeerupPeer *self);
gboolean peerup_peer_get_outbound (PeerupPeer *self);
gint64 peerup_peer_get_connected_at (PeerupPeer *self);
gint64 peerup_peer_get_rtt (PeerupPeer *self);
guint64 peerup_peer_get_bytes_received (PeerupPeer *self);
guint64 peerup_peer_get_bytes_sent (PeerupPeer *self);
guint peerup_peer_get_n_connections (PeerupPeer *self);
guint peerup_peer_get_n_streams (PeerupPeer *self);

G_END_DECLS
