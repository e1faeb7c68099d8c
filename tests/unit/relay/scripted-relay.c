/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "scripted-relay.h"

#include "identity/peerup-envelope-crypto.h"

typedef struct
{
  ScriptedRelay *relay;
  PeerupPeerId *peer; /* who asks */
  PeerupStream *stream;
} Asked;

static void
asked_free (gpointer data)
{
  Asked *self = data;

  peerup_peer_id_unref (self->peer);
  g_clear_object (&self->stream);
  g_free (self);
}

static gboolean
send_bytes (PeerupStream *stream, GBytes *bytes)
{
  return peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        test_deadline (), NULL);
}

static gboolean
send_hop (PeerupStream *stream, const PeerupCircuitMessage *message)
{
  g_autoptr (GBytes) bytes = peerup_circuit_hop_encode (message);

  return send_bytes (stream, bytes);
}

/* Reservations */

static GBytes *
make_voucher (Asked *asked, guint64 expires)
{
  ScriptedRelay *self = asked->relay;
  PeerupCircuitVoucher voucher = {
    .relay = self->voucher_relay != NULL ? self->voucher_relay : node_id (&self->node),
    .peer = self->voucher_peer != NULL ? self->voucher_peer : asked->peer,
    .expires = expires,
  };
  g_autoptr (GBytes) payload = NULL;

  if (self->signer == NULL)
    return NULL;
  payload = peerup_circuit_voucher_encode (&voucher);
  return peerup_envelope_seal (self->signer, PEERUP_ENVELOPE_DOMAIN_RELAY_VOUCHER, peerup_envelope_type_relay_voucher,
                               payload, NULL);
}

static void
grant (Asked *asked)
{
  ScriptedRelay *self = asked->relay;
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  gint64 ttl = self->ttl != 0 ? self->ttl : 3600;
  guint64 expires = self->expires != 0 ? self->expires : (guint64) (g_get_real_time () / G_USEC_PER_SEC + ttl);
  g_autoptr (GBytes) voucher = make_voucher (asked, expires);
  PeerupCircuitMessage message = {
    .type = PEERUP_CIRCUIT_STATUS,
    .status = PEERUP_CIRCUIT_OK,
    .has_reservation = TRUE,
    .expires = expires,
    .addresses = addresses,
    .voucher = voucher,
    .has_limit = self->limited,
    .limit = self->limit,
  };

  for (guint i = 0; i < G_N_ELEMENTS (self->addresses) && self->addresses[i] != NULL; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s", self->addresses[i]));
  self->n_reserved++;
  send_hop (asked->stream, &message);
  peerup_stream_close (asked->stream);
}

static GBytes *
from_hex (const char *hex)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (; *hex != '\0'; hex += 2)
    {
      guint8 byte = g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);

      g_byte_array_append (bytes, &byte, 1);
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static void
answer_reserve (Asked *asked)
{
  ScriptedRelay *self = asked->relay;
  const PeerupCircuitMessage refusal = { .type = PEERUP_CIRCUIT_STATUS, .status = self->status };
  g_autoptr (GBytes) raw = self->answer != NULL ? from_hex (self->answer) : NULL;

  if (raw == NULL && self->status == 0)
    {
      grant (asked);
      return;
    }
  self->n_refused++;
  if (raw != NULL)
    send_bytes (asked->stream, raw);
  else
    send_hop (asked->stream, &refusal);
  peerup_stream_close (asked->stream);
}

/* Circuits */

typedef struct
{
  PeerupStream *from;
  PeerupStream *to;
} Copy;

static void
copy_free (gpointer data)
{
  Copy *self = data;

  g_object_unref (self->from);
  g_object_unref (self->to);
  g_free (self);
}

static DexFuture *
copy_fiber (gpointer data)
{
  Copy *self = data;
  guint8 bytes[4096];
  gssize n;

  while ((n = peerup_stream_await_read (self->from, bytes, sizeof bytes, G_MAXINT64, NULL)) > 0)
    if (!peerup_stream_await_write_all (self->to, bytes, n, G_MAXINT64, NULL))
      break;
  if (n == 0)
    peerup_stream_close_write (self->to);
  else
    {
      peerup_stream_reset (self->to, PEERUP_STREAM_CODE_NONE);
      peerup_stream_reset (self->from, PEERUP_STREAM_CODE_NONE);
    }
  return dex_future_new_true ();
}

static void
copy_start (PeerupStream *from, PeerupStream *to)
{
  Copy *copy = g_new0 (Copy, 1);

  copy->from = g_object_ref (from);
  copy->to = g_object_ref (to);
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, copy_fiber, copy, copy_free));
}

/* (nullable): the stream to the target, which has agreed. */
static PeerupStream *
open_stop (Asked *asked, PeerupPeerId *target)
{
  static const char *const protocols[] = { PEERUP_CIRCUIT_STOP, NULL };
  ScriptedRelay *self = asked->relay;
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->node.swarm, target);
  PeerupCircuitMessage request = {
    .type = PEERUP_CIRCUIT_CONNECT,
    .peer = self->source != NULL ? self->source : asked->peer,
    .has_limit = self->limited,
    .limit = self->limit,
  };
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (PeerupCircuitMessage) answer = NULL;
  g_autoptr (GBytes) bytes = peerup_circuit_stop_encode (&request);
  g_autoptr (GBytes) reply = NULL;

  if (connections->len == 0)
    return NULL;
  stream = dex_await_object (peerup_swarm_open_stream_on (self->node.swarm, connections->pdata[0], protocols,
                                                          test_deadline ()),
                             NULL);
  if (stream == NULL || !send_bytes (stream, bytes))
    return NULL;
  reply = peerup_stream_await_message (stream, PEERUP_CIRCUIT_MESSAGE_MAX, test_deadline (), NULL);
  if (reply != NULL)
    answer = peerup_circuit_stop_decode (g_bytes_get_data (reply, NULL), g_bytes_get_size (reply), NULL);
  self->stop_status = answer != NULL ? answer->status : PEERUP_CIRCUIT_NONE;
  return self->stop_status == PEERUP_CIRCUIT_OK ? g_steal_pointer (&stream) : NULL;
}

/* One write of the answer and of what the target has said behind its own. */
static gboolean
send_joined (PeerupStream *stream, const PeerupCircuitMessage *message, PeerupStream *stop)
{
  g_autoptr (GBytes) answer = peerup_circuit_hop_encode (message);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 first[4096];
  gssize n = peerup_stream_await_read (stop, first, sizeof first, test_deadline (), NULL);

  g_byte_array_append (bytes, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  g_byte_array_append (bytes, first, MAX (n, 0));
  return peerup_stream_await_write_all (stream, bytes->data, bytes->len, test_deadline (), NULL);
}

static void
answer_connect (Asked *asked, PeerupPeerId *target)
{
  ScriptedRelay *self = asked->relay;
  PeerupCircuitMessage message = {
    .type = PEERUP_CIRCUIT_STATUS,
    .status = self->connect_status,
    .has_limit = self->limited,
    .limit = self->limit,
  };
  g_autoptr (PeerupStream) stop = NULL;

  if (message.status == 0)
    {
      stop = open_stop (asked, self->target != NULL ? node_id (self->target) : target);
      message.status = stop != NULL ? PEERUP_CIRCUIT_OK : PEERUP_CIRCUIT_CONNECTION_FAILED;
    }
  if (stop == NULL)
    {
      self->n_refused++;
      send_hop (asked->stream, &message);
      peerup_stream_close (asked->stream);
      return;
    }
  self->n_circuits++;
  if (!(self->joined ? send_joined (asked->stream, &message, stop) : send_hop (asked->stream, &message)))
    return;
  copy_start (asked->stream, stop);
  copy_start (stop, asked->stream);
}

static DexFuture *
hop_fiber (gpointer data)
{
  Asked *asked = data;
  g_autoptr (GBytes) bytes =
    peerup_stream_await_message (asked->stream, PEERUP_CIRCUIT_MESSAGE_MAX, test_deadline (), NULL);
  g_autoptr (PeerupCircuitMessage) request = NULL;

  if (bytes != NULL)
    request = peerup_circuit_hop_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  if (request == NULL)
    return dex_future_new_true ();
  if (asked->relay->silent)
    g_ptr_array_add (asked->relay->held, g_steal_pointer (&asked->stream));
  else if (request->type == PEERUP_CIRCUIT_CONNECT)
    answer_connect (asked, request->peer);
  else
    answer_reserve (asked);
  return dex_future_new_true ();
}

static void
on_hop (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Asked *asked = g_new0 (Asked, 1);

  asked->relay = data;
  asked->peer = peerup_peer_id_ref (peerup_connection_get_remote_peer (connection));
  asked->stream = stream;
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, hop_fiber, asked, asked_free));
}

void
scripted_relay_init (ScriptedRelay *self, guint8 seed, NodeListens listens)
{
  *self = (ScriptedRelay) { .held = g_ptr_array_new_with_free_func (g_object_unref) };
  node_init (&self->node, seed, listens);
  peerup_swarm_add_protocol (self->node.swarm, PEERUP_CIRCUIT_HOP, on_hop, self, NULL);
}

void
scripted_relay_clear (ScriptedRelay *self)
{
  g_clear_pointer (&self->held, g_ptr_array_unref);
  node_clear (&self->node);
}

PeerupMultiaddr *
scripted_relay_dup_address (ScriptedRelay *self, guint index)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (self->node.swarm);

  g_assert_cmpuint (index, <, addresses->len);
  return peerup_multiaddr_with_peer_id (addresses->pdata[index], node_id (&self->node));
}

void
wait_count (const guint *counter, guint n)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (*counter < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}
