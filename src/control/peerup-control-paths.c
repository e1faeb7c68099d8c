/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where a peer is, by which paths it is reached and what each leg of them takes, for the control interface. Holds
 * nothing but what an answer needs that comes later.
 */
#include "control/peerup-control-describe.h"
#include "control/peerup-control-ops.h"
#include "engine/peerup-engine-paths.h"
#include "engine/peerup-engine-trace.h"
#include "engine/peerup-path-history.h"

static void
add_name (GVariantDict *dict, PeerupEngine *engine, PeerupPeerId *peer)
{
  const char *name = peerup_engine_get_name_of (engine, peer);

  g_variant_dict_insert (dict, "peer_id", "s", peerup_peer_id_get_string (peer));
  g_variant_dict_insert (dict, "name", "s", name != NULL ? name : "");
}

static void
add_explanation (GVariantDict *dict, PeerupEngine *engine, PeerupPeerId *peer)
{
  g_autofree char *text = engine->paths != NULL ? peerup_engine_paths_explain (engine->paths, peer) : NULL;

  g_variant_dict_insert (dict, "explanation", "s", text != NULL ? text : "");
}

/* Resolve */

static const char *
find_source (const char *text)
{
  g_autoptr (PeerupPeerId) id = NULL;

  if (text[0] == '/')
    return "address";
  id = peerup_peer_id_new_from_string (text, NULL);
  return id != NULL ? "peer_id" : "name";
}

static GVariant *
describe_addresses (PeerupEngine *engine, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_addresses (engine->swarm, peer);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  for (guint i = 0; i < addresses->len; i++)
    g_variant_builder_add (&builder, "s", peerup_multiaddr_get_string (addresses->pdata[i]));
  return g_variant_builder_end (&builder);
}

DexFuture *
peerup_control_op_resolve (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (GPtrArray) connections = NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *peer;

  g_variant_get (call->parameters, "(&s)", &peer);
  id = peerup_engine_resolve (call->engine, peer, &error);
  if (id == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  connections = peerup_swarm_dup_connections (call->engine->swarm, id);
  add_name (&dict, call->engine, id);
  g_variant_dict_insert (&dict, "source", "s", find_source (peer));
  g_variant_dict_insert (&dict, "connected", "b", connections->len > 0);
  g_variant_dict_insert_value (&dict, "addresses", describe_addresses (call->engine, id));
  return peerup_control_reply_value (g_variant_dict_end (&dict));
}

/* Trace */

static GVariant *
describe_hop (PeerupEngine *engine, const PeerupTraceHop *hop)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_name (&dict, engine, hop->peer);
  g_variant_dict_insert (&dict, "address", "s", hop->address != NULL ? peerup_multiaddr_get_string (hop->address) : "");
  g_variant_dict_insert (&dict, "transport", "s", hop->transport != NULL ? hop->transport : "");
  if (hop->rtt >= 0)
    g_variant_dict_insert (&dict, "rtt_us", "x", hop->rtt);
  if (hop->leg >= 0)
    g_variant_dict_insert (&dict, "leg_us", "x", hop->leg);
  return g_variant_dict_end (&dict);
}

static GVariant *
describe_trace (PeerupEngine *engine, const PeerupTrace *trace)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  GVariantBuilder hops = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  PeerupPeerId *peer = trace->hops[trace->n_hops - 1].peer;

  add_name (&dict, engine, peer);
  add_explanation (&dict, engine, peer);
  g_variant_dict_insert (&dict, "path", "s", trace->path);
  for (guint i = 0; i < trace->n_hops; i++)
    g_variant_builder_add_value (&hops, describe_hop (engine, &trace->hops[i]));
  g_variant_dict_insert_value (&dict, "hops", g_variant_builder_end (&hops));
  return g_variant_dict_end (&dict);
}

static DexFuture *
answer_trace (DexFuture *future, gpointer data)
{
  const PeerupControlCall *call = data;
  const GValue *value = dex_future_get_value (future, NULL);

  return peerup_control_reply_value (describe_trace (call->engine, g_value_get_boxed (value)));
}

DexFuture *
peerup_control_op_trace (PeerupControlCall *call)
{
  const char *peer;

  g_variant_get (call->parameters, "(&s)", &peer);
  return dex_future_then (peerup_control_until_left (call, peerup_engine_trace (call->engine, peer)), answer_trace,
                          peerup_control_call_ref (call), peerup_control_call_unref);
}

/* ListPaths */

static GVariant *
describe_path (PeerupEngine *engine, PeerupConnection *connection, gint64 now)
{
  g_autoptr (GVariant) facts = g_variant_ref_sink (peerup_control_describe_connection (connection, NULL));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (facts);
  gint64 heard = peerup_path_watch_get_heard_at (peerup_engine_paths_get_watch (engine->paths), connection);

  g_variant_dict_remove (&dict, "streams");
  g_variant_dict_insert (&dict, "path", "s", peerup_path_get_kind (connection));
  g_variant_dict_insert (&dict, "silent", "b", peerup_connection_is_silent (connection));
  if (heard > 0)
    g_variant_dict_insert (&dict, "heard_us", "x", MAX (now - heard, 0));
  return g_variant_dict_end (&dict);
}

static GVariant *
describe_event (const PeerupPathEvent *event)
{
  static const char *const types[] = { "opened", "closed", "silent", "heard", "moved", "search", "failed" };
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "type", "s", types[event->type]);
  g_variant_dict_insert (&dict, "at_us", "x", event->at);
  g_variant_dict_insert (&dict, "path", "s", event->path != NULL ? event->path : "");
  g_variant_dict_insert (&dict, "text", "s", event->text != NULL ? event->text : "");
  return g_variant_dict_end (&dict);
}

static GVariant *
describe_events (PeerupEngine *engine, PeerupPeerId *peer)
{
  GPtrArray *events = peerup_engine_paths_get_events (engine->paths, peer);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; events != NULL && i < events->len; i++)
    g_variant_builder_add_value (&builder, describe_event (events->pdata[i]));
  return g_variant_builder_end (&builder);
}

static GVariant *
describe_paths (PeerupEngine *engine, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (engine->swarm, peer);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < connections->len; i++)
    g_variant_builder_add_value (&builder, describe_path (engine, connections->pdata[i], now));
  return g_variant_builder_end (&builder);
}

static const char *
find_state (PeerupEngine *engine, PeerupPeerId *id)
{
  PeerupPeer *peer = peerup_peer_list_find (engine->peers, id);

  return peer != NULL ? peerup_control_peer_state_word (peer) : "disconnected";
}

static GVariant *
describe_peer (PeerupEngine *engine, PeerupPeerId *peer)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  gint64 next = peerup_engine_paths_get_next_search (engine->paths, peer);

  add_name (&dict, engine, peer);
  add_explanation (&dict, engine, peer);
  g_variant_dict_insert (&dict, "state", "s", find_state (engine, peer));
  if (next > 0)
    g_variant_dict_insert (&dict, "next_search_us", "x", MAX (next - g_get_monotonic_time (), 0));
  g_variant_dict_insert_value (&dict, "paths", describe_paths (engine, peer));
  g_variant_dict_insert_value (&dict, "events", describe_events (engine, peer));
  return g_variant_dict_end (&dict);
}

static void
describe_connected (PeerupEngine *engine, GVariantBuilder *builder)
{
  GListModel *peers = peerup_engine_get_peers (engine);

  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, i);

      if (peerup_peer_get_state (peer) != PEERUP_PEER_DISCONNECTED)
        g_variant_builder_add_value (builder, describe_peer (engine, peerup_peer_get_peer_id (peer)));
    }
}

typedef struct
{
  PeerupControlCall *call;
  PeerupPeerId *peer; /* nullable */
} ListPaths;

static void
list_paths_free (gpointer data)
{
  ListPaths *self = data;

  peerup_control_call_unref (self->call);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self);
}

static DexFuture *
answer_paths (DexFuture *future, gpointer data)
{
  const ListPaths *self = data;
  PeerupEngine *engine = self->call->engine;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  if (engine->paths != NULL && self->peer != NULL)
    g_variant_builder_add_value (&builder, describe_peer (engine, self->peer));
  else if (engine->paths != NULL)
    describe_connected (engine, &builder);
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}

static DexFuture *
probe (PeerupEngine *engine, PeerupPeerId *peer)
{
  PeerupPathWatch *watch = engine->paths != NULL ? peerup_engine_paths_get_watch (engine->paths) : NULL;

  if (watch == NULL)
    return dex_future_new_true ();
  return peer != NULL ? peerup_path_watch_probe (watch, peer) : peerup_path_watch_probe_all (watch);
}

DexFuture *
peerup_control_op_list_paths (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeerId) id = NULL;
  ListPaths *self;
  const char *peer;

  g_variant_get (call->parameters, "(&s)", &peer);
  id = peer[0] != '\0' ? peerup_engine_resolve (call->engine, peer, &error) : NULL;
  if (error != NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  self = g_new (ListPaths, 1);
  self->call = peerup_control_call_ref (call);
  self->peer = id != NULL ? peerup_peer_id_ref (id) : NULL;
  return dex_future_finally (peerup_control_until_left (call, probe (call->engine, id)), answer_paths, self,
                             list_paths_free);
}
