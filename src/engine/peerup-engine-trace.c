/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One fiber a trace: it connects, asks both ends of a relayed way at once for a sign of life, a few times, and takes
 * the shortest of each. Holds the engine; the connection may close meanwhile, which ends the trace with its error.
 */
#include "engine/peerup-engine-trace.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-private.h"
#include "engine/peerup-path-history.h"
#include "engine/peerup-peer-private.h"
#include "transport/peerup-fiber.h"

typedef struct
{
  PeerupEngine *engine;
  char *peer;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_object_unref (request->engine);
  g_free (request->peer);
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
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the engine does not run"));
      return NULL;
    }
  list = peerup_swarm_dup_connections (self->swarm, peerup_peer_get_peer_id (peer));
  if (list->len == 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the connection to %s has just ended: try again"),
                   name);
      return NULL;
    }
  connection = list->pdata[0];
  trace->path = peerup_path_get_kind (connection);
  relay_id = peerup_path_dup_relay (connection);
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

  if (trace == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_take_boxed (PEERUP_TYPE_TRACE, trace);
}

DexFuture *
peerup_engine_trace (PeerupEngine *self, const char *peer)
{
  Request *request = g_new (Request, 1);

  request->engine = g_object_ref (self);
  request->peer = g_strdup (peer);
  return peerup_engine_answer_in_time (peerup_fiber_spawn (trace_fiber, request, request_free), peer);
}
