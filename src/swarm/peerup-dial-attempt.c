/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One address of one dial: for TCP and WebSocket connect and upgrade, for QUIC the handshake on the socket
 * that has the right source address, through a relay a circuit and its upgrade. It looks up no names and knows nothing
 * of the attempts beside it. It tries twice only where it saved a round trip on a guess, and that was wrong. */

#include "swarm/peerup-dial-attempt.h"

#include <glib/gi18n-lib.h>

#include "swarm/peerup-swarm-private.h"
#include "transport/peerup-fiber.h"
#include "transport/peerup-socket-stream.h"
#include "wire/peerup-error.h"

/* Microseconds for one address: connect and upgrade. */
#define ATTEMPT_TIMEOUT (15 * G_USEC_PER_SEC)

static PeerupDialAttempt *
attempt_ref (PeerupDialAttempt *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_dial_attempt_unref (PeerupDialAttempt *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->swarm);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  peerup_dial_candidate_free (self->candidate);
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
  peerup_dial_attempt_unref (data);
}

static gboolean
attempt_is_cancelled (PeerupDialAttempt *self)
{
  return !dex_future_is_pending (DEX_FUTURE (self->cancel));
}

/* @future, which is taken, loses to the cancel, and so ends at once then. */
static gpointer
attempt_await (PeerupDialAttempt *self, DexFuture *future)
{
  return dex_await_object (dex_future_first (future, dex_ref (self->cancel), NULL), &self->error);
}

/* Over a socket, which @endpoint says what to do with, or a circuit. */
static void
attempt_upgrade (PeerupDialAttempt *self, const PeerupEndpoint *endpoint, PeerupMultiaddr *local, gboolean limited)
{
  gboolean web = endpoint != NULL && peerup_endpoint_is_websocket (endpoint);
  const PeerupUpgradeOptions options = {
    .outbound = TRUE,
    .expected_peer = self->peer,
    .local_address = local,
    .remote_address = self->candidate->known,
    .transport = endpoint == NULL ? PEERUP_TRANSPORT_RELAY
                 : web            ? PEERUP_TRANSPORT_WEBSOCKET
                                  : "tcp",
    .limited = limited,
    .guess = self->guess,
    .deadline = self->deadline,
  };

  self->has_guessed = self->guess != NULL;
  self->connection = dex_await_object (web ? peerup_swarm_dial_websocket (self->swarm, self->raw, endpoint, &options)
                                           : peerup_swarm_upgrade (self->swarm, self->raw, &options),
                                       &self->error);
  g_clear_object (&self->raw);
}

static void
attempt_run_tcp (PeerupDialAttempt *self, const PeerupSocketAddress *remote)
{
  g_autoptr (GSocketAddress) address =
    g_socket_address_new_from_native ((gpointer) &remote->any, peerup_socket_address_get_length (remote));
  g_autoptr (PeerupMultiaddr) local = NULL;

  self->raw = attempt_await (self, peerup_socket_connect_address (address, self->deadline));
  if (self->raw == NULL)
    return;
  peerup_socket_stream_set_peer_options (PEERUP_SOCKET_STREAM (self->raw));
  local = peerup_swarm_address_of_socket (peerup_socket_stream_get_fd (PEERUP_SOCKET_STREAM (self->raw)), FALSE,
                                          self->candidate->endpoint.transport, NULL);
  attempt_upgrade (self, &self->candidate->endpoint, local, FALSE);
}

static void
attempt_run_circuit (PeerupDialAttempt *self)
{
  DexFuture *opening = peerup_swarm_open_circuit (self->swarm, self->peer, self->candidate->known, self->deadline);
  g_autoptr (PeerupCircuit) circuit =
    dex_await_boxed (dex_future_first (opening, dex_ref (self->cancel), NULL), &self->error);

  if (circuit == NULL)
    return;
  self->raw = g_object_ref (circuit->stream);
  attempt_upgrade (self, NULL, NULL, circuit->limited);
}

static void
attempt_run_quic (PeerupDialAttempt *self, const PeerupSocketAddress *remote)
{
  PeerupQuicTransport *transport = peerup_swarm_get_quic_for (self->swarm, remote, &self->error);

  if (transport != NULL)
    self->connection = attempt_await (self, peerup_quic_transport_dial (transport, remote, self->peer,
                                                                        self->candidate->known, self->deadline));
}

static void
attempt_run_once (PeerupDialAttempt *self)
{
  const PeerupEndpoint *endpoint = &self->candidate->endpoint;
  PeerupSocketAddress remote;

  if (self->candidate->relayed)
    attempt_run_circuit (self);
  else if (!peerup_endpoint_get_socket_address (endpoint, &remote))
    g_set_error (&self->error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                 _ ("this machine has no network interface for %s"), endpoint->host);
  else if (endpoint->transport == PEERUP_IP_QUIC)
    attempt_run_quic (self, &remote);
  else
    attempt_run_tcp (self, &remote);
}

/* Which security protocol the peer will agree to: the only one that there is, or the one that it did
 * last time. Nothing is known of a new one, but who waits at a relay is mostly a peer like us, and
 * the way there is long. */
static const char *
attempt_guess (PeerupDialAttempt *self)
{
  const char *const *securities = self->swarm->securities != NULL ? self->swarm->securities : peerup_upgrade_securities;
  const char *known = self->peer != NULL ? peerup_peerstore_get_security (self->swarm->peerstore, self->peer) : NULL;

  if (known != NULL && g_strv_contains (securities, known))
    return known;
  return self->candidate->relayed || securities[1] == NULL ? securities[0] : NULL;
}

static void
attempt_run (PeerupDialAttempt *self)
{
  self->guess = attempt_guess (self);
  attempt_run_once (self);
  if (!self->has_guessed || !g_error_matches (self->error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION) ||
      attempt_is_cancelled (self))
    return;
  g_debug ("%s: %s", peerup_peer_id_get_string (self->peer), self->error->message);
  g_clear_error (&self->error);
  self->guess = NULL;
  attempt_run_once (self);
}

/* A connection that nobody takes is closed, lest the streams that the peer opens on it hold it. */
static void
attempt_drop_connection (PeerupDialAttempt *self)
{
  g_autoptr (PeerupConnection) connection = g_steal_pointer (&self->connection);

  if (connection != NULL)
    peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SUPPLANTED);
}

static DexFuture *
attempt_fiber (gpointer data)
{
  PeerupDialAttempt *self = data;

  if (!attempt_is_cancelled (self))
    attempt_run (self);
  if (attempt_is_cancelled (self))
    attempt_drop_connection (self);
  self->ended_at = g_get_monotonic_time ();
  dex_promise_resolve_boolean (self->ended, TRUE);
  return dex_future_new_for_boolean (TRUE);
}

PeerupDialAttempt *
peerup_dial_attempt_start (PeerupSwarm *swarm, PeerupPeerId *peer, PeerupDialCandidate *candidate)
{
  PeerupDialAttempt *self = g_new0 (PeerupDialAttempt, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->swarm = g_object_ref (swarm);
  self->peer = peer != NULL ? peerup_peer_id_ref (peer) : NULL;
  self->candidate = candidate;
  self->started_at = g_get_monotonic_time ();
  self->deadline = self->started_at + ATTEMPT_TIMEOUT;
  self->cancel = dex_promise_new ();
  self->ended = dex_promise_new ();
  /* Answers through its promise, also when it was cancelled. */
  dex_future_disown (peerup_fiber_run (attempt_fiber, attempt_ref (self), attempt_release));
  return self;
}

/* Its fiber ends by itself soon: what it waits for has lost, or the stream under it is gone. */
void
peerup_dial_attempt_cancel (PeerupDialAttempt *self)
{
  dex_promise_reject (self->cancel, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("No longer needed")));
  if (self->raw != NULL)
    peerup_stream_reset (self->raw, PEERUP_STREAM_CODE_NONE);
  attempt_drop_connection (self);
}
