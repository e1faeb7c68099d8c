/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Discovery for an engine. Lives as long as the engine's swarm. One question at a time is under way to a peer: who asks
 * meanwhile waits for the next one, which is asked when the answer is there. It decides nothing and keeps nothing
 * of what it is told: the one is the business of trust, the other of PeerupPeer.
 */
#include "engine/peerup-engine-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "engine/peerup-peer-private.h"
#include "protocols/peerup-discovery.h"
#include "transport/peerup-fiber.h"
#include "wire/peerup-label.h"

/* Bytes of the tags that are kept of one peer. Whoever lists peers is told all of it, and names are few and short. */
#define TAG_BYTES_MAX (8 * (gsize) 1024)
/* Until a question that failed is asked anew: twice as long each time. */
#define RETRY_FIRST     (2 * (gint64) G_USEC_PER_SEC)
#define RETRY_LAST      (300 * (gint64) G_USEC_PER_SEC)
#define RETRY_DOUBLINGS 8

struct _PeerupEnginePeerServices
{
  PeerupEngine *engine;  /* owns this */
  GHashTable *questions; /* PeerupPeerId to Question: those under way or to be asked again */
};

typedef struct
{
  PeerupEnginePeerServices *owner; /* NULL: gone */
  PeerupSwarm *swarm;
  PeerupIdentify *identify;
  PeerupPeerId *peer;
  DexPromise *next; /* nullable: of a round that has not begun; one that has would not tell of what changes now */
  gboolean asking;  /* a fiber is at it */
  gboolean wanted;  /* there was a reason to ask, and no answer since */
  guint n_failures; /* in a row since then */
  PeerupTimer retry;
} Question; /* an rc box */

static void
question_clear (gpointer data)
{
  Question *self = data;

  peerup_timer_clear (&self->retry);
  g_object_unref (self->swarm);
  g_object_unref (self->identify);
  peerup_peer_id_unref (self->peer);
  dex_clear (&self->next);
}

static void
question_unref (gpointer data)
{
  g_rc_box_release_full (data, question_clear);
}

/* What is told */

static gsize
count_bytes (const char *const *tags)
{
  gsize bytes = 0;

  for (guint i = 0; tags[i] != NULL; i++)
    bytes += strlen (tags[i]);
  return bytes;
}

/* @room: bytes of tags that may still be kept. Those of a service are kept together. */
static GVariant *
describe (const PeerupDiscoveryService *service, gsize *room)
{
  static const char *const none[] = { NULL };
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *const *tags = (const char *const *) service->tags;
  gsize bytes = count_bytes (tags);

  if (bytes > *room)
    tags = none;
  else
    *room -= bytes;

  g_variant_dict_insert (&dict, "name", "s", service->name);
  g_variant_dict_insert (&dict, "kind", "s", service->kind);
  g_variant_dict_insert (&dict, "tags", "^as", tags);
  g_variant_dict_insert (&dict, "protocol", "s", service->protocol);
  return g_variant_dict_end (&dict);
}

static void
take_services (PeerupEnginePeerServices *self, PeerupPeerId *peer, GPtrArray *services, const char *source)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  gsize room = TAG_BYTES_MAX;

  for (guint i = 0; i < services->len; i++)
    g_variant_builder_add_value (&builder, describe (services->pdata[i], &room));
  peerup_peer_set_services (peerup_peer_list_ensure (self->engine->peers, peer), g_variant_builder_end (&builder),
                            source);
}

/* (transfer full) (nullable) */
static char *
dup_service_name (const char *protocol)
{
  const char *rest = protocol + strlen ("/peerup/");
  g_autofree char *name = NULL;

  if (!g_str_has_prefix (protocol, "/peerup/") || !g_str_has_suffix (rest, "/1.0.0"))
    return NULL;
  name = g_strndup (rest, strlen (rest) - strlen ("/1.0.0"));
  if (!peerup_service_name_is_valid (name) || peerup_label_is_own_protocol (name))
    return NULL;
  return g_steal_pointer (&name);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (((const PeerupDiscoveryService *) a)->name, ((const PeerupDiscoveryService *) b)->name);
}

/* As many as a peer could tell of by itself. */
static void
take_protocols (PeerupEnginePeerServices *self, const PeerupPeerInfo *info)
{
  g_autoptr (GPtrArray) services = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_discovery_service_free);
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; info->protocols[i] != NULL && services->len < PEERUP_DISCOVERY_SERVICES_MAX; i++)
    {
      char *name = dup_service_name (info->protocols[i]);

      if (name != NULL && g_hash_table_add (names, name))
        g_ptr_array_add (services, peerup_discovery_service_new (name, NULL, NULL));
    }
  g_ptr_array_sort_values (services, compare_names);
  take_services (self, info->peer, services, "identify");
}

/* Asking */

/* (transfer full) (nullable): what is known of the peer at the other end, once it is. */
static PeerupPeerInfo *
question_identify (Question *self, PeerupConnection *connection, GError **error)
{
  PeerupPeerInfo *info = peerup_identify_dup_info (self->identify, self->peer);

  if (info != NULL || !dex_await (peerup_identify_wait (self->identify, connection), error))
    return info;
  info = peerup_identify_dup_info (self->identify, self->peer);
  if (info == NULL)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the connection has ended"));
  return info;
}

static gboolean
question_ask (Question *self, GError **error)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->swarm, self->peer);
  g_autoptr (PeerupPeerInfo) info = NULL;
  g_autoptr (GPtrArray) services = NULL;

  if (connections->len == 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("it is not connected"));
      return FALSE;
    }
  info = question_identify (self, connections->pdata[0], error);
  if (info == NULL)
    return FALSE;
  if (!peerup_peer_info_has_protocol (info, PEERUP_DISCOVERY_PROTOCOL))
    {
      if (self->owner != NULL)
        take_protocols (self->owner, info);
      return TRUE;
    }
  services = dex_await_boxed (peerup_discovery_ask (self->swarm, connections->pdata[0],
                                                    g_get_monotonic_time () + PEERUP_DISCOVERY_TIMEOUT),
                              error);
  if (services != NULL && self->owner != NULL)
    take_services (self->owner, self->peer, services, "discovery");
  return services != NULL;
}

/* TRUE where the answer did not come; what a peer does say wrongly it would say again. */
static gboolean
is_passing (const GError *error)
{
  static const PeerupError lasting[] = { PEERUP_ERROR_MALFORMED, PEERUP_ERROR_TOO_LARGE, PEERUP_ERROR_NEGOTIATION,
                                         PEERUP_ERROR_PROTOCOL, PEERUP_ERROR_UNREACHABLE };

  for (guint i = 0; i < G_N_ELEMENTS (lasting); i++)
    if (g_error_matches (error, PEERUP_ERROR, (int) lasting[i]))
      return FALSE;
  return TRUE;
}

/* @error: nullable, of the last round. */
static void
question_end (Question *self, const GError *error)
{
  gint64 delay = MIN (RETRY_FIRST << MIN (self->n_failures, RETRY_DOUBLINGS), RETRY_LAST);

  self->asking = FALSE;
  if (self->next != NULL)
    dex_promise_reject (self->next, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("this device stops")));
  if (self->owner == NULL)
    return;
  if (error == NULL || !self->wanted || !is_passing (error))
    {
      g_hash_table_remove (self->owner->questions, self->peer);
      return;
    }
  self->n_failures++;
  peerup_timer_set (&self->retry, g_get_monotonic_time () + delay);
}

/* One round, and whoever waits for it. */
static void
question_round (Question *self, GError **error)
{
  DexPromise *round = g_steal_pointer (&self->next);
  gboolean wanted = self->wanted;
  g_autoptr (GError) failure = NULL;

  self->wanted = FALSE;
  if (question_ask (self, &failure))
    dex_promise_resolve_boolean (round, TRUE);
  else
    {
      self->wanted |= wanted;
      g_debug ("Could not ask %s what it offers: %s", peerup_peer_id_get_string (self->peer), failure->message);
      dex_promise_reject (round, g_error_copy (failure));
      g_propagate_error (error, g_steal_pointer (&failure));
    }
  dex_unref (round);
}

static DexFuture *
question_fiber (gpointer data)
{
  Question *self = data;
  g_autoptr (GError) error = NULL;

  do
    {
      g_clear_error (&error);
      question_round (self, &error);
    }
  while (self->next != NULL && self->owner != NULL);
  question_end (self, error);
  return dex_future_new_true ();
}

/* (transfer none): the promise of its next round, which comes. */
static DexPromise *
question_put (Question *self)
{
  if (self->next == NULL)
    self->next = dex_promise_new ();
  if (self->asking)
    return self->next;
  self->asking = TRUE;
  peerup_timer_stop (&self->retry);
  /* Let go: it ends by the deadlines of what it asks. It begins from the main loop. */
  dex_future_disown (peerup_fiber_run (question_fiber, g_rc_box_acquire (self), question_unref));
  return self->next;
}

static void
on_retry (gpointer data)
{
  Question *self = data;
  PeerupEngine *engine = self->owner->engine;

  if (engine->trust != NULL && peerup_engine_trust_sees (engine->trust, self->peer, NULL))
    question_put (self);
  else
    g_hash_table_remove (self->owner->questions, self->peer);
}

static Question *
get_question (PeerupEnginePeerServices *self, PeerupPeerId *peer)
{
  Question *question = g_hash_table_lookup (self->questions, peer);
  g_autoptr (PeerupReactor) reactor = NULL;

  if (question != NULL)
    return question;
  reactor = peerup_reactor_ref_default ();
  question = g_rc_box_new0 (Question);
  question->owner = self;
  question->swarm = g_object_ref (self->engine->swarm);
  question->identify = g_object_ref (self->engine->identify);
  question->peer = peerup_peer_id_ref (peer);
  peerup_timer_init (&question->retry, reactor, on_retry, question);
  g_hash_table_insert (self->questions, question->peer, question);
  return question;
}

DexFuture *
peerup_engine_peer_services_ask (PeerupEnginePeerServices *self, PeerupPeerId *peer)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (peer != NULL, NULL);

  return dex_ref (DEX_FUTURE (question_put (get_question (self, peer))));
}

/* When there is a reason to ask */

static void
ask_trusted (PeerupEnginePeerServices *self, PeerupPeerId *peer)
{
  Question *question;

  if (self->engine->trust == NULL || !peerup_engine_trust_sees (self->engine->trust, peer, NULL))
    return;
  question = get_question (self, peer);
  question->wanted = TRUE;
  question->n_failures = 0;
  question_put (question);
}

static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  ask_trusted (data, info->peer);
}

/* Whoever is connected already may be trusted only now. */
static void
on_trust_changed (PeerupEngine *engine, gpointer data)
{
  GListModel *peers = peerup_engine_get_peers (engine);

  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, i);

      if (peerup_peer_get_n_connections (peer) > 0 && peerup_peer_get_services (peer) == NULL)
        ask_trusted (data, peerup_peer_get_peer_id (peer));
    }
}

/* Answering */

/* PeerupDiscoveryOffer: a look, as that of identify is; using is what is audited. An engine that stops takes its
 * services down one after the other, and that is nothing to remember of it. */
static GPtrArray *
offer (PeerupPeerId *peer, gpointer data)
{
  const PeerupEnginePeerServices *self = data;
  GListModel *services = peerup_engine_get_services (self->engine);
  GPtrArray *told;

  if (peerup_engine_get_state (self->engine) == PEERUP_ENGINE_STOPPING)
    return NULL;
  told = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_discovery_service_free);
  for (guint i = 0; i < g_list_model_get_n_items (services) && self->engine->trust != NULL; i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (services, i);
      const char *name = peerup_service_get_name (service);

      if (peerup_service_get_enabled (service) && peerup_engine_trust_sees (self->engine->trust, peer, name))
        g_ptr_array_add (told, peerup_discovery_service_new (name, peerup_service_get_kind (service),
                                                             peerup_service_get_tags (service)));
    }
  return told;
}

GHashTable *
peerup_engine_peer_services_look (PeerupEnginePeerServices *self)
{
  GHashTable *told = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal,
                                            (GDestroyNotify) peerup_peer_id_unref, (GDestroyNotify) g_bytes_unref);
  g_autoptr (GPtrArray) connections = NULL;

  g_return_val_if_fail (self != NULL, told);

  connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);
  for (guint i = 0; i < connections->len; i++)
    {
      PeerupPeerId *peer = peerup_connection_get_remote_peer (connections->pdata[i]);
      g_autoptr (GPtrArray) services = g_hash_table_contains (told, peer) ? NULL : offer (peer, self);

      if (services != NULL)
        g_hash_table_insert (told, peerup_peer_id_ref (peer), peerup_discovery_response_encode (services));
    }
  return told;
}

guint
peerup_engine_peer_services_show (PeerupEnginePeerServices *self, GHashTable *before)
{
  g_autoptr (GHashTable) now = peerup_engine_peer_services_look (self);
  gpointer peer, told;
  GHashTableIter iter;
  guint n = 0;

  g_hash_table_iter_init (&iter, now);
  while (g_hash_table_iter_next (&iter, &peer, &told))
    {
      GBytes *old = g_hash_table_lookup (before, peer);

      if (old != NULL && g_bytes_equal (old, told))
        continue;
      peerup_identify_push_to (self->engine->identify, peer);
      n++;
    }
  return n;
}

void
peerup_engine_peer_services_serve (PeerupEnginePeerServices *self)
{
  g_return_if_fail (self != NULL);

  peerup_discovery_serve (self->engine->swarm, offer, self);
}

/* Life */

PeerupEnginePeerServices *
peerup_engine_peer_services_new (PeerupEngine *engine)
{
  PeerupEnginePeerServices *self = g_new0 (PeerupEnginePeerServices, 1);

  self->engine = engine;
  self->questions = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, NULL, question_unref);
  g_signal_connect (engine->identify, "identified", G_CALLBACK (on_identified), self);
  g_signal_connect (engine, "trust-changed", G_CALLBACK (on_trust_changed), self);
  return self;
}

void
peerup_engine_peer_services_free (PeerupEnginePeerServices *self)
{
  GHashTableIter iter;
  gpointer question;

  g_signal_handlers_disconnect_by_data (self->engine->identify, self);
  g_signal_handlers_disconnect_by_data (self->engine, self);
  peerup_swarm_remove_protocol (self->engine->swarm, PEERUP_DISCOVERY_PROTOCOL);
  g_hash_table_iter_init (&iter, self->questions);
  while (g_hash_table_iter_next (&iter, NULL, &question))
    {
      ((Question *) question)->owner = NULL;
      peerup_timer_stop (&((Question *) question)->retry);
    }
  g_hash_table_unref (self->questions);
  g_free (self);
}
