/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Ping, Connect and Disconnect, and what peers offer.
 */
#include "control/peerup-control-ops.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include "engine/peerup-peer-private.h"

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
    return peerup_control_reply_error (PEERUP_ERROR_NOT_FOUND, _ ("There is no connection to %s"), peer);
  peerup_swarm_disconnect (call->engine->swarm, id, PEERUP_STREAM_CODE_NONE);
  return peerup_control_reply (NULL);
}

/* ListPeerServices */

typedef struct
{
  PeerupControlCall *call;
  PeerupPeerId *id;
} ListServices;

static void
list_services_free (gpointer data)
{
  ListServices *self = data;

  peerup_control_call_unref (self->call);
  peerup_peer_id_unref (self->id);
  g_free (self);
}

static GVariant *
describe_services (PeerupPeer *peer)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  GVariant *services = peerup_peer_get_services (peer);

  for (gsize i = 0; i < g_variant_n_children (services); i++)
    {
      g_autoptr (GVariant) service = g_variant_get_child_value (services, i);
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (service);

      g_variant_dict_insert (&dict, "source", "s", peerup_peer_get_services_source (peer));
      g_variant_dict_insert (&dict, "age_us", "x", peerup_peer_get_services_age (peer));
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

/* What a peer has offered may still be there; that there was nothing is not known of now. */
static gboolean
is_worth_telling (PeerupPeer *peer, gboolean answered)
{
  GVariant *services = peer != NULL ? peerup_peer_get_services (peer) : NULL;

  return services != NULL && (answered || g_variant_n_children (services) > 0);
}

/* "", or that it offered nothing when it was asked last. */
static char *
dup_last_answer (PeerupPeer *peer)
{
  if (peer == NULL || peerup_peer_get_services (peer) == NULL)
    return g_strdup ("");
  return g_strdup_printf (_ ("; %" PRId64 " s ago it offered nothing to this device"),
                          peerup_peer_get_services_age (peer) / (gint64) G_USEC_PER_SEC);
}

static DexFuture *
answer_services (DexFuture *asked, gpointer data)
{
  const ListServices *self = data;
  PeerupPeer *peer = peerup_peer_list_find (self->call->engine->peers, self->id);
  g_autofree char *who = peerup_engine_describe (self->call->engine, self->id);
  g_autofree char *last = dup_last_answer (peer);
  g_autoptr (GError) error = NULL;
  gboolean answered = dex_future_get_value (asked, &error) != NULL;

  if (is_worth_telling (peer, answered))
    return peerup_control_reply_value (describe_services (peer));
  if (peer == NULL || peerup_peer_get_n_connections (peer) == 0)
    return peerup_control_reply_error (PEERUP_ERROR_UNREACHABLE,
                                       _ ("%s is not connected%s: connect to it, and ask again"), who,
                                       last[0] != '\0'
                                         ? last
                                         : _ (", and has not said what it offers since the daemon started"));
  return peerup_control_reply_error (error != NULL ? error->code : PEERUP_ERROR_CLOSED,
                                     _ ("%s did not say what it offers%s: %s"), who, last,
                                     error != NULL ? error->message : _ ("the connection has ended"));
}

DexFuture *
peerup_control_op_list_peer_services (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeerId) id = NULL;
  ListServices *self;
  DexFuture *asked;
  const char *peer;

  g_variant_get (call->parameters, "(&s)", &peer);
  id = peerup_engine_resolve (call->engine, peer, &error);
  if (id == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  self = g_new (ListServices, 1);
  self->call = peerup_control_call_ref (call);
  self->id = peerup_peer_id_ref (id);
  asked = peerup_engine_answer_in_time (peerup_engine_peer_services_ask (call->engine->peer_services, id), peer);
  return dex_future_finally (peerup_control_until_left (call, asked), answer_services, self, list_services_free);
}
