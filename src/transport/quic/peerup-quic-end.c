/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * How a connection ends: what the peer is told, and told again when it goes on (RFC 9000
 * 10.2), and with what error everybody on our side learns of it. */

#include <gnutls/gnutls.h>

#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

/* no_application_protocol (RFC 7301). */
#define ALERT_NO_ALPN 120

void
peerup_quic_conn_end_handshake (PeerupQuicConn *self)
{
  PeerupQuic *quic = self->quic;

  if (!self->handshaking)
    return;
  self->handshaking = FALSE;
  quic->n_handshakes--;
  if (self->admitted && quic->events->release != NULL)
    quic->events->release (&self->admitted_from, quic->data);
  self->admitted = FALSE;
}

void
peerup_quic_conn_drop_ngtcp2 (PeerupQuicConn *self)
{
  g_clear_pointer (&self->conn, ngtcp2_conn_del);
  g_clear_pointer (&self->session, gnutls_deinit);
}

void
peerup_quic_conn_say_farewell (PeerupQuicConn *self)
{
  gsize length;
  const void *data = g_bytes_get_data (self->farewell, &length);
  PeerupDatagrams datagrams = {
    .local = self->farewell_local,
    .remote = self->farewell_remote,
    .data = (guint8 *) data,
    .length = length,
    .segment = length,
  };

  self->quic->events->send (&datagrams, self->quic->data);
}

static void
conn_write_farewell (PeerupQuicConn *self, const ngtcp2_ccerr *reason)
{
  guint8 packet[1500];
  ngtcp2_path_storage path;
  ngtcp2_pkt_info info;
  ngtcp2_ssize n;

  ngtcp2_path_storage_zero (&path);
  n = ngtcp2_conn_write_connection_close (self->conn, &path.path, &info, packet, sizeof packet, reason, self->now);
  if (n <= 0)
    return;
  self->farewell = g_bytes_new (packet, n);
  peerup_socket_address_set_native (&self->farewell_local, path.path.local.addr, path.path.local.addrlen);
  peerup_socket_address_set_native (&self->farewell_remote, path.path.remote.addr, path.path.remote.addrlen);
  self->farewell_left = self->farewell_step = 1;
}

/* The one way to the end. @reason: what the peer is to be told, NULL for nothing. Packets
 * that are still on their way get the farewell again for three probe timeouts (RFC 9000
 * 10.2.1), or nothing when the peer began the end (10.2.2). Takes @error. */
static void
conn_end (PeerupQuicConn *self, GError *error, const ngtcp2_ccerr *reason, gboolean linger)
{
  g_autoptr (PeerupQuicConn) held = peerup_quic_conn_ref (self);
  g_autoptr (GError) owned = error;

  g_assert (!self->writing);
  if (reason != NULL)
    conn_write_farewell (self, reason);
  self->closing_until = (gint64) ((self->now + 3 * ngtcp2_conn_get_pto (self->conn)) / NGTCP2_MICROSECONDS);
  peerup_quic_conn_end_handshake (self);
  while (self->channels.head != NULL)
    peerup_quic_channel_finish (self->channels.head->data, owned);
  peerup_quic_conn_drop_ngtcp2 (self);
  peerup_quic_conn_set_state (self, PEERUP_QUIC_CLOSING);
  if (self->farewell != NULL)
    peerup_quic_conn_say_farewell (self);
  if (self->farewell == NULL && !linger)
    peerup_quic_forget (self);
  else
    self->quic->events->active (self, self->user_data);
  if (self->quic->events->closed != NULL)
    self->quic->events->closed (self, owned, self->user_data);
}

static GError *
error_of_peer (PeerupQuicConn *self)
{
  const ngtcp2_ccerr *reason = ngtcp2_conn_get_ccerr (self->conn);
  g_autofree char *text =
    g_strndup (reason->reasonlen > 0 ? (const char *) reason->reason : "", MIN (reason->reasonlen, 120));
  g_autofree char *shown = g_strescape (text, NULL);

  if (self->reset_stateless)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                                "The peer has restarted and knows the connection no more");
  if (reason->type == NGTCP2_CCERR_TYPE_APPLICATION)
    {
      self->remote_code = reason->error_code;
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                          "The peer closed the connection with code 0x%" G_GINT64_MODIFIER "x", reason->error_code);
    }
  if (reason->error_code >= NGTCP2_CRYPTO_ERROR && reason->error_code < NGTCP2_CRYPTO_ERROR + 0x100)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "The peer refused the TLS handshake: %s",
                        gnutls_alert_get_name (reason->error_code - NGTCP2_CRYPTO_ERROR) ?: "unknown alert");
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                      "The peer ended the QUIC connection with code 0x%" G_GINT64_MODIFIER "x%s%s", reason->error_code,
                      *shown != '\0' ? ": " : "", shown);
}

static GError *
error_of_code (PeerupQuicConn *self, int code)
{
  if (self->tls_error != NULL)
    return g_steal_pointer (&self->tls_error);
  switch (code)
    {
    case NGTCP2_ERR_IDLE_CLOSE:
      return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "The QUIC connection was silent for too long");
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "No answer to the QUIC handshake in time");
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "The peer does not speak QUIC version 1");
    case NGTCP2_ERR_CRYPTO:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "The TLS handshake failed: %s",
                          gnutls_alert_get_name (ngtcp2_conn_get_tls_alert (self->conn)) ?: "unknown reason");
    default:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "QUIC failed: %s", ngtcp2_strerror (code));
    }
}

void
peerup_quic_conn_fail (PeerupQuicConn *self, int code)
{
  ngtcp2_ccerr reason;

  ngtcp2_ccerr_default (&reason);
  switch (code)
    {
    case NGTCP2_ERR_DRAINING:
      conn_end (self, error_of_peer (self), NULL, TRUE);
      return;
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      conn_end (self, error_of_code (self, code), NULL, FALSE);
      return;
    case NGTCP2_ERR_CRYPTO:
      ngtcp2_ccerr_set_tls_alert (&reason, ngtcp2_conn_get_tls_alert (self->conn), NULL, 0);
      break;
    case NGTCP2_ERR_CALLBACK_FAILURE:
      if (self->no_alpn)
        ngtcp2_ccerr_set_tls_alert (&reason, ALERT_NO_ALPN, NULL, 0);
      else
        ngtcp2_ccerr_set_liberr (&reason, NGTCP2_ERR_INTERNAL, NULL, 0);
      break;
    default:
      ngtcp2_ccerr_set_liberr (&reason, code, NULL, 0);
    }
  conn_end (self, error_of_code (self, code), &reason, FALSE);
}

void
peerup_quic_conn_lost (PeerupQuicConn *self)
{
  ngtcp2_ccerr reason;

  ngtcp2_ccerr_set_application_error (&reason, 0, NULL, 0);
  conn_end (self, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "The peer does not answer any more"),
            &reason, FALSE);
}

void
peerup_quic_conn_close (PeerupQuicConn *self, guint64 code, const GError *error, gint64 now)
{
  ngtcp2_ccerr reason;

  if (self->conn == NULL)
    return;
  peerup_quic_conn_advance (self, now);
  ngtcp2_ccerr_set_application_error (&reason, code, NULL, 0);
  conn_end (self,
            error != NULL ? g_error_copy (error)
                          : g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The connection was closed"),
            &reason, FALSE);
}

void
peerup_quic_conn_repeat_farewell (PeerupQuicConn *self)
{
  if (self->farewell == NULL || --self->farewell_left > 0)
    return;
  self->farewell_step = MIN (self->farewell_step * 2, 1024);
  self->farewell_left = self->farewell_step;
  peerup_quic_conn_say_farewell (self);
}
