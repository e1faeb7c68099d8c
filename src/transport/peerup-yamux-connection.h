/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-connection.h"
#include "transport/yamux/peerup-yamux.h"

G_BEGIN_DECLS

/* A PeerupConnection that carries yamux over a secure stream. */
#define PEERUP_TYPE_YAMUX_CONNECTION (peerup_yamux_connection_get_type ())
G_DECLARE_FINAL_TYPE (PeerupYamuxConnection, peerup_yamux_connection, PEERUP, YAMUX_CONNECTION, PeerupConnection)

/**
 * peerup_yamux_connection_new:
 * @io: (transfer full): the secure stream, nothing of yamux read from it yet
 * @info: copied
 * @is_client: whether our streams have odd ids: the dialer, or the agreed client after a
 *   simultaneous open
 * @limits: (nullable): %NULL for peerup_yamux_default_limits
 *
 * Reads from @io at once. The connection ends when @io does, when the peer breaks the
 * rules, or when it does not answer for 14 s while streams are open (39 s otherwise). A
 * peer that sent a GoAway without an error keeps the streams it has; the connection
 * closes after the last of them.
 *
 * Streams that are opened beyond the limit wait for their place; more than 1024 that wait
 * are refused with %PEERUP_ERROR_LIMIT.
 */
PeerupConnection *peerup_yamux_connection_new (PeerupStream *io, const PeerupConnectionInfo *info, gboolean is_client,
                                               const PeerupYamuxLimits *limits) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
