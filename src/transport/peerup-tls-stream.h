/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-certificate.h"
#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* A stream inside TLS 1.3 as libp2p has it (tls.md): both sides show one self-signed
 * certificate, no SNI, no tickets. An end without close_notify is an error, not an end. */
#define PEERUP_TYPE_TLS_STREAM (peerup_tls_stream_get_type ())
G_DECLARE_FINAL_TYPE (PeerupTlsStream, peerup_tls_stream, PEERUP, TLS_STREAM, PeerupStream)

typedef struct
{
  PeerupCertificate *certificate;
  gboolean outbound;
  PeerupPeerId *expected_peer; /* nullable */
  const char *const *alpn;     /* in order of preference, "libp2p" last; static, and outlives the handshake */
} PeerupTlsOptions;

/* Over @raw, on which nothing is sent or read yet; for nothing but the handshake. */
PeerupTlsStream *peerup_tls_stream_new (PeerupStream *raw, const PeerupTlsOptions *options) G_GNUC_WARN_UNUSED_RESULT;
/* Outbound, before the handshake: what it begins with, for the caller to send together with what goes before it. */
GBytes *peerup_tls_stream_take_hello (PeerupTlsStream *self) G_GNUC_WARN_UNUSED_RESULT;
/* Runs the handshake in the calling fiber. @early: what was read from the raw stream already. On
 * failure the alert is sent and the stream is of no use:
 * WRONG_PEER, CRYPTO, MALFORMED, UNSUPPORTED (the certificate), PROTOCOL (TLS), TIMEOUT, CLOSED.
 * A client that succeeded knows who the server is, not that the server accepted it: a
 * refusal comes as an error of the first read. @deadline: monotonic µs. */
gboolean peerup_tls_stream_handshake (PeerupTlsStream *self, gconstpointer early, gsize early_length, gint64 deadline,
                                      GError **error);
/* Borrowed. */
PeerupPublicKey *peerup_tls_stream_get_remote_key (PeerupTlsStream *self);
/* (nullable): the ALPN protocol agreed on, static: one of the list given. */
const char *peerup_tls_stream_get_alpn (PeerupTlsStream *self);
/* For tests: bytes of buffers held now. */
gsize peerup_tls_stream_get_held (PeerupTlsStream *self);

G_END_DECLS
