/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a WebSocket has around the upgrade of a socket: TLS as the web has it where the address
 * says so, and HTTP's handshake. One fiber does both and leaves the rest to the upgrade. Nothing
 * that is proven out here counts: a certificate is shown because clients want one, and none
 * is asked for. */

#include "swarm/peerup-swarm-private.h"

#include <glib/gi18n-lib.h>
#include "transport/peerup-tls-stream.h"
#include "transport/peerup-websocket-stream.h"
#include "wire/peerup-error.h"
#include "transport/peerup-fiber.h"

/* Microseconds for which a listener leaves the first word to the dialer. */
#define HELLO_TIMEOUT (1 * G_USEC_PER_SEC)

typedef struct
{
  PeerupSwarm *swarm;
  PeerupStream *raw;
  PeerupUpgradeOptions options;
  gboolean secure;
  PeerupTlsCredentials *credentials; /* nullable */
  char *server_name;                 /* nullable */
  char *host;                        /* NULL: we are the server */
} Web;

static void
web_free (gpointer data)
{
  Web *self = data;

  g_object_unref (self->swarm);
  g_object_unref (self->raw);
  g_clear_pointer (&self->options.expected_peer, peerup_peer_id_unref);
  g_clear_pointer (&self->options.local_address, peerup_multiaddr_unref);
  g_clear_pointer (&self->options.remote_address, peerup_multiaddr_unref);
  g_clear_pointer (&self->credentials, peerup_tls_credentials_unref);
  g_free (self->server_name);
  g_free (self->host);
  g_free (self);
}

/* @options are all in it but who we are, which the swarm adds. */
static Web *
web_new (PeerupSwarm *swarm, PeerupStream *raw, const PeerupUpgradeOptions *options)
{
  Web *self = g_new0 (Web, 1);

  self->swarm = g_object_ref (swarm);
  self->raw = g_object_ref (raw);
  self->options = *options;
  if (options->expected_peer != NULL)
    peerup_peer_id_ref (options->expected_peer);
  if (options->local_address != NULL)
    peerup_multiaddr_ref (options->local_address);
  if (options->remote_address != NULL)
    peerup_multiaddr_ref (options->remote_address);
  return self;
}

static PeerupStream *
web_open_tls (Web *self, GError **error)
{
  const PeerupTlsWebOptions options = {
    .credentials = self->credentials,
    .server_name = self->server_name,
    .deadline = self->options.deadline,
  };

  return self->secure ? peerup_tls_stream_handshake_web (self->raw, &options, error) : g_object_ref (self->raw);
}

static PeerupStream *
web_open (Web *self, GError **error)
{
  const PeerupWebsocketOptions options = { .host = self->host, .deadline = self->options.deadline };
  g_autoptr (PeerupStream) below = web_open_tls (self, error);

  return below != NULL ? peerup_websocket_stream_handshake (below, &options, error) : NULL;
}

/* A listener's hello waits for the dialer's, which every dialer of libp2p sends at once and whose
 * answer it needs in any case: so no time is lost, while js-libp2p loses what comes in one packet
 * with the answer to its request. One that waits for us is not kept for long. */
static void
web_let_dialer_speak (Web *self, PeerupStream *stream)
{
  gint64 until = g_get_monotonic_time () + HELLO_TIMEOUT;
  g_autoptr (GError) error = NULL;
  GInputVector first;

  /* Looking is what finds out that there is nothing yet. */
  if (peerup_stream_peek (stream, &first, 1) == 0 &&
      !peerup_stream_await_readable (stream, MIN (until, self->options.deadline), &error))
    g_debug ("A WebSocket's dialer waits for us: %s", error->message);
}

static DexFuture *
web_fiber (gpointer data)
{
  Web *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream = web_open (self, &error);

  if (stream != NULL && !self->options.outbound)
    web_let_dialer_speak (self, stream);
  if (stream != NULL)
    return peerup_swarm_upgrade (self->swarm, stream, &self->options);
  /* No effect where a refusal is still on its way. */
  peerup_stream_reset (self->raw, PEERUP_STREAM_CODE_NONE);
  return dex_future_new_for_error (g_steal_pointer (&error));
}

static DexFuture *
web_start (Web *self)
{
  return peerup_fiber_spawn (web_fiber, self, web_free);
}

/* "example.org:443", "192.0.2.1:80", "[2001:db8::1]:80": a zone is nobody's business but ours. */
static char *
make_host (const PeerupEndpoint *endpoint)
{
  g_auto (GStrv) parts = g_strsplit (endpoint->host, "%", 2);

  if (endpoint->server_name != NULL)
    return g_strdup_printf ("%s:%u", endpoint->server_name, endpoint->port);
  return g_strdup_printf (endpoint->family == PEERUP_MULTIADDR_IP6 ? "[%s]:%u" : "%s:%u", parts[0], endpoint->port);
}

DexFuture *
peerup_swarm_dial_websocket (PeerupSwarm *self, PeerupStream *raw, const PeerupEndpoint *endpoint,
                             const PeerupUpgradeOptions *options)
{
  Web *web = web_new (self, raw, options);

  web->secure = endpoint->transport == PEERUP_IP_WEBSOCKETS;
  web->server_name = g_strdup (endpoint->server_name);
  web->host = make_host (endpoint);
  return web_start (web);
}

DexFuture *
peerup_swarm_accept_websocket (PeerupSwarm *self, PeerupStream *raw, PeerupTlsCredentials *credentials,
                               const PeerupUpgradeOptions *options)
{
  Web *web = web_new (self, raw, options);

  web->secure = credentials != NULL;
  web->credentials = credentials != NULL ? peerup_tls_credentials_ref (credentials) : NULL;
  return web_start (web);
}

/* The certificate */

void
peerup_swarm_set_websocket_certificate (PeerupSwarm *self, const char *certificate_file, const char *key_file)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));
  g_set_str (&self->websocket_certificate_file, certificate_file);
  g_set_str (&self->websocket_key_file, key_file);
}

PeerupTlsCredentials *
peerup_swarm_read_websocket_certificate (PeerupSwarm *self, GError **error)
{
  gboolean has_certificate = self->websocket_certificate_file != NULL, has_key = self->websocket_key_file != NULL;

  if (has_certificate && has_key)
    return peerup_tls_credentials_new_from_files (self->websocket_certificate_file, self->websocket_key_file, error);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("a WebSocket in TLS needs a certificate: set %s"),
               has_certificate ? "network.websocket.key_file"
               : has_key       ? "network.websocket.certificate_file"
                               : _ ("network.websocket.certificate_file and network.websocket.key_file"));
  return NULL;
}
