/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* Addresses at which peers were reached, kept from one run to the next: one multiaddr with
 * /p2p/ID a line, for each peer the latest first; lines that start with # are kept by
 * nobody. The file is a cache: losing it costs only that a peer must be named by its address
 * once more, and what cannot be read in it is passed over. */

/* Addresses kept for a peer, and peers, at most; the latest win. */
#define PEERUP_KNOWN_PEERS_ADDRESSES_MAX 8
#define PEERUP_KNOWN_PEERS_MAX           1000

/* "known_peers" in $STATE_DIRECTORY (which systemd sets for a service) or else beside the
 * configuration. */
char *peerup_known_peers_path (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
/* (element-type PeerupMultiaddr) (transfer full): each ends in /p2p/ID; empty if there is no
 * file. Blocking, one small file. */
GPtrArray *peerup_known_peers_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts @addresses (each ends in /p2p/ID, the latest last) in front and replaces the file,
 * mode 0600. Blocking, with an fsync: call it from a worker thread. Of two writers at one
 * time one may be lost. */
gboolean peerup_known_peers_add (const char *path, GPtrArray *addresses, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
