/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One fiber a trace: it connects, asks both ends of a relayed way at once for a sign of life, a few times, and takes
 * the shortest of each. Holds the engine; the connection may close meanwhile, which ends the trace with its error.
 */
#include "engine/peerup-engine-trace.h"

#include "engine/peerup-engine-private.h"
#include "engine/peerup-peer-private.h"

typedef struct
{
  PeerupEngine *engine;
  char *peer;
  DexPromise *promise; /* to a PeerupTrace. A fiber that waits must not be dropped: libdex 0.10.0 loses count of it */
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_object_unref (request->engine);
  g_free (request->peer);
  dex_unref (request->promise);
  g_free (request);
}

static void
trace_clear_hop (PeerupTraceHop *hop)
{
  peerup_peer_id_unref (hop->peer);
  g_clear_pointer (&hop->address, peerup_multiaddr_unref);
}

PeerupTrace *
peerup_trace_copy (const PeerupTrace *self)
{
  PeerupTrace *copy = g_memdup2 (self, sizeof *self);

  for (guint i = 0; i < copy->n_hops; i++)
    {
      peerup_peer_id_ref (copy->hops[i].peer);
      if (copy->hops[i].address != NULL)
        peerup_multiaddr_ref (copy->hops[i].address);
    }
  return copy;
}

void
peerup_trace_free (PeerupTrace *self)
{
  for (guint i = 0; i < self->n_hops; i++)
    trace_clear_hop (&self->hops[i]);
  g_free (self);
}

G_DEFINE_BOXED_TYPE (PeerupTrace, peerup_trace, peerup_trace_copy, peerup_trace_free)

const char *
peerup_connection_get_path_word (PeerupConnection *connection)
{
  if (peerup_swarm_is_relayed (connection))
    return "relayed";
  return peerup_connection_get_info (connection)->punched ? "punched" : "direct";
}

/* The relay of a relayed connection: what stands before /p2p-circuit names it. */
static PeerupPeerId *
dup_relay (PeerupConnection *connection)
{
  PeerupMultiaddr *address = peerup_connection_get_info (connection)->remote_address;
  PeerupMultiaddrComponent relay;

  if (!peerup_swarm_is_relayed (connection) || address == NULL ||
      !peerup_multiaddr_find (address, PEERUP_MULTIADDR_P2P, &relay))
    return NULL;
  return peerup_peer_id_new_from_bytes (relay.value, relay.length, NULL);
}

static void
trace_add_hop (PeerupTrace *self, PeerupPeerId *peer, const PeerupConnectionInfo *info)
{
  PeerupTraceHop *hop = &self->hops[self->n_hops++];

  hop->peer = peerup_peer_id_ref (peer);
  hop->address = info != NULL && info->remote_address != NULL ? peerup_multiaddr_ref (info->remote_address) : NULL;
  hop->transport = info != NULL ? info->transport : NULL;
  hop->rtt = hop->leg = -1;
}

static void
note_round (PeerupTraceHop *hop, DexFuture *answer)
{
  const GValue *value = dex_future_is_resolved (answer) ? dex_future_get_value (answer, NULL) : NULL;
  gint64 rtt = value != NULL ? g_value_get_int64 (value) : -1;

  if (rtt >= 0 && (hop->rtt < 0 || rtt < hop->rtt))
    hop->rtt = rtt;
}

/* Both ends at once, so that a queue on the first leg weighs on both alike. FALSE: the peer did not answer. */
static gboolean
trace_measure (PeerupTrace *self, PeerupConnection *connection, PeerupConnection *relay, GError **error)
{
  PeerupTraceHop *last = &self->hops[self->n_hops - 1];

  for (guint i = 0; i < PEERUP_TRACE_ROUNDS; i++)
    {
      g_autoptr (DexFuture) near =
        relay != NULL ? peerup_connection_ping (relay) : dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "-");
      g_autoptr (DexFuture) far = peerup_connection_ping (connection);

      if (!dex_await (dex_ref (far), error))
        return FALSE;
      note_round (last, far);
      /* The nearer one has answered by now, or has lost what was asked. */
      if (self->n_hops > 1)
        note_round (&self->hops[0], near);
    }
  self->hops[0].leg = self->hops[0].rtt;
  if (self->n_hops > 1 && self->hops[0].rtt >= 0)
    last->leg = MAX (last->rtt - self->hops[0].rtt, 0);
  return TRUE;
}

static PeerupTrace *
trace_peer (PeerupEngine *self, const char *name, GError **error)
{
  g_autoptr (PeerupPeer) peer = dex_await_object (peerup_engine_connect (self, name), error);
  g_autoptr (PeerupTrace) trace = g_new0 (PeerupTrace, 1);
  g_autoptr (PeerupPeerId) relay_id = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) relays = NULL;
  PeerupConnection *connection;

  if (peer == NULL)
    return NULL;
  if (self->swarm == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "the engine does not run");
      return NULL;
    }
  list = peerup_swarm_dup_connections (self->swarm, peerup_peer_get_peer_id (peer));
  if (list->len == 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "the connection to %s has just ended: try again", name);
      return NULL;
    }
  connection = list->pdata[0];
  trace->path = peerup_connection_get_path_word (connection);
  relay_id = dup_relay (connection);
  if (relay_id != NULL)
    {
      relays = peerup_swarm_dup_connections (self->swarm, relay_id);
      trace_add_hop (trace, relay_id, relays->len > 0 ? peerup_connection_get_info (relays->pdata[0]) : NULL);
    }
  trace_add_hop (trace, peerup_peer_get_peer_id (peer),
                 relay_id == NULL ? peerup_connection_get_info (connection) : NULL);
  if (!trace_measure (trace, connection, relays != NULL && relays->len > 0 ? relays->pdata[0] : NULL, error))
    return NULL;
  return g_steal_pointer (&trace);
}

static DexFuture *
trace_fiber (gpointer data)
{
  const Request *request = data;
  g_autoptr (GError) error = NULL;
  PeerupTrace *trace = trace_peer (request->engine, request->peer, &error);

  if (trace != NULL)
    dex_promise_resolve_boxed (request->promise, PEERUP_TYPE_TRACE, trace);
  else
    dex_promise_reject (request->promise, g_steal_pointer (&error));
  return dex_future_new_true ();
}

static DexFuture *
time_out (DexFuture *future, gpointer data)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "%s did not answer within %d seconds",
                                (const char *) data, (int) (PEERUP_ENGINE_PING_TIMEOUT / G_USEC_PER_SEC));
}

DexFuture *
peerup_engine_trace (PeerupEngine *self, const char *peer)
{
  Request *request = g_new (Request, 1);
  DexFuture *limit =
    dex_future_finally (dex_timeout_new_usec (PEERUP_ENGINE_PING_TIMEOUT), time_out, g_strdup (peer), g_free);
  DexFuture *answer;

  request->engine = g_object_ref (self);
  request->peer = g_strdup (peer);
  request->promise = dex_promise_new ();
  answer = DEX_FUTURE (dex_ref (request->promise));
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, trace_fiber, request, request_free));
  return dex_future_first (answer, limit, NULL);
}
