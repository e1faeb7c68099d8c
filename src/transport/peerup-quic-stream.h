/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-connection.h"
#include "transport/quic/peerup-quic.h"

G_BEGIN_DECLS

/* One stream of a QUIC connection: a PeerupStream around the machine's channel. It keeps its
 * connection alive. */
#define PEERUP_TYPE_QUIC_STREAM (peerup_quic_stream_get_type ())
G_DECLARE_FINAL_TYPE (PeerupQuicStream, peerup_quic_stream, PEERUP, QUIC_STREAM, PeerupStream)

/* Takes a reference of its own on both. */
PeerupStream *
peerup_quic_stream_new (PeerupConnection *connection, PeerupQuicChannel *channel) G_GNUC_WARN_UNUSED_RESULT;

/* For the machine: the channel has news. */
void peerup_quic_stream_readable (PeerupQuicStream *self);
void peerup_quic_stream_writable (PeerupQuicStream *self);

G_END_DECLS
