/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The upgrade of a raw stream, in one fiber that owns everything it touches. What is read
 * behind one step of the negotiation is handed to the next, so no step needs to read
 * byte by byte. */

#include "transport/peerup-upgrade.h"

#include <string.h>

#include "transport/multistream/peerup-multistream.h"
#include "transport/peerup-noise-stream.h"
#include "transport/peerup-tls-stream.h"
#include "transport/peerup-yamux-connection.h"
#include "wire/peerup-error.h"
#include "transport/peerup-fiber.h"

#define PROTOCOL_YAMUX "/yamux/1.0.0"

const char *const peerup_upgrade_securities[] = { PEERUP_SECURITY_TLS, PEERUP_SECURITY_NOISE, NULL };
static const char *const muxers[] = { PROTOCOL_YAMUX, NULL };
static const char *const alpn[] = { PROTOCOL_YAMUX, "libp2p", NULL };

typedef struct
{
  PeerupStream *raw;
  PeerupUpgradeOptions options;
  PeerupMultistream *negotiation; /* for the security protocol; NULL once that is agreed on */
  /* Read from the raw stream and not used yet: [start, end). */
  guint8 early[4096];
  gsize start;
  gsize end;
  /* What the security handshake found. */
  PeerupStream *secure;
  PeerupPublicKey *remote_key;
  const char *security;
  const char *muxer;
} Upgrade;

static void
upgrade_free (gpointer data)
{
  Upgrade *self = data;

  g_object_unref (self->raw);
  g_clear_pointer (&self->negotiation, peerup_multistream_free);
  g_clear_object (&self->secure);
  g_clear_pointer (&self->remote_key, peerup_public_key_unref);
  peerup_private_key_unref (self->options.identity);
  peerup_certificate_unref (self->options.certificate);
  g_clear_pointer (&self->options.expected_peer, peerup_peer_id_unref);
  g_clear_pointer (&self->options.local_address, peerup_multiaddr_unref);
  g_clear_pointer (&self->options.remote_address, peerup_multiaddr_unref);
  g_free (self);
}

static gboolean
upgrade_send (Upgrade *self, GBytes *output, GError **error)
{
  g_autoptr (GBytes) bytes = output;
  gconstpointer data;
  gsize length;

  if (bytes == NULL)
    return TRUE;
  data = g_bytes_get_data (bytes, &length);
  return peerup_stream_await_write_all (self->raw, data, length, self->options.deadline, error);
}

/* Reads more behind what is left; the end is an error. */
static gboolean
upgrade_fill (Upgrade *self, GError **error)
{
  gssize n;

  if (self->start > 0)
    memmove (self->early, self->early + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;
  n = peerup_stream_await_read (self->raw, self->early + self->end, sizeof self->early - self->end,
                                self->options.deadline, error);
  if (n == 0)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                         "The peer closed the connection during the handshake");
  if (n <= 0)
    return FALSE;
  self->end += n;
  return TRUE;
}

static gboolean
is_security_served (const char *protocol, gpointer data)
{
  Upgrade *self = data;

  return g_strv_contains (self->options.securities, protocol);
}

/* Until the security protocol is agreed on. */
static gboolean
upgrade_agree (Upgrade *self, GError **error)
{
  const char *agreed;

  for (;;)
    {
      gsize consumed;

      if (!upgrade_send (self, peerup_multistream_take_output (self->negotiation), error))
        return FALSE;
      agreed = peerup_multistream_get_protocol (self->negotiation);
      if (agreed != NULL)
        break;
      if (self->start == self->end && !upgrade_fill (self, error))
        return FALSE;
      if (!peerup_multistream_feed (self->negotiation, self->early + self->start, self->end - self->start, &consumed,
                                    error))
        return FALSE;
      self->start += consumed;
    }
  self->security = g_str_equal (agreed, PEERUP_SECURITY_TLS) ? PEERUP_SECURITY_TLS : PEERUP_SECURITY_NOISE;
  g_clear_pointer (&self->negotiation, peerup_multistream_free);
  return TRUE;
}

/* A new connection's dialer may wait for the listener's header, so that goes first. A guess is
 * proposed by upgrade_send_first(). */
static gboolean
upgrade_negotiate_security (Upgrade *self, GError **error)
{
  const char *const guess[] = { self->options.guess, NULL };

  if (!self->options.outbound)
    self->negotiation = peerup_multistream_new_listener (is_security_served, self);
  else if (self->options.guess != NULL)
    self->negotiation = peerup_multistream_new_dialer (guess);
  else
    self->negotiation = peerup_multistream_new_dialer (self->options.securities);
  self->security = self->options.guess;
  return self->options.guess != NULL || upgrade_agree (self, error);
}

/* Two for one write. Takes both. */
static GBytes *
join_bytes (GBytes *a, GBytes *b)
{
  g_autoptr (GByteArray) joined = g_byte_array_new ();

  g_byte_array_append (joined, g_bytes_get_data (a, NULL), g_bytes_get_size (a));
  g_byte_array_append (joined, g_bytes_get_data (b, NULL), g_bytes_get_size (b));
  g_bytes_unref (a);
  g_bytes_unref (b);
  return g_byte_array_free_to_bytes (g_steal_pointer (&joined));
}

/* Sends what the security protocol begins with, which is taken: on a guess, behind the proposal. A
 * peer that does not know it finds nonsense behind the proposal, and how it ends that is its own affair. */
static gboolean
upgrade_send_first (Upgrade *self, GBytes *message, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (self->negotiation == NULL)
    return upgrade_send (self, message, error);
  if (upgrade_send (self, join_bytes (peerup_multistream_take_output (self->negotiation), message), &local) &&
      upgrade_agree (self, &local))
    return TRUE;
  if (g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION, "%s was not agreed on: %s", self->options.guess,
                 local->message);
  return FALSE;
}

static gboolean
upgrade_secure_tls (Upgrade *self, GError **error)
{
  const PeerupTlsOptions options = {
    .certificate = self->options.certificate,
    .outbound = self->options.outbound,
    .expected_peer = self->options.expected_peer,
    .alpn = alpn,
  };
  g_autoptr (PeerupTlsStream) tls = peerup_tls_stream_new (self->raw, &options);
  const char *selected;

  if (self->options.outbound && !upgrade_send_first (self, peerup_tls_stream_take_hello (tls), error))
    return FALSE;
  if (!peerup_tls_stream_handshake (tls, self->early + self->start, self->end - self->start, self->options.deadline,
                                    error))
    return FALSE;
  self->remote_key = peerup_public_key_ref (peerup_tls_stream_get_remote_key (tls));
  selected = peerup_tls_stream_get_alpn (tls);
  if (selected != NULL && g_str_equal (selected, PROTOCOL_YAMUX))
    self->muxer = PROTOCOL_YAMUX;
  self->secure = PEERUP_STREAM (g_steal_pointer (&tls));
  return TRUE;
}

static gboolean
upgrade_secure_noise (Upgrade *self, GError **error)
{
  g_autoptr (PeerupNoise) noise =
    peerup_noise_new (self->options.outbound, self->options.identity, self->options.expected_peer, muxers, NULL, error);

  if (noise == NULL)
    return FALSE;
  if (self->options.outbound && !upgrade_send_first (self, peerup_noise_take_output (noise), error))
    return FALSE;
  for (;;)
    {
      gsize consumed;

      if (!upgrade_send (self, peerup_noise_take_output (noise), error))
        return FALSE;
      if (peerup_noise_is_done (noise))
        break;
      if (self->start == self->end && !upgrade_fill (self, error))
        return FALSE;
      if (!peerup_noise_feed (noise, self->early + self->start, self->end - self->start, &consumed, error))
        return FALSE;
      self->start += consumed;
    }
  self->remote_key = peerup_public_key_ref (peerup_noise_get_remote_key (noise));
  if (peerup_noise_get_muxer (noise) != NULL)
    self->muxer = PROTOCOL_YAMUX;
  self->secure =
    peerup_noise_stream_new (self->raw, g_steal_pointer (&noise), self->early + self->start, self->end - self->start);
  return TRUE;
}

static gboolean
is_muxer_served (const char *protocol, gpointer data)
{
  return g_str_equal (protocol, PROTOCOL_YAMUX);
}

/* Only where it was not chosen within the handshake. */
static gboolean
upgrade_negotiate_muxer (Upgrade *self, GError **error)
{
  const char *agreed;

  if (self->muxer != NULL)
    return TRUE;
  agreed = self->options.outbound
             ? peerup_negotiate_dial (self->secure, muxers, self->options.deadline, error)
             : peerup_negotiate_listen (self->secure, is_muxer_served, NULL, self->options.deadline, error);
  if (agreed == NULL)
    return FALSE;
  self->muxer = PROTOCOL_YAMUX;
  return TRUE;
}

static PeerupConnection *
upgrade_make_connection (Upgrade *self, PeerupPeerId *peer)
{
  PeerupConnectionInfo info = {
    .remote_key = self->remote_key,
    .remote_peer = peer,
    .local_address = self->options.local_address,
    .remote_address = self->options.remote_address,
    .transport = self->options.transport,
    .security = self->security,
    .muxer = self->muxer,
    .outbound = self->options.outbound,
    .limited = self->options.limited,
  };
  PeerupYamuxLimits limits = peerup_yamux_default_limits;

  /* So that a frame of yamux is one message of Noise, not one and a tail. */
  if (g_str_equal (self->security, PEERUP_SECURITY_NOISE))
    limits.max_frame = PEERUP_NOISE_PLAINTEXT_MAX;
  return peerup_yamux_connection_new (g_steal_pointer (&self->secure), &info, self->options.outbound, &limits);
}

/* A refused peer is told why where the muxer was chosen early: a go-away with code 0x1007
 * costs nothing more to negotiate. No stream of it is ever accepted. */
static void
upgrade_refuse (Upgrade *self, PeerupPeerId *peer)
{
  g_autoptr (PeerupConnection) connection = NULL;

  if (self->muxer == NULL)
    {
      peerup_stream_close (self->secure);
      return;
    }
  connection = upgrade_make_connection (self, peer);
  peerup_connection_set_stream_func (connection, NULL, NULL);
  peerup_connection_close (connection, PEERUP_CONNECTION_CODE_GATED);
}

static PeerupConnection *
upgrade_run (Upgrade *self, GError **error)
{
  g_autoptr (PeerupPeerId) peer = NULL;
  gboolean secured;

  if (!upgrade_negotiate_security (self, error))
    return NULL;
  secured = g_str_equal (self->security, PEERUP_SECURITY_TLS) ? upgrade_secure_tls (self, error)
                                                              : upgrade_secure_noise (self, error);
  if (!secured)
    return NULL;
  peer = peerup_peer_id_new_from_public_key (self->remote_key);
  if (self->options.gate != NULL &&
      !self->options.gate (peer, self->options.remote_address, self->options.outbound, self->options.gate_data, error))
    {
      upgrade_refuse (self, peer);
      return NULL;
    }
  if (!upgrade_negotiate_muxer (self, error))
    return NULL;
  return upgrade_make_connection (self, peer);
}

static DexFuture *
upgrade_fiber (gpointer data)
{
  Upgrade *self = data;
  g_autoptr (GError) error = NULL;
  PeerupConnection *connection = upgrade_run (self, &error);

  if (connection != NULL)
    return dex_future_new_take_object (connection);
  /* The refused peer's go-away is still on its way; its connection closes the stream. */
  if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED))
    peerup_stream_reset (self->secure != NULL ? self->secure : self->raw, PEERUP_STREAM_CODE_NONE);
  return dex_future_new_for_error (g_steal_pointer (&error));
}

DexFuture *
peerup_upgrade (PeerupStream *raw, const PeerupUpgradeOptions *options)
{
  Upgrade *self = g_new0 (Upgrade, 1);

  g_return_val_if_fail (PEERUP_IS_STREAM (raw), NULL);
  g_return_val_if_fail (options->outbound || options->guess == NULL, NULL);
  self->raw = g_object_ref (raw);
  self->options = *options;
  if (self->options.securities == NULL)
    self->options.securities = peerup_upgrade_securities;
  peerup_private_key_ref (self->options.identity);
  peerup_certificate_ref (self->options.certificate);
  if (self->options.expected_peer != NULL)
    peerup_peer_id_ref (self->options.expected_peer);
  if (self->options.local_address != NULL)
    peerup_multiaddr_ref (self->options.local_address);
  if (self->options.remote_address != NULL)
    peerup_multiaddr_ref (self->options.remote_address);
  return peerup_fiber_spawn (upgrade_fiber, self, upgrade_free);
}
