/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Discovery, both sides: a fiber for each question, with one deadline. The server counts what each peer has under way
 * and how often it asks, in a table that goes with the handler; what is to be told it is given for each question anew,
 * and keeps nothing of it. The client believes nothing: who asks decides what the answer is good for. */

#include "protocols/peerup-discovery.h"

#include "limits/peerup-rate.h"
#include "transport/peerup-fiber.h"

/* Peers in the table at which those are first forgotten that have asked nothing for long. */
#define PEERS_MANY 512

/* The server. */

typedef struct
{
  PeerupRate rate;
  guint n_streams;
} Asker;

typedef struct
{
  PeerupDiscoveryOffer offer; /* NULL: no longer served */
  gpointer data;
  GHashTable *askers; /* PeerupPeerId to Asker */
  guint many;         /* when to look through it */
} Server;

typedef struct
{
  Server *server; /* an rc box */
  PeerupPeerId *peer;
  PeerupStream *stream;
  gint64 deadline;
} Answer;

static void
server_clear (gpointer data)
{
  g_hash_table_unref (((Server *) data)->askers);
}

static void
server_unref (gpointer data)
{
  g_rc_box_release_full (data, server_clear);
}

/* Of the handler: whose answers are under way finds nobody to ask. */
static void
server_end (gpointer data)
{
  ((Server *) data)->offer = NULL;
  server_unref (data);
}

static gboolean
is_forgotten (gpointer peer, gpointer value, gpointer now)
{
  const Asker *asker = value;

  return asker->n_streams == 0 && peerup_rate_is_full (&asker->rate, *(gint64 *) now);
}

static Asker *
server_get_asker (Server *self, PeerupPeerId *peer, gint64 now)
{
  Asker *asker = g_hash_table_lookup (self->askers, peer);

  if (asker != NULL)
    return asker;
  if (g_hash_table_size (self->askers) >= self->many)
    {
      g_hash_table_foreach_remove (self->askers, is_forgotten, &now);
      self->many = MAX (PEERS_MANY, 2 * g_hash_table_size (self->askers));
    }
  asker = g_new0 (Asker, 1);
  g_hash_table_insert (self->askers, peerup_peer_id_ref (peer), asker);
  return asker;
}

static void
answer_free (gpointer data)
{
  Answer *self = data;
  Asker *asker = g_hash_table_lookup (self->server->askers, self->peer);

  g_assert (asker != NULL && asker->n_streams > 0);
  asker->n_streams--;
  server_unref (self->server);
  peerup_peer_id_unref (self->peer);
  g_object_unref (self->stream);
  g_free (self);
}

static gboolean
answer_receive (Answer *self, GError **error)
{
  g_autoptr (GBytes) bytes =
    peerup_stream_await_message (self->stream, PEERUP_DISCOVERY_REQUEST_MAX, self->deadline, error);
  guint version;

  return bytes != NULL &&
         peerup_discovery_request_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &version, error);
}

static gboolean
answer_send (Answer *self, GPtrArray *services, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_discovery_response_encode (services);

  return peerup_stream_await_write_all (self->stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        self->deadline, error);
}

static DexFuture *
answer_fiber (gpointer data)
{
  Answer *self = data;
  g_autoptr (GPtrArray) services = NULL;
  g_autoptr (GError) error = NULL;

  if (answer_receive (self, &error) && self->server->offer != NULL)
    services = self->server->offer (self->peer, self->server->data);
  if (services == NULL)
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
  else if (answer_send (self, services, &error))
    peerup_stream_close (self->stream);
  if (error != NULL)
    g_debug ("Did not tell %s what is offered: %s", peerup_peer_id_get_string (self->peer), error->message);
  return dex_future_new_true ();
}

static void
refuse (PeerupStream *stream, guint32 code)
{
  peerup_stream_reset (stream, code);
  g_object_unref (stream);
}

/* Takes @stream. */
static void
on_discovery_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  gint64 now = g_get_monotonic_time ();
  Server *server = data;
  Asker *asker = server_get_asker (server, peer, now);
  Answer *answer;

  if (asker->n_streams >= PEERUP_DISCOVERY_STREAMS_MAX)
    {
      refuse (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      return;
    }
  if (!peerup_rate_take (&asker->rate, now, PEERUP_DISCOVERY_BURST, PEERUP_DISCOVERY_INTERVAL))
    {
      refuse (stream, PEERUP_STREAM_CODE_RATE_LIMITED);
      return;
    }
  asker->n_streams++;
  answer = g_new0 (Answer, 1);
  answer->server = g_rc_box_acquire (server);
  answer->peer = peerup_peer_id_ref (peer);
  answer->stream = stream;
  answer->deadline = now + PEERUP_DISCOVERY_TIMEOUT;
  /* Let go: it ends by its deadline, or with its stream. */
  dex_future_disown (peerup_fiber_run (answer_fiber, answer, answer_free));
}

void
peerup_discovery_serve (PeerupSwarm *swarm, PeerupDiscoveryOffer offer, gpointer data)
{
  Server *server;

  g_return_if_fail (PEERUP_IS_SWARM (swarm));
  g_return_if_fail (offer != NULL);

  server = g_rc_box_new0 (Server);
  server->offer = offer;
  server->data = data;
  server->many = PEERS_MANY;
  server->askers =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, g_free);
  peerup_swarm_add_protocol (swarm, PEERUP_DISCOVERY_PROTOCOL, on_discovery_stream, server, server_end);
}

/* The client. */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupConnection *connection;
  gint64 deadline;
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  g_object_unref (self->swarm);
  g_object_unref (self->connection);
  g_free (self);
}

/* (transfer full) */
static GPtrArray *
question_exchange (Question *self, PeerupStream *stream, GError **error)
{
  g_autoptr (GBytes) request = peerup_discovery_request_encode ();
  g_autoptr (GBytes) response = NULL;

  if (!peerup_stream_await_write_all (stream, g_bytes_get_data (request, NULL), g_bytes_get_size (request),
                                      self->deadline, error))
    return NULL;
  response = peerup_stream_await_message (stream, PEERUP_DISCOVERY_RESPONSE_MAX, self->deadline, error);
  if (response == NULL)
    return NULL;
  return peerup_discovery_response_decode (g_bytes_get_data (response, NULL), g_bytes_get_size (response), error);
}

static DexFuture *
question_fiber (gpointer data)
{
  static const char *const protocols[] = { PEERUP_DISCOVERY_PROTOCOL, NULL };
  Question *self = data;
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *services;

  stream =
    dex_await_object (peerup_swarm_open_stream_on (self->swarm, self->connection, protocols, self->deadline), &error);
  if (stream == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  services = question_exchange (self, stream, &error);
  if (services == NULL)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
      return dex_future_new_for_error (g_steal_pointer (&error));
    }
  peerup_stream_close (stream);
  return dex_future_new_take_boxed (G_TYPE_PTR_ARRAY, services);
}

DexFuture *
peerup_discovery_ask (PeerupSwarm *swarm, PeerupConnection *connection, gint64 deadline)
{
  Question *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (PEERUP_IS_CONNECTION (connection), NULL);

  self = g_new0 (Question, 1);
  self->swarm = g_object_ref (swarm);
  self->connection = g_object_ref (connection);
  self->deadline = deadline;
  return peerup_fiber_spawn (question_fiber, self, question_free);
}
