/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * How TLS streams come to be, each in the fiber of whoever wants one: as libp2p has it, where both
 * sides prove who they are, and as the web has it, which is the outer coat of a WebSocket
 * and proves nothing. Sessions are set up here; what they carry is peerup-tls-stream.c's. */

#include <string.h>

#include "identity/peerup-gnutls.h"
#include "transport/peerup-tls-stream-private.h"
#include "wire/peerup-error.h"

#define HANDSHAKE_MAX (24 * 1024)

static void
session_set_alpn (gnutls_session_t session, const char *const *alpn, unsigned int flags)
{
  gnutls_datum_t list[8];
  guint n = 0;

  for (; alpn[n] != NULL; n++)
    {
      g_assert (n < G_N_ELEMENTS (list));
      list[n] = (gnutls_datum_t) { (unsigned char *) alpn[n], strlen (alpn[n]) };
    }
  gnutls_alpn_set_protocols (session, list, n, flags);
}

/* @credentials have to outlive it. */
static gnutls_session_t
session_new (gboolean outbound, gnutls_priority_t priority, gnutls_certificate_credentials_t credentials)
{
  guint flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS | GNUTLS_NO_STATUS_REQUEST;
  gnutls_session_t session = NULL;

  /* These fail only without memory, or for names that are not in the library at all. */
  if (gnutls_init (&session, flags | (outbound ? GNUTLS_CLIENT : GNUTLS_SERVER)) < 0 ||
      gnutls_priority_set (session, priority) < 0 ||
      gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials) < 0)
    g_error ("GnuTLS cannot start a session");
  /* A peer's certificate is at most 16 KiB; nothing else in a handshake is as large. */
  gnutls_handshake_set_max_packet_length (session, HANDSHAKE_MAX);
  gnutls_handshake_set_timeout (session, GNUTLS_INDEFINITE_TIMEOUT);
  return session;
}

/* Until the handshake is done; each round sends what it has before it waits. */
static gboolean
run_handshake (PeerupTlsStream *self, gint64 deadline, GError **error)
{
  for (;;)
    {
      int code = gnutls_handshake (self->session);
      gboolean ok = code == 0 || !gnutls_error_is_fatal (code);

      if (!ok)
        gnutls_alert_send_appropriate (self->session, code);
      if (self->output != NULL && self->output->len > 0 &&
          !peerup_stream_await_write_all (self->raw, self->output->data, self->output->len, deadline,
                                          ok ? error : NULL) &&
          ok)
        return FALSE;
      peerup_tls_stream_drop_output (self);
      if (code == 0)
        break;
      if (!ok)
        {
          g_propagate_error (error, peerup_tls_stream_error (self, code));
          return FALSE;
        }
      if (code == GNUTLS_E_AGAIN && !peerup_stream_await_readable (self->raw, deadline, error))
        return FALSE;
    }
  /* Else who only writes would keep it. */
  if (self->start == self->end)
    peerup_tls_stream_drop_input (self);
  return TRUE;
}

/* As libp2p has it */

static int
verify_peer (gnutls_session_t session)
{
  PeerupTlsStream *self = gnutls_session_get_ptr (session);
  g_autoptr (GError) local = NULL;

  g_clear_pointer (&self->remote_key, peerup_public_key_unref);
  self->remote_key = peerup_certificate_verify_session (session, g_get_real_time () / G_USEC_PER_SEC, &local);
  if (self->remote_key != NULL && self->expected_peer != NULL &&
      !peerup_peer_id_matches_public_key (self->expected_peer, self->remote_key))
    {
      g_autoptr (PeerupPeerId) actual = peerup_peer_id_new_from_public_key (self->remote_key);

      g_set_error (&local, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, "Expected %s, but %s answered",
                   peerup_peer_id_get_string (self->expected_peer), peerup_peer_id_get_string (actual));
    }
  if (local == NULL)
    return 0;
  g_clear_error (&self->raw_error);
  self->raw_error = g_steal_pointer (&local);
  return GNUTLS_E_CERTIFICATE_ERROR;
}

PeerupTlsStream *
peerup_tls_stream_new (PeerupStream *raw, const PeerupTlsOptions *options)
{
  gnutls_session_t session = session_new (options->outbound, peerup_gnutls_get_priority (),
                                          peerup_certificate_get_credentials (options->certificate));
  PeerupTlsStream *self = peerup_tls_stream_wrap (raw, session);

  self->certificate = peerup_certificate_ref (options->certificate);
  self->expected_peer = options->expected_peer != NULL ? peerup_peer_id_ref (options->expected_peer) : NULL;
  self->offered = options->alpn;
  session_set_alpn (session, options->alpn, GNUTLS_ALPN_MANDATORY);
  gnutls_session_set_verify_function (session, verify_peer);
  if (!options->outbound)
    gnutls_certificate_server_set_request (session, GNUTLS_CERT_REQUIRE);
  return self;
}

GBytes *
peerup_tls_stream_take_hello (PeerupTlsStream *self)
{
  GBytes *hello;
  int code;

  self->greeting = TRUE;
  code = gnutls_handshake (self->session);
  self->greeting = FALSE;
  if (code != GNUTLS_E_AGAIN || self->output == NULL)
    g_error ("GnuTLS cannot begin a handshake: %s", gnutls_strerror (code));
  hello = g_bytes_new (self->output->data, self->output->len);
  peerup_tls_stream_drop_output (self);
  return hello;
}

/* One of the caller's own strings, so that it need not be copied. */
static const char *
session_get_alpn (gnutls_session_t session, const char *const *alpn)
{
  gnutls_datum_t selected;

  if (gnutls_alpn_get_selected_protocol (session, &selected) < 0)
    return NULL;
  for (guint i = 0; alpn[i] != NULL; i++)
    if (strlen (alpn[i]) == selected.size && memcmp (alpn[i], selected.data, selected.size) == 0)
      return alpn[i];
  return NULL;
}

gboolean
peerup_tls_stream_handshake (PeerupTlsStream *self, gconstpointer early, gsize early_length, gint64 deadline,
                             GError **error)
{
  peerup_tls_stream_put_back (self, early, early_length);
  if (!run_handshake (self, deadline, error))
    return FALSE;
  /* GnuTLS asks the check for every certificate; a session without one must not pass. */
  if (self->remote_key == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, "The peer showed no certificate");
      return FALSE;
    }
  self->alpn = session_get_alpn (self->session, self->offered);
  g_clear_pointer (&self->expected_peer, peerup_peer_id_unref);
  return TRUE;
}

/* As the web has it */

/* A client's, which has no certificate. */
static gnutls_certificate_credentials_t
empty_credentials (void)
{
  static gnutls_certificate_credentials_t credentials;

  if (g_once_init_enter_pointer (&credentials))
    {
      gnutls_certificate_credentials_t made = NULL;

      if (gnutls_certificate_allocate_credentials (&made) < 0)
        g_error ("GnuTLS cannot allocate credentials");
      g_once_init_leave_pointer (&credentials, made);
    }
  return credentials;
}

PeerupStream *
peerup_tls_stream_handshake_web (PeerupStream *raw, const PeerupTlsWebOptions *options, GError **error)
{
  static const char *const alpn[] = { "http/1.1", NULL };
  gboolean outbound = options->credentials == NULL;
  gnutls_session_t session =
    session_new (outbound, peerup_gnutls_get_web_priority (),
                 outbound ? empty_credentials () : peerup_tls_credentials_get (options->credentials));
  g_autoptr (PeerupTlsStream) self = peerup_tls_stream_wrap (raw, session);

  if (!outbound)
    self->credentials = peerup_tls_credentials_ref (options->credentials);
  /* Fails for what is no DNS name: then none is asked for. */
  if (outbound && options->server_name != NULL)
    gnutls_server_name_set (session, GNUTLS_NAME_DNS, options->server_name, strlen (options->server_name));
  session_set_alpn (session, alpn, 0);
  if (!run_handshake (self, options->deadline, error))
    return NULL;
  return PEERUP_STREAM (g_steal_pointer (&self));
}
