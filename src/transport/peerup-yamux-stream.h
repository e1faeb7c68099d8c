/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-yamux-connection.h"
#include "transport/yamux/peerup-yamux.h"

G_BEGIN_DECLS

/* One stream of a yamux connection: a PeerupStream around the machine's channel. It keeps
 * its connection alive. */
#define PEERUP_TYPE_YAMUX_STREAM (peerup_yamux_stream_get_type ())
G_DECLARE_FINAL_TYPE (PeerupYamuxStream, peerup_yamux_stream, PEERUP, YAMUX_STREAM, PeerupStream)

/* Takes a reference of its own on both. */
PeerupStream *
peerup_yamux_stream_new (PeerupYamuxConnection *connection, PeerupYamuxChannel *channel) G_GNUC_WARN_UNUSED_RESULT;
PeerupYamuxChannel *peerup_yamux_stream_get_channel (PeerupYamuxStream *self);

/* For the connection. The channel has news: bytes, an end, a window. */
void peerup_yamux_stream_readable (PeerupYamuxStream *self);
void peerup_yamux_stream_writable (PeerupYamuxStream *self);
void peerup_yamux_stream_closed (PeerupYamuxStream *self);
/* The output has room and it is this stream's turn. */
void peerup_yamux_stream_give_turn (PeerupYamuxStream *self);

G_END_DECLS
