/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a peer wants on a hop stream, and how it is answered: a fiber that reads one message,
 * asks the gate and the table, and for a circuit talks to the target. It ends when it has
 * answered or the circuit has begun; the request itself lives until the circuit has ended.
 *
 * The server holds a request and the fiber holds it too, so that either may go first: a request
 * without a server has been told to end, and does nothing any more after its next wait.
 * Messages are read to their last byte and not one further, because the next one is the circuit's. */

#include <libdex.h>

#include "identity/peerup-envelope-crypto.h"
#include "relay/peerup-relay-server-private.h"
#include "transport/peerup-fiber.h"
#include "transport/peerup-upgrade.h"

/* Life */

static void
request_clear (gpointer data)
{
  PeerupRelayRequest *self = data;

  g_assert (self->server == NULL);
  g_clear_pointer (&self->circuit, peerup_relay_circuit_free);
  g_clear_pointer (&self->target, peerup_peer_id_unref);
  g_clear_object (&self->stop);
  g_object_unref (self->hop);
  g_object_unref (self->connection);
  dex_unref (self->cancelled);
}

void
peerup_relay_request_unref (gpointer request)
{
  g_rc_box_release_full (request, request_clear);
}

static PeerupPeerId *
request_get_source (PeerupRelayRequest *self)
{
  return peerup_connection_get_remote_peer (self->connection);
}

static guint
count_waiting (PeerupRelayServer *server, PeerupPeerId *peer)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (server->waiting, peer));
}

static void
set_waiting (PeerupRelayServer *server, PeerupPeerId *peer, guint count)
{
  if (count > 0)
    g_hash_table_insert (server->waiting, peerup_peer_id_ref (peer), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (server->waiting, peer);
}

static void
request_waits_no_more (PeerupRelayRequest *self)
{
  PeerupPeerId *source = request_get_source (self);

  set_waiting (self->server, source, count_waiting (self->server, source) - 1);
}

/* The server and its table forget it. Its streams end, if they have not, with the last reference. */
static void
request_leave (PeerupRelayRequest *self)
{
  PeerupRelayServer *server = self->server;

  if (server == NULL)
    return;
  if (self->circuit != NULL)
    server->figures.bytes += peerup_relay_circuit_get_bytes (self->circuit);
  else
    request_waits_no_more (self);
  if (self->target != NULL)
    peerup_relay_table_end_circuit (server->table, request_get_source (self), self->target);
  g_queue_unlink (&server->requests, &self->link);
  self->server = NULL;
  if (self->target != NULL)
    peerup_relay_server_changed (server);
  peerup_relay_request_unref (self);
}

void
peerup_relay_request_end (PeerupRelayRequest *self, guint32 code)
{
  if (self->server == NULL)
    return;
  if (self->circuit != NULL)
    peerup_relay_circuit_cancel (self->circuit, code);
  peerup_stream_reset (self->hop, code);
  if (self->stop != NULL)
    peerup_stream_reset (self->stop, code);
  dex_cancellable_cancel (DEX_CANCELLABLE (self->cancelled));
  request_leave (self);
}

/* Answers */

static gboolean
request_say (PeerupRelayRequest *self, const PeerupCircuitMessage *message, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_circuit_hop_encode (message);
  gint64 deadline = g_get_monotonic_time () + PEERUP_RELAY_REQUEST_TIMEOUT;

  return peerup_stream_await_write_all (self->hop, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), deadline,
                                        error);
}

/* The last word: it still arrives, and what the peer may be sending is dropped. */
static void
request_answer (PeerupRelayRequest *self, const PeerupCircuitMessage *message)
{
  if (request_say (self, message, NULL))
    peerup_stream_close (self->hop);
}

static gboolean
has_limit (const PeerupCircuitLimit *limit)
{
  return limit->duration != 0 || limit->data != 0;
}

/* Reservations */

static GBytes *
request_seal_voucher (PeerupRelayRequest *self, gint64 expires)
{
  PeerupSwarm *swarm = self->server->swarm;
  PeerupCircuitVoucher voucher = { peerup_swarm_get_peer_id (swarm), request_get_source (self), expires };
  g_autoptr (GBytes) payload = peerup_circuit_voucher_encode (&voucher);

  return peerup_envelope_seal (peerup_swarm_get_identity (swarm), PEERUP_ENVELOPE_DOMAIN_RELAY_VOUCHER,
                               peerup_envelope_type_relay_voucher, payload, NULL);
}

static PeerupCircuitStatus
request_begin_reservation (PeerupRelayRequest *self, gboolean *authorized, gint64 *expires)
{
  PeerupRelayServer *server = self->server;
  guint64 host = peerup_swarm_get_host (peerup_connection_get_info (self->connection)->remote_address);

  if (peerup_relay_is_relayed (self->connection))
    return PEERUP_CIRCUIT_PERMISSION_DENIED;
  if (!peerup_relay_server_asks_gate (server, request_get_source (self), authorized) ||
      !peerup_relay_server_allows (server, request_get_source (self), NULL))
    return PEERUP_CIRCUIT_PERMISSION_DENIED;
  /* It ends with the connection, which may have ended while the message lay here. */
  if (server->drained != NULL || peerup_connection_is_closed (self->connection))
    return PEERUP_CIRCUIT_RESERVATION_REFUSED;
  return peerup_relay_table_reserve (server->table, request_get_source (self), host,
                                     g_get_real_time () / G_USEC_PER_SEC, expires);
}

static void
request_reserve (PeerupRelayRequest *self)
{
  PeerupRelayServer *server = self->server;
  PeerupCircuitMessage answer = { .type = PEERUP_CIRCUIT_STATUS };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GBytes) voucher = NULL;
  gboolean authorized = FALSE;
  gint64 expires = 0;

  answer.status = request_begin_reservation (self, &authorized, &expires);
  if (answer.status == PEERUP_CIRCUIT_OK)
    {
      addresses = peerup_relay_server_dup_addresses (server);
      voucher = request_seal_voucher (self, expires);
      answer.has_reservation = TRUE;
      answer.expires = expires;
      answer.addresses = addresses;
      answer.voucher = voucher;
      answer.limit = authorized ? server->settings.authorized : server->settings.limit;
      answer.has_limit = has_limit (&answer.limit);
      server->figures.reservations_granted++;
      peerup_relay_server_changed (server);
    }
  else
    server->figures.reservations_refused++;
  request_answer (self, &answer);
}

/* Circuits */

/* OK: the table counts the circuit, and @self->limit is what it may carry. */
static PeerupCircuitStatus
request_begin_circuit (PeerupRelayRequest *self, PeerupPeerId *target)
{
  PeerupRelayServer *server = self->server;
  PeerupPeerId *source = request_get_source (self);
  gboolean of_source = FALSE, of_target = FALSE;
  PeerupCircuitStatus status;

  if (peerup_relay_is_relayed (self->connection) || !peerup_relay_server_asks_gate (server, source, &of_source) ||
      !peerup_relay_server_allows (server, source, target))
    return PEERUP_CIRCUIT_PERMISSION_DENIED;
  if (server->drained != NULL)
    return PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED;
  status = peerup_relay_table_begin_circuit (server->table, source, target, g_get_real_time () / G_USEC_PER_SEC);
  if (status != PEERUP_CIRCUIT_OK)
    return status;
  self->target = peerup_peer_id_ref (target);
  /* Its right may have ended since it reserved. */
  if (!peerup_relay_server_asks_gate (server, target, &of_target))
    status = PEERUP_CIRCUIT_PERMISSION_DENIED;
  self->limit = of_source && of_target ? server->settings.authorized : server->settings.limit;
  peerup_relay_server_changed (server);
  return status;
}

/* (transfer full) (nullable): a connection that the target has here already. */
static PeerupConnection *
request_find_target (PeerupRelayRequest *self)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->server->swarm, self->target);

  for (guint i = 0; i < connections->len; i++)
    if (!peerup_relay_is_relayed (connections->pdata[i]) && !peerup_connection_is_retired (connections->pdata[i]))
      return g_object_ref (connections->pdata[i]);
  return NULL;
}

static gboolean
request_open_stop (PeerupRelayRequest *self, gint64 deadline)
{
  g_autoptr (PeerupConnection) connection = self->server != NULL ? request_find_target (self) : NULL;

  if (connection == NULL)
    return FALSE;
  self->stop =
    dex_await_object (dex_future_first (peerup_connection_open_stream (connection), dex_ref (self->cancelled),
                                        dex_timeout_new_deadline (deadline), NULL),
                      NULL);
  return self->stop != NULL && self->server != NULL;
}

/* Asks the target, in one flight with the negotiation: the answer costs one round trip to it. */
static gboolean
request_send_question (PeerupRelayRequest *self, gint64 deadline)
{
  const PeerupCircuitMessage question = {
    .type = PEERUP_CIRCUIT_CONNECT,
    .peer = request_get_source (self),
    .has_limit = has_limit (&self->limit),
    .limit = self->limit,
  };
  g_autoptr (GBytes) bytes = peerup_circuit_stop_encode (&question);

  return peerup_negotiate_dial_with (self->stop, PEERUP_CIRCUIT_STOP, bytes, deadline, NULL) != NULL;
}

/* Whether the target takes the circuit. */
static gboolean
request_ask_target (PeerupRelayRequest *self)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr (PeerupCircuitMessage) answer = NULL;
  g_autoptr (GBytes) message = NULL;

  if (!request_open_stop (self, now + PEERUP_RELAY_CONNECT_TIMEOUT) ||
      !request_send_question (self, now + PEERUP_RELAY_CONNECT_TIMEOUT))
    return FALSE;
  message = peerup_stream_await_message (self->stop, PEERUP_CIRCUIT_MESSAGE_MAX,
                                         g_get_monotonic_time () + PEERUP_RELAY_STOP_TIMEOUT, NULL);
  if (message == NULL)
    return FALSE;
  answer = peerup_circuit_stop_decode (g_bytes_get_data (message, NULL), g_bytes_get_size (message), NULL);
  return answer != NULL && answer->type == PEERUP_CIRCUIT_STATUS && answer->status == PEERUP_CIRCUIT_OK;
}

static void
on_circuit_ended (PeerupRelayCircuit *circuit, const GError *error, gpointer data)
{
  PeerupRelayRequest *self = data;

  g_debug ("A circuit from %s has ended: %s", peerup_peer_id_get_string (request_get_source (self)),
           error != NULL ? error->message : "both ends are done");
  request_leave (self);
}

static void
request_open_circuit (PeerupRelayRequest *self)
{
  PeerupCircuitMessage answer = {
    .type = PEERUP_CIRCUIT_STATUS,
    .status = PEERUP_CIRCUIT_OK,
    .has_limit = has_limit (&self->limit),
    .limit = self->limit,
  };

  if (!request_say (self, &answer, NULL) || self->server == NULL)
    return;
  request_waits_no_more (self);
  self->circuit = peerup_relay_circuit_new (self->hop, self->stop, &self->limit, on_circuit_ended, self);
  self->server->figures.circuits_opened++;
}

static void
request_connect (PeerupRelayRequest *self, PeerupPeerId *target)
{
  PeerupCircuitMessage answer = { .type = PEERUP_CIRCUIT_STATUS };

  answer.status = request_begin_circuit (self, target);
  if (answer.status == PEERUP_CIRCUIT_OK && !request_ask_target (self))
    answer.status = PEERUP_CIRCUIT_CONNECTION_FAILED;
  if (self->server == NULL)
    return;
  if (answer.status == PEERUP_CIRCUIT_OK)
    {
      request_open_circuit (self);
      return;
    }
  self->server->figures.circuits_refused++;
  if (self->stop != NULL)
    peerup_stream_reset (self->stop, PEERUP_STREAM_CODE_NONE);
  request_answer (self, &answer);
}

/* The message */

/* NULL with the status to answer, or with NONE where there is nobody to answer. */
static PeerupCircuitMessage *
request_read (PeerupRelayRequest *self, PeerupCircuitStatus *status)
{
  gint64 deadline = g_get_monotonic_time () + PEERUP_RELAY_REQUEST_TIMEOUT;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = peerup_stream_await_message (self->hop, PEERUP_CIRCUIT_MESSAGE_MAX, deadline, &error);
  PeerupCircuitMessage *message = NULL;

  *status = PEERUP_CIRCUIT_NONE;
  if (bytes != NULL)
    message = peerup_circuit_hop_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED) ||
      g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE))
    *status = PEERUP_CIRCUIT_MALFORMED_MESSAGE;
  else if (message != NULL && message->type == PEERUP_CIRCUIT_STATUS)
    {
      g_clear_pointer (&message, peerup_circuit_message_free);
      *status = PEERUP_CIRCUIT_UNEXPECTED_MESSAGE;
    }
  return message;
}

static void
request_serve (PeerupRelayRequest *self)
{
  PeerupCircuitMessage refusal = { .type = PEERUP_CIRCUIT_STATUS };
  g_autoptr (PeerupCircuitMessage) message = request_read (self, &refusal.status);

  if (self->server == NULL)
    return;
  if (message != NULL && message->type == PEERUP_CIRCUIT_RESERVE)
    request_reserve (self);
  else if (message != NULL)
    request_connect (self, message->peer);
  else if (refusal.status != PEERUP_CIRCUIT_NONE)
    request_answer (self, &refusal);
}

static DexFuture *
request_fiber (gpointer data)
{
  PeerupRelayRequest *self = data;

  request_serve (self);
  if (self->circuit == NULL)
    request_leave (self);
  return dex_future_new_true ();
}

void
peerup_relay_request_start (PeerupRelayServer *server, PeerupConnection *connection, PeerupStream *hop)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  PeerupRelayRequest *self;

  if (count_waiting (server, peer) >= PEERUP_RELAY_REQUESTS_MAX)
    {
      peerup_stream_reset (hop, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      g_object_unref (hop);
      return;
    }
  self = g_rc_box_new0 (PeerupRelayRequest);
  self->server = server;
  self->connection = g_object_ref (connection);
  self->hop = hop;
  self->cancelled = DEX_FUTURE (dex_cancellable_new ());
  self->link.data = self;
  g_queue_push_tail_link (&server->requests, &self->link);
  set_waiting (server, peer, count_waiting (server, peer) + 1);
  /* Let go: it ends by its deadlines, or when the request is ended. */
  dex_future_disown (peerup_fiber_run (request_fiber, g_rc_box_acquire (self), peerup_relay_request_unref));
}
