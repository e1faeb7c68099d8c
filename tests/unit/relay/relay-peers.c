/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* See relay-peers.h. */

#include "relay-peers.h"

typedef struct
{
  RelayPeer *peer;
  PeerupStream *stream;
} Stop;

static void
stop_free (gpointer data)
{
  Stop *self = data;

  g_object_unref (self->stream);
  g_free (self);
}

static void
stop_answer (Stop *self)
{
  PeerupCircuitMessage answer = { .type = PEERUP_CIRCUIT_STATUS, .status = PEERUP_CIRCUIT_OK };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GBytes) message = NULL;

  if (self->peer->manner == STOP_REFUSES)
    answer.status = PEERUP_CIRCUIT_CONNECTION_FAILED;
  if (self->peer->manner == STOP_ASKS_BACK)
    answer = (PeerupCircuitMessage) { .type = PEERUP_CIRCUIT_CONNECT, .peer = node_id (&self->peer->node) };
  message = peerup_circuit_stop_encode (&answer);
  g_byte_array_append (bytes, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  if (self->peer->manner == STOP_TALKS_NONSENSE)
    memset (bytes->data + 1, 0xFF, bytes->len - 1);
  if (self->peer->manner == STOP_ACCEPTS_AND_TALKS)
    g_byte_array_append (bytes, (const guint8 *) STOP_WORDS, strlen (STOP_WORDS));
  relay_say_bytes (self->stream, bytes->data, bytes->len);
}

static DexFuture *
stop_fiber (gpointer data)
{
  Stop *self = data;
  RelayPeer *peer = self->peer;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
    peerup_stream_await_message (self->stream, PEERUP_CIRCUIT_MESSAGE_MAX, test_deadline (), &error);

  /* A test may end the connection before the question has come. */
  if (bytes == NULL)
    return dex_future_new_true ();
  g_clear_pointer (&peer->asked, peerup_circuit_message_free);
  peer->asked = peerup_circuit_stop_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  g_assert_cmpint (peer->asked->type, ==, PEERUP_CIRCUIT_CONNECT);
  g_ptr_array_add (peer->stops, g_object_ref (self->stream));
  if (peer->stops->len == 1)
    dex_promise_resolve_boolean (peer->was_asked, TRUE);
  if (peer->manner == STOP_ENDS)
    peerup_stream_close_write (self->stream);
  else if (peer->manner != STOP_SAYS_NOTHING)
    stop_answer (self);
  return dex_future_new_true ();
}

static void
on_stop (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Stop *stop = g_new (Stop, 1);

  *stop = (Stop) { data, stream };
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, stop_fiber, stop, stop_free));
}

void
relay_peer_init (RelayPeer *self, guint8 seed)
{
  *self = (RelayPeer) { .stops = g_ptr_array_new_with_free_func (g_object_unref) };
  self->was_asked = dex_promise_new ();
  node_init (&self->node, seed, NODE_SILENT);
  peerup_swarm_add_protocol (self->node.swarm, PEERUP_CIRCUIT_STOP, on_stop, self, NULL);
}

void
relay_peer_clear (RelayPeer *self)
{
  g_clear_pointer (&self->stops, g_ptr_array_unref);
  g_clear_pointer (&self->asked, peerup_circuit_message_free);
  dex_clear (&self->was_asked);
  node_clear (&self->node);
}

PeerupStream *
relay_peer_open_hop (RelayPeer *self, Node *relay)
{
  static const char *const protocols[] = { PEERUP_CIRCUIT_HOP, NULL };
  g_autoptr (GError) error = NULL;
  PeerupStream *hop;

  node_learn (&self->node, relay);
  hop = dex_await_object (peerup_swarm_open_stream (self->node.swarm, node_id (relay), protocols, test_deadline ()),
                          &error);
  g_assert_no_error (error);
  return hop;
}

void
relay_say_bytes (PeerupStream *hop, gconstpointer bytes, gsize length)
{
  g_autoptr (GError) error = NULL;

  peerup_stream_await_write_all (hop, bytes, length, test_deadline (), &error);
  g_assert_no_error (error);
}

void
relay_say (PeerupStream *hop, PeerupCircuitType type, PeerupPeerId *target)
{
  PeerupCircuitMessage message = { .type = type, .peer = target };
  g_autoptr (GBytes) bytes = peerup_circuit_hop_encode (&message);

  relay_say_bytes (hop, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

PeerupCircuitMessage *
relay_hear (PeerupStream *hop)
{
  g_autoptr (GError) error = NULL;
  PeerupCircuitMessage *answer;
  g_autoptr (GBytes) bytes = peerup_stream_await_message (hop, PEERUP_CIRCUIT_MESSAGE_MAX, test_deadline (), &error);

  g_assert_no_error (error);
  answer = peerup_circuit_hop_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  g_assert_cmpint (answer->type, ==, PEERUP_CIRCUIT_STATUS);
  return answer;
}

PeerupCircuitMessage *
relay_peer_ask (RelayPeer *self, Node *relay, PeerupCircuitType type, PeerupPeerId *target)
{
  g_autoptr (PeerupStream) hop = relay_peer_open_hop (self, relay);
  g_autoptr (GError) end = NULL;
  PeerupCircuitMessage *answer;

  relay_say (hop, type, target);
  answer = relay_hear (hop);
  end = relay_read_end (hop);
  g_assert_no_error (end);
  peerup_stream_close (hop);
  return answer;
}

PeerupCircuitStatus
relay_peer_ask_status (RelayPeer *self, Node *relay, PeerupCircuitType type, PeerupPeerId *target)
{
  g_autoptr (PeerupCircuitMessage) answer = relay_peer_ask (self, relay, type, target);

  return answer->status;
}

void
relay_peer_reserve (RelayPeer *self, Node *relay)
{
  g_assert_cmpint (relay_peer_ask_status (self, relay, PEERUP_CIRCUIT_RESERVE, NULL), ==, PEERUP_CIRCUIT_OK);
}

void
relay_peer_connect (RelayPeer *self, RelayPeer *target, Node *relay, PeerupStream **near, PeerupStream **far)
{
  g_autoptr (PeerupStream) hop = relay_peer_open_hop (self, relay);
  guint n_before = target->stops->len;
  g_autoptr (PeerupCircuitMessage) answer = NULL;

  relay_say (hop, PEERUP_CIRCUIT_CONNECT, node_id (&target->node));
  answer = relay_hear (hop);
  g_assert_cmpint (answer->status, ==, PEERUP_CIRCUIT_OK);
  g_assert_cmpuint (target->stops->len, >, n_before);
  if (far != NULL)
    *far = g_object_ref (target->stops->pdata[n_before]);
  if (near != NULL)
    *near = g_steal_pointer (&hop);
}

void
relay_read (PeerupStream *stream, gsize n)
{
  g_autofree guint8 *bytes = g_malloc (MAX (n, 1));
  g_autoptr (GError) error = NULL;

  peerup_stream_await_read_exact (stream, bytes, n, test_deadline (), &error);
  g_assert_no_error (error);
}

GError *
relay_read_end (PeerupStream *stream)
{
  GError *error = NULL;
  guint8 byte;

  g_assert_cmpint (peerup_stream_await_read (stream, &byte, 1, test_deadline (), &error), <=, 0);
  return error;
}

void
relay_assert_reset (PeerupStream *stream, guint32 code)
{
  g_autoptr (GError) error = relay_read_end (stream);

  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_assert_cmphex (peerup_stream_get_reset_code (stream), ==, code);
}

void
relay_assert_carries (PeerupStream *from, PeerupStream *to, const char *text)
{
  g_autofree char *got = g_malloc0 (strlen (text) + 1);
  g_autoptr (GError) error = NULL;

  relay_say_bytes (from, text, strlen (text));
  peerup_stream_await_read_exact (to, got, strlen (text), test_deadline (), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (got, ==, text);
}

/* The fixture */

static gboolean
gate (PeerupPeerId *peer, gboolean *authorized, gpointer data)
{
  RelayFixture *self = data;

  g_assert_false (*authorized);
  *authorized = self->all_authorized || (self->authorized != NULL && peerup_peer_id_equal (peer, self->authorized));
  return self->denied == NULL || !peerup_peer_id_equal (peer, self->denied);
}

void
relay_set_up (RelayFixture *self, gconstpointer data)
{
  node_init (&self->relay, 1, NODE_TCP);
  relay_peer_init (&self->a, 2);
  relay_peer_init (&self->b, 3);
  relay_peer_init (&self->c, 4);
  peerup_relay_settings_init (&self->settings);
  self->server = peerup_relay_server_new (self->relay.swarm, &self->settings);
  peerup_relay_server_set_gate (self->server, gate, self, NULL);
}

void
relay_tear_down (RelayFixture *self, gconstpointer data)
{
  if (self->server != NULL)
    g_assert_finalize_object (self->server);
  relay_peer_clear (&self->a);
  relay_peer_clear (&self->b);
  relay_peer_clear (&self->c);
  node_clear (&self->relay);
}

void
relay_run (RelayFixture *self, gconstpointer data)
{
  test_run_fiber ((DexFiberFunc) data, self);
}

void
relay_change_settings (RelayFixture *self)
{
  peerup_relay_server_set_settings (self->server, &self->settings);
}

guint
relay_get_number (RelayFixture *self, const char *name)
{
  guint number;

  g_object_get (self->server, name, &number, NULL);
  return number;
}

PeerupRelayFigures
relay_get_figures (RelayFixture *self)
{
  PeerupRelayFigures figures;

  peerup_relay_server_get_figures (self->server, &figures);
  return figures;
}

static void
stop_waiting (GObject *object, GParamSpec *pspec, gpointer data)
{
  if (dex_future_is_pending (data))
    dex_promise_resolve_boolean (data, TRUE);
}

/* Until the relay counts @n of them. */
void
relay_await_number (RelayFixture *self, const char *name, guint n)
{
  g_autofree char *signal = g_strconcat ("notify::", name, NULL);

  while (relay_get_number (self, name) != n)
    {
      DexPromise *changed = dex_promise_new ();
      gulong id = g_signal_connect (self->server, signal, G_CALLBACK (stop_waiting), changed);

      g_assert_true (
        dex_await (dex_future_first (dex_ref (DEX_FUTURE (changed)), dex_timeout_new_seconds (30), NULL), NULL));
      g_signal_handler_disconnect (self->server, id);
      dex_unref (changed);
    }
}
