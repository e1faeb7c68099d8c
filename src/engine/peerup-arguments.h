/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"

G_BEGIN_DECLS

/**
 * peerup_peer_argument_parse:
 * @text: what a person wrote: a name of @config, a peer ID in any text form, or a multiaddr
 *   that ends in /p2p/ID, tried in this order
 * @config: (nullable): where names stand
 * @address: (out) (optional) (nullable): the multiaddr without /p2p/ID, if @text is one
 *
 * Errors: PEERUP_ERROR_NOT_FOUND for something that is none of these, with the names there
 * are; PEERUP_ERROR_MALFORMED for a multiaddr that does not parse or names no peer.
 */
PeerupPeerId *peerup_peer_argument_parse (const char *text, PeerupConfig *config, PeerupMultiaddr **address,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): the first name @config (nullable) gives @peer, borrowed. */
const char *peerup_config_name_of_peer (PeerupConfig *config, PeerupPeerId *peer);
/* "laptop (12D3KooW…)" or the ID alone: for messages. */
char *peerup_peer_describe (PeerupConfig *config, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

/**
 * peerup_listen_argument_parse:
 * @text: "PORT", "HOST:PORT" or "[IPV6]:PORT"; HOST is an IP address or "localhost"
 * @address: (out) (nullable): the IP address, NULL for loopback on both IP versions
 * @port: (out): 0 for any
 * @loopback: (out): whether only this machine can connect there
 *
 * Errors: PEERUP_ERROR_MALFORMED, with an example.
 */
gboolean
peerup_listen_argument_parse (const char *text, char **address, guint *port, gboolean *loopback, GError **error);

G_END_DECLS
