/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The TLS session of a QUIC connection: TLS 1.3, libp2p's certificate asked of both sides and
 * checked by us, ALPN "libp2p". Tickets, and with them 0-RTT, are off: a ticket would
 * let a connection begin without the certificate that the gate relies on. */

#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <string.h>

#include "identity/peerup-gnutls.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define ALPN "libp2p"
/* A certificate is 16 KiB at most; nothing else in a handshake is as large. */
#define HANDSHAKE_MAX (24 * 1024)
/* And all of a side's messages at one level. GnuTLS takes its limit for messages that it has whole
 * and keeps what it has of others, which may say that they have 16 MiB. */
#define FLIGHT_MAX (2 * HANDSHAKE_MAX)

gboolean
peerup_quic_tls_has_alpn (PeerupQuicConn *self)
{
  gnutls_datum_t selected;

  return gnutls_alpn_get_selected_protocol (self->session, &selected) == 0 && selected.size == strlen (ALPN) &&
         memcmp (selected.data, ALPN, selected.size) == 0;
}

static void
check_certificate (PeerupQuicConn *self, gnutls_session_t session, GError **error)
{
  PeerupQuic *quic = self->quic;

  g_clear_pointer (&self->remote_key, peerup_public_key_unref);
  self->remote_key = peerup_certificate_verify_session (session, quic->events->get_wall_time (quic->data), error);
  if (self->remote_key == NULL)
    return;
  if (self->expected != NULL && !peerup_peer_id_matches_public_key (self->expected, self->remote_key))
    {
      g_autoptr (PeerupPeerId) actual = peerup_peer_id_new_from_public_key (self->remote_key);

      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, "Expected %s, but %s answered",
                   peerup_peer_id_get_string (self->expected), peerup_peer_id_get_string (actual));
    }
}

/* FALSE: the message that has to bring the peer's transport parameters is behind us without them.
 * GnuTLS does not miss them, and ngtcp2 ends the process for want of them. */
static gboolean
check_parameters (PeerupQuicConn *self)
{
  if (ngtcp2_conn_get_remote_transport_params (self->conn) != NULL)
    return TRUE;
  g_clear_error (&self->tls_error);
  self->tls_error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "The peer sends no transport parameters");
  return FALSE;
}

static int
on_client_hello (gnutls_session_t session, unsigned int type, unsigned int when, unsigned int incoming,
                 const gnutls_datum_t *message)
{
  ngtcp2_crypto_conn_ref *reference = gnutls_session_get_ptr (session);

  return check_parameters (reference->user_data) ? 0 : GNUTLS_E_MISSING_EXTENSION;
}

static int
verify (gnutls_session_t session)
{
  ngtcp2_crypto_conn_ref *reference = gnutls_session_get_ptr (session);
  PeerupQuicConn *self = reference->user_data;
  g_autoptr (GError) local = NULL;

  if (!check_parameters (self))
    return GNUTLS_E_MISSING_EXTENSION;
  check_certificate (self, session, &local);
  if (local == NULL)
    return 0;
  g_clear_error (&self->tls_error);
  self->tls_error = g_steal_pointer (&local);
  return GNUTLS_E_CERTIFICATE_ERROR;
}

int
peerup_quic_tls_receive (ngtcp2_conn *conn, ngtcp2_encryption_level level, uint64_t offset, const uint8_t *bytes,
                         size_t length, void *data)
{
  PeerupQuicConn *self = data;

  if (level == NGTCP2_ENCRYPTION_LEVEL_1RTT)
    return 0;
  if (offset + length <= FLIGHT_MAX)
    return ngtcp2_crypto_recv_crypto_data_cb (conn, level, offset, bytes, length, data);
  g_clear_error (&self->tls_error);
  self->tls_error =
    g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, "The peer's TLS handshake is larger than any may be");
  ngtcp2_conn_set_tls_alert (conn, GNUTLS_A_DECODE_ERROR);
  return NGTCP2_ERR_CRYPTO;
}

void
peerup_quic_tls_start (PeerupQuicConn *self)
{
  static const gnutls_datum_t alpn = { (unsigned char *) ALPN, sizeof ALPN - 1 };
  unsigned int flags = GNUTLS_NO_TICKETS | GNUTLS_NO_END_OF_EARLY_DATA | GNUTLS_NO_STATUS_REQUEST;
  int configured;

  flags |= self->outbound ? GNUTLS_CLIENT : GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET;
  /* These fail only without memory, or for names that are not in the library at all. */
  if (gnutls_init (&self->session, flags) < 0 || gnutls_priority_set (self->session, peerup_gnutls_get_priority ()) < 0)
    g_error ("GnuTLS cannot start a session");
  configured = self->outbound ? ngtcp2_crypto_gnutls_configure_client_session (self->session)
                              : ngtcp2_crypto_gnutls_configure_server_session (self->session);
  if (configured != 0 ||
      gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE,
                              peerup_certificate_get_credentials (self->quic->options.certificate)) < 0)
    g_error ("GnuTLS cannot speak QUIC");
  gnutls_alpn_set_protocols (self->session, &alpn, 1, GNUTLS_ALPN_MANDATORY);
  gnutls_session_set_ptr (self->session, &self->conn_ref);
  gnutls_session_set_verify_function (self->session, verify);
  if (!self->outbound)
    {
      gnutls_certificate_server_set_request (self->session, GNUTLS_CERT_REQUIRE);
      gnutls_handshake_set_hook_function (self->session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_POST,
                                          on_client_hello);
    }
  gnutls_handshake_set_max_packet_length (self->session, HANDSHAKE_MAX);
  ngtcp2_conn_set_tls_native_handle (self->conn, self->session);
}
