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
 * @PEERUP_PEER_CONNECTED: at least one connection on which it answers; @path tells which is used
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

const char *peerup_peer_get_id (PeerupPeer *self);
const char *peerup_peer_get_name (PeerupPeer *self);
const char *peerup_peer_get_agent (PeerupPeer *self);
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
