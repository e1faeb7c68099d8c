/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * How TLS streams come to be, each in the fiber of whoever wants one: as libp2p has it, where both
 * sides prove who they are, and as the web has it, which is the outer coat of a WebSocket
 * and proves nothing. Sessions are set up here; what they carry is peerup-tls-stream.c's. */

#include <string.h>

#include "transport/peerup-tls-stream-private.h"
#include "wire/peerup-error.h"

#define HANDSHAKE_MAX (24 * 1024)

/* AES first where the CPU has it: GnuTLS's ChaCha20 is several times slower there. The
 * groups leave out finite-field ones, which cost a listener 0.2 s of CPU a hello. */
#define AES_FIRST    ":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
#define CHACHA_FIRST ":+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-GCM"
#define GROUPS       ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"

/* libp2p has TLS 1.3 alone; the web may have proxies between us that know no more than 1.2,
 * or that want 1.3 to look like it. */
#define PEER_PRIORITY(ciphers) \
  "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL" ciphers GROUPS ":%DISABLE_TLS13_COMPAT_MODE:%SERVER_PRECEDENCE"
#define WEB_PRIORITY(ciphers)                                                                             \
  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL" ciphers GROUPS \
  ":%SERVER_PRECEDENCE"

static gboolean
cpu_has_aes (void)
{
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports ("aes");
#elif defined(__ARM_FEATURE_AES)
  return TRUE;
#else
  return FALSE;
#endif
}

static gnutls_priority_t
priority_new (const char *text)
{
  gnutls_priority_t priority = NULL;

  if (gnutls_priority_init (&priority, text, NULL) < 0)
    g_error ("This GnuTLS does not know the TLS ciphers it needs");
  return priority;
}

static gnutls_priority_t
peer_priority (void)
{
  static gnutls_priority_t priority;

  if (g_once_init_enter_pointer (&priority))
    g_once_init_leave_pointer (&priority, priority_new (cpu_has_aes () ? PEER_PRIORITY (AES_FIRST)
                                                                       : PEER_PRIORITY (CHACHA_FIRST)));
  return priority;
}

static gnutls_priority_t
web_priority (void)
{
  static gnutls_priority_t priority;

  if (g_once_init_enter_pointer (&priority))
    g_once_init_leave_pointer (&priority,
                               priority_new (cpu_has_aes () ? WEB_PRIORITY (AES_FIRST) : WEB_PRIORITY (CHACHA_FIRST)));
  return priority;
}

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

static PeerupTlsStream *
new_for_peer (PeerupStream *raw, const PeerupTlsOptions *options)
{
  gnutls_session_t session =
    session_new (options->outbound, peer_priority (), peerup_certificate_get_credentials (options->certificate));
  PeerupTlsStream *self = peerup_tls_stream_wrap (raw, session, options->early, options->early_length);

  self->certificate = peerup_certificate_ref (options->certificate);
  self->expected_peer = options->expected_peer != NULL ? peerup_peer_id_ref (options->expected_peer) : NULL;
  session_set_alpn (session, options->alpn, GNUTLS_ALPN_MANDATORY);
  gnutls_session_set_verify_function (session, verify_peer);
  if (!options->outbound)
    gnutls_certificate_server_set_request (session, GNUTLS_CERT_REQUIRE);
  return self;
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

PeerupStream *
peerup_tls_stream_handshake (PeerupStream *raw, const PeerupTlsOptions *options, GError **error)
{
  g_autoptr (PeerupTlsStream) self = new_for_peer (raw, options);

  if (!run_handshake (self, options->deadline, error))
    return NULL;
  /* GnuTLS asks the check for every certificate; a session without one must not pass. */
  if (self->remote_key == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, "The peer showed no certificate");
      return NULL;
    }
  self->alpn = session_get_alpn (self->session, options->alpn);
  g_clear_pointer (&self->expected_peer, peerup_peer_id_unref);
  return PEERUP_STREAM (g_steal_pointer (&self));
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
    session_new (outbound, web_priority (),
                 outbound ? empty_credentials () : peerup_tls_credentials_get (options->credentials));
  g_autoptr (PeerupTlsStream) self = peerup_tls_stream_wrap (raw, session, NULL, 0);

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
