/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Ping, Connect and Disconnect.
 */
#include "control/peerup-control-ops.h"

static const char *
path_word (PeerupPeer *peer)
{
  return peer != NULL && peerup_peer_get_relayed (peer) ? "relayed" : "direct";
}

static DexFuture *
answer_ping (DexFuture *future, gpointer data)
{
  const PeerupControlCall *call = data;
  PeerupPeer *peer = NULL;
  const char *text;

  g_variant_get (call->parameters, "(&s)", &text);
  g_autoptr (PeerupPeerId) id = peerup_engine_resolve (call->engine, text, NULL);

  if (id != NULL)
    peer = peerup_peer_list_find (call->engine->peers, id);
  return peerup_control_reply (
    g_variant_new ("(ts)", (guint64) g_value_get_int64 (dex_future_get_value (future, NULL)), path_word (peer)));
}

DexFuture *
peerup_control_op_ping (PeerupControlCall *call)
{
  const char *peer;

  g_variant_get (call->parameters, "(&s)", &peer);
  return dex_future_then (peerup_control_until_left (call, peerup_engine_ping (call->engine, peer)), answer_ping,
                          peerup_control_call_ref (call), peerup_control_call_unref);
}

static DexFuture *
answer_connect (DexFuture *future, gpointer data)
{
  PeerupPeer *peer = g_value_get_object (dex_future_get_value (future, NULL));

  return peerup_control_reply (g_variant_new ("(ss)", peerup_peer_get_id (peer), path_word (peer)));
}

DexFuture *
peerup_control_op_connect (PeerupControlCall *call)
{
  const char *peer;

  g_variant_get (call->parameters, "(&s)", &peer);
  return dex_future_then (peerup_control_until_left (call, peerup_engine_connect (call->engine, peer)), answer_connect,
                          NULL, NULL);
}

DexFuture *
peerup_control_op_disconnect (PeerupControlCall *call)
{
  g_autoptr (GPtrArray) connections = NULL;
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (GError) error = NULL;
  const char *peer;

  g_variant_get (call->parameters, "(&s)", &peer);
  id = peerup_engine_resolve (call->engine, peer, &error);
  if (id == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  connections = peerup_swarm_dup_connections (call->engine->swarm, id);
  if (connections->len == 0)
    return peerup_control_reply_error (PEERUP_ERROR_NOT_FOUND, "There is no connection to %s", peer);
  peerup_swarm_disconnect (call->engine->swarm, id, PEERUP_STREAM_CODE_NONE);
  return peerup_control_reply (NULL);
}
