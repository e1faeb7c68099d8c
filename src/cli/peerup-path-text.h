/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Peers and their paths in words. The dictionaries are those of ListPeers and ListConnections. */

/* "home-server", or of a peer without a name "12D3KooW…hMuwAJU5": @id_key holds its ID. */
char *peerup_path_text_peer (GVariant *dict, const char *id_key) G_GNUC_WARN_UNUSED_RESULT;
/* "direct, QUIC", "relayed". */
char *peerup_path_text_path (GVariant *dict) G_GNUC_WARN_UNUSED_RESULT;
/* Of ListPeers: "direct, QUIC, 12.3 ms, 3 streams", "not connected". */
char *peerup_path_text_state (GVariant *peer) G_GNUC_WARN_UNUSED_RESULT;
/* Of ListRelays: "peers can reach this device through it, 12.3 ms, preferred", "a peer; tried again soon: …". */
char *peerup_path_text_relay (GVariant *relay) G_GNUC_WARN_UNUSED_RESULT;
/* What ListConnections gave (aa{sv}), all of it, a paragraph each; empty without any. */
char *peerup_path_text_connections (GVariant *connections) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
