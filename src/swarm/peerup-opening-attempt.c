/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One destination of a simultaneous open, from the port that we listen on: QUIC's first packets as client, datagrams
 * that mean nothing as server, or a TCP socket that connects and then speaks first or second as it was told. It lives
 * until its deadline at most, and sends no more than peerup-swarm-simultaneous.h says. */

#include "swarm/peerup-opening-attempt.h"

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "swarm/peerup-swarm-private.h"
#include "swarm/peerup-swarm-simultaneous.h"
#include "transport/peerup-fiber.h"
#include "transport/peerup-socket-stream.h"
#include "wire/peerup-error.h"

/* Microseconds before the next datagram: this, and something at random that grows with their number (as go-libp2p). */
#define DATAGRAM_PAUSE     10000
#define DATAGRAM_PAUSE_MAX 200000

static PeerupOpeningAttempt *
attempt_ref (PeerupOpeningAttempt *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_opening_attempt_unref (PeerupOpeningAttempt *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->swarm);
  peerup_peer_id_unref (self->peer);
  peerup_multiaddr_unref (self->address);
  dex_unref (self->cancel);
  dex_unref (self->ended);
  g_clear_object (&self->connection);
  g_clear_error (&self->error);
  g_clear_object (&self->raw);
  g_free (self);
}

static void
attempt_release (gpointer data)
{
  peerup_opening_attempt_unref (data);
}

static gboolean
attempt_is_cancelled (PeerupOpeningAttempt *self)
{
  return !dex_future_is_pending (DEX_FUTURE (self->cancel));
}

/* @future, which is taken, loses to the cancel, and so ends at once then. */
static gpointer
attempt_await (PeerupOpeningAttempt *self, DexFuture *future)
{
  g_clear_error (&self->error);
  return dex_await_object (dex_future_first (future, dex_ref (self->cancel), NULL), &self->error);
}

/* FALSE when there is no time for more. */
static gboolean
attempt_pause (PeerupOpeningAttempt *self, gint64 microseconds)
{
  gint64 until = MIN (g_get_monotonic_time () + microseconds, self->deadline);
  g_autoptr (GError) error = NULL;

  /* It rejects either way. */
  if (!dex_await (dex_future_first (dex_timeout_new_deadline (until), dex_ref (self->cancel), NULL), &error))
    g_assert (error != NULL);
  return !attempt_is_cancelled (self) && g_get_monotonic_time () < self->deadline;
}

/* QUIC */

static void
attempt_send_datagram (PeerupOpeningAttempt *self, PeerupQuicTransport *transport)
{
  guint8 bytes[PEERUP_OPENING_DATAGRAM_SIZE];
  const PeerupDatagrams datagrams = {
    .remote = self->remote,
    .data = bytes,
    .length = sizeof bytes,
    .segment = sizeof bytes,
  };

  if (gnutls_rnd (GNUTLS_RND_NONCE, bytes, sizeof bytes) != 0)
    g_error ("No random numbers");
  peerup_udp_socket_send (peerup_quic_transport_get_socket (transport), &datagrams);
}

/* Asked for anew each time: the network may change meanwhile. */
static void
attempt_serve_quic (PeerupOpeningAttempt *self)
{
  gint64 spread = 0;
  guint i = 0;

  do
    {
      PeerupQuicTransport *transport = peerup_swarm_get_quic_for (self->swarm, &self->remote, &self->error);

      if (transport == NULL)
        return;
      if (i < PEERUP_OPENING_DATAGRAMS_MAX)
        attempt_send_datagram (self, transport);
      i++;
      spread = MIN (DATAGRAM_PAUSE * (gint64) i * i, DATAGRAM_PAUSE_MAX);
    }
  while (attempt_pause (self, DATAGRAM_PAUSE + g_random_int_range (0, spread)));
  g_set_error_literal (&self->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("the peer did not come in time"));
}

static void
attempt_run_quic (PeerupOpeningAttempt *self)
{
  PeerupQuicTransport *transport;

  if (!self->client)
    {
      attempt_serve_quic (self);
      return;
    }
  transport = peerup_swarm_get_quic_for (self->swarm, &self->remote, &self->error);
  if (transport != NULL)
    self->connection = attempt_await (self, peerup_quic_transport_dial_punching (transport, &self->remote, self->peer,
                                                                                 self->address, self->deadline));
}

/* TCP */

static void
attempt_upgrade (PeerupOpeningAttempt *self)
{
  PeerupSocketStream *socket = PEERUP_SOCKET_STREAM (self->raw);
  g_autoptr (PeerupMultiaddr) local =
    peerup_swarm_address_of_socket (peerup_socket_stream_get_fd (socket), FALSE, PEERUP_IP_TCP, NULL);
  const PeerupUpgradeOptions options = {
    .outbound = self->client,
    .expected_peer = self->peer,
    .local_address = local,
    .remote_address = self->address,
    .transport = "tcp",
    .deadline = self->deadline,
  };

  peerup_socket_stream_set_peer_options (socket);
  self->connection = dex_await_object (peerup_swarm_upgrade (self->swarm, self->raw, &options), &self->error);
  g_clear_object (&self->raw);
}

static PeerupStream *
attempt_connect_tcp (PeerupOpeningAttempt *self)
{
  g_autoptr (GSocketAddress) address =
    g_socket_address_new_from_native (&self->remote.any, peerup_socket_address_get_length (&self->remote));
  int fd;

  g_clear_error (&self->error);
  fd = peerup_swarm_open_beside (self->swarm, &self->remote, &self->error);
  return fd >= 0 ? attempt_await (self, peerup_socket_connect_bound (fd, address, self->deadline)) : NULL;
}

/* A router may refuse what comes before its side has opened the way. */
static void
attempt_run_tcp (PeerupOpeningAttempt *self)
{
  for (guint i = 0; i < PEERUP_OPENING_CONNECTS_MAX; i++)
    {
      if (i > 0 && !attempt_pause (self, PEERUP_OPENING_CONNECT_PAUSE))
        return;
      self->raw = attempt_connect_tcp (self);
      if (self->raw != NULL && !attempt_is_cancelled (self))
        attempt_upgrade (self);
      if (self->raw != NULL || self->connection != NULL || attempt_is_cancelled (self) ||
          self->error->domain != G_IO_ERROR)
        return;
    }
}

/* Both */

/* A connection that nobody takes is closed, lest the streams that the peer opens on it hold it. */
static void
attempt_drop_connection (PeerupOpeningAttempt *self)
{
  g_autoptr (PeerupConnection) connection = g_steal_pointer (&self->connection);

  if (connection != NULL)
    peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SUPPLANTED);
}

static DexFuture *
attempt_fiber (gpointer data)
{
  PeerupOpeningAttempt *self = data;

  if (!attempt_is_cancelled (self))
    {
      if (self->transport == PEERUP_IP_QUIC)
        attempt_run_quic (self);
      else
        attempt_run_tcp (self);
    }
  if (attempt_is_cancelled (self))
    attempt_drop_connection (self);
  dex_promise_resolve_boolean (self->ended, TRUE);
  return dex_future_new_for_boolean (TRUE);
}

PeerupOpeningAttempt *
peerup_opening_attempt_new (PeerupSwarm *swarm, PeerupPeerId *peer, PeerupMultiaddr *address)
{
  g_auto (PeerupEndpoint) endpoint = { 0 };
  PeerupSocketAddress remote;
  PeerupOpeningAttempt *self;

  if (!peerup_endpoint_parse (address, &endpoint, NULL) || peerup_endpoint_is_websocket (&endpoint) ||
      !peerup_endpoint_get_socket_address (&endpoint, &remote) || endpoint.port == 0)
    return NULL;
  self = g_new0 (PeerupOpeningAttempt, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->swarm = g_object_ref (swarm);
  self->peer = peerup_peer_id_ref (peer);
  self->address = peerup_multiaddr_without_peer_id (address);
  self->transport = endpoint.transport;
  self->remote = remote;
  self->cancel = dex_promise_new ();
  self->ended = dex_promise_new ();
  return self;
}

void
peerup_opening_attempt_start (PeerupOpeningAttempt *self, gboolean client, gint64 deadline)
{
  self->client = client;
  self->deadline = deadline;
  /* Answers through its promise, also when it was cancelled. */
  dex_future_disown (peerup_fiber_run (attempt_fiber, attempt_ref (self), attempt_release));
}

/* Its fiber ends by itself soon: what it waits for has lost, or the stream under it is gone. */
void
peerup_opening_attempt_cancel (PeerupOpeningAttempt *self)
{
  dex_promise_reject (self->cancel, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("No longer needed")));
  if (self->raw != NULL)
    peerup_stream_reset (self->raw, PEERUP_STREAM_CODE_NONE);
  attempt_drop_connection (self);
}
