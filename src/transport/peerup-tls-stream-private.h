/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-tls-stream.h"

G_BEGIN_DECLS

/* What peerup-tls-stream.c, which carries bytes, and peerup-tls-handshake.c, which decides with
 * whom, share. */
struct _PeerupTlsStream
{
  PeerupStream parent_instance;
  PeerupStream *raw;
  gnutls_session_t session;
  GError *error;     /* final, for both directions */
  GError *raw_error; /* what a pull or push met */

  PeerupPublicKey *remote_key;
  const char *const *offered; /* for ALPN; nullable */
  const char *alpn;

  /* Received, not yet pulled: [start, end). */
  guint8 *input;
  gsize start;
  gsize end;
  gnutls_packet_t packet; /* a decrypted record being read */
  gnutls_datum_t plain;   /* what is left of it */

  /* Pushed, not yet sent: [sent, output->len). What has to wait is copied to where it just fits. */
  GByteArray *output;
  gsize sent;

  PeerupCertificate *certificate; /* nullable, as the next two */
  PeerupPeerId *expected_peer;    /* during the handshake */
  PeerupTlsCredentials *credentials;
  guint read_closed : 1;
  guint write_closed : 1;
  guint read_ended : 1; /* close_notify was read */
  guint raw_ended : 1;
  guint input_waits : 1; /* it is no larger than what is in it, and not one of the shared buffers */
  guint output_waits : 1;
  guint draining : 1; /* holds a reference on itself until the output is sent */
  guint greeting : 1; /* what can be read is not TLS yet */
};

/* Takes @session, a fresh one, and gives it @raw to work on. */
PeerupTlsStream *peerup_tls_stream_wrap (PeerupStream *raw, gnutls_session_t session) G_GNUC_WARN_UNUSED_RESULT;
/* What was read from the raw stream before; nothing may have been read since. */
void peerup_tls_stream_put_back (PeerupTlsStream *self, gconstpointer data, gsize length);
/* What a GnuTLS error stands for. Where a pull, push or check has its own, that. */
GError *peerup_tls_stream_error (PeerupTlsStream *self, int code) G_GNUC_WARN_UNUSED_RESULT;
void peerup_tls_stream_drop_input (PeerupTlsStream *self);
void peerup_tls_stream_drop_output (PeerupTlsStream *self);

G_END_DECLS
