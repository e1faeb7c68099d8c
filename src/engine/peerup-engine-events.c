/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What happens in an engine, as a queue that the main loop empties. It lives as long as its engine, follows the
 * engine's own signals and those of the objects in its lists, and keeps none of them from going.
 */
#include "engine/peerup-engine-events.h"

#include "engine/peerup-engine-private.h"

typedef struct
{
  char *name;
  GVariant *details;
} Event;

struct _PeerupEngineEvents
{
  GObject parent_instance;

  PeerupEngine *engine; /* it owns this */
  GMainContext *context;
  GSource *source; /* NULL while nothing waits */
  GQueue waiting;  /* of Event */
};

G_DEFINE_FINAL_TYPE (PeerupEngineEvents, peerup_engine_events, G_TYPE_OBJECT)

static void
event_free (Event *event)
{
  g_free (event->name);
  g_variant_unref (event->details);
  g_free (event);
}

/* What was there when the turn began; what a handler causes is for the next. */
static gboolean
tell (gpointer data)
{
  g_autoptr (PeerupEngineEvents) self = g_object_ref (data);
  g_autoptr (PeerupEngine) engine = g_object_ref (self->engine);

  g_clear_pointer (&self->source, g_source_unref);
  for (guint n = self->waiting.length; n > 0 && self->waiting.length > 0; n--)
    {
      Event *event = g_queue_pop_head (&self->waiting);

      peerup_engine_emit_event (engine, event->name, event->details);
      event_free (event);
    }
  return G_SOURCE_REMOVE;
}

static gboolean
is_told_already (PeerupEngineEvents *self, const char *name, GVariant *details)
{
  const Event *last = g_queue_peek_tail (&self->waiting);

  return last != NULL && g_str_equal (last->name, name) && g_variant_equal (last->details, details);
}

void
peerup_engine_events_add (PeerupEngineEvents *self, const char *name, GVariant *details)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (details);
  Event *event;

  if (is_told_already (self, name, held))
    return;
  event = g_new (Event, 1);
  event->name = g_strdup (name);
  event->details = g_steal_pointer (&held);
  g_queue_push_tail (&self->waiting, event);
  if (self->source != NULL)
    return;
  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->source, "[peerup] events");
  g_source_set_callback (self->source, tell, self, NULL);
  g_source_attach (self->source, self->context);
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

/* What an enumeration's value is called. */
static const char *
nick_of (GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);

  return g_enum_get_value (klass, value)->value_nick;
}

/* The engine itself */

/* Not by a notification, which is for what is now: who follows events sees each state. */
void
peerup_engine_events_tell_state (PeerupEngineEvents *self)
{
  PeerupEngine *engine = self->engine;
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "state", "s", nick_of (PEERUP_TYPE_ENGINE_STATE, peerup_engine_get_state (engine)));
  g_variant_dict_insert (&dict, "peer_id", "s", or_empty (peerup_engine_get_peer_id (engine)));
  peerup_engine_events_add (self, "StateChanged", g_variant_dict_end (&dict));
}

static void
on_problems (PeerupEngine *engine, GParamSpec *pspec, PeerupEngineEvents *self)
{
  g_auto (GStrv) problems = peerup_engine_dup_problems (engine);
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "problems", "^as", problems);
  peerup_engine_events_add (self, "ProblemsChanged", g_variant_dict_end (&dict));
}

static void
on_addresses (PeerupEngine *engine, GParamSpec *pspec, PeerupEngineEvents *self)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (engine);
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "addresses", "^as", addresses);
  peerup_engine_events_add (self, "AddressesChanged", g_variant_dict_end (&dict));
}

static void
on_grant_ending (PeerupEngine *engine, const char *peer_id, const char *name, const char *service, gint64 until,
                 PeerupEngineEvents *self)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "peer_id", "s", peer_id);
  g_variant_dict_insert (&dict, "name", "s", or_empty (name));
  g_variant_dict_insert (&dict, "service", "s", service);
  g_variant_dict_insert (&dict, "until", "x", until);
  peerup_engine_events_add (self, "GrantEnding", g_variant_dict_end (&dict));
}

static void
on_group_changed (PeerupEngine *engine, const char *id, PeerupEngineEvents *self)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "id", "s", id);
  peerup_engine_events_add (self, "GroupChanged", g_variant_dict_end (&dict));
}

/* What is in its lists */

static void
tell_peer (PeerupEngineEvents *self, PeerupPeer *peer)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "id", "s", peerup_peer_get_id (peer));
  g_variant_dict_insert (&dict, "name", "s", or_empty (peerup_peer_get_name (peer)));
  g_variant_dict_insert (&dict, "state", "s", nick_of (PEERUP_TYPE_PEER_STATE, peerup_peer_get_state (peer)));
  g_variant_dict_insert (&dict, "path", "s", or_empty (peerup_peer_get_path (peer)));
  peerup_engine_events_add (self, "PeerChanged", g_variant_dict_end (&dict));
}

static void
tell_service (PeerupEngineEvents *self, PeerupService *service)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  guint position;

  g_variant_dict_insert (&dict, "name", "s", peerup_service_get_name (service));
  g_variant_dict_insert (&dict, "host", "s", peerup_service_get_host (service));
  g_variant_dict_insert (&dict, "port", "u", peerup_service_get_port (service));
  g_variant_dict_insert (&dict, "enabled", "b", peerup_service_get_enabled (service));
  g_variant_dict_insert (&dict, "removed", "b",
                         !g_list_store_find (G_LIST_STORE (peerup_engine_get_services (self->engine)), service,
                                             &position));
  peerup_engine_events_add (self, "ServiceChanged", g_variant_dict_end (&dict));
}

static void
tell_forward (PeerupEngineEvents *self, PeerupForward *forward)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *address = peerup_engine_forward_address (forward);
  PeerupForwardState state = peerup_forward_get_state (forward);
  guint position;

  g_variant_dict_insert (&dict, "peer_id", "s", peerup_forward_get_peer_id (forward));
  g_variant_dict_insert (&dict, "service", "s", peerup_forward_get_service (forward));
  g_variant_dict_insert (&dict, "address", "s", address);
  g_variant_dict_insert (&dict, "state", "s", peerup_forward_state_to_string (state));
  g_variant_dict_insert (&dict, "error", "s", or_empty (peerup_forward_get_last_error (forward)));
  g_variant_dict_insert (&dict, "removed", "b", !g_list_store_find (self->engine->forwards, forward, &position));
  peerup_engine_events_add (self, "ForwardChanged", g_variant_dict_end (&dict));
}

static void
tell_item (PeerupEngineEvents *self, gpointer item)
{
  if (PEERUP_IS_PEER (item))
    tell_peer (self, item);
  else if (PEERUP_IS_SERVICE (item))
    tell_service (self, item);
  else
    tell_forward (self, item);
}

/* Numbers change with each stream and are asked for. */
static void
on_item (GObject *item, GParamSpec *pspec, PeerupEngineEvents *self)
{
  static const char *const told[] = { "name", "state", "path", "host", "port", "enabled", "last-error", NULL };

  if (g_strv_contains (told, pspec->name))
    tell_item (self, item);
}

/* @known: the list as it was. */
static void
on_items (GListModel *model, guint position, guint removed, guint added, PeerupEngineEvents *self)
{
  GPtrArray *known = g_object_get_data (G_OBJECT (model), "peerup-engine-events");

  for (guint i = 0; i < removed; i++)
    {
      g_autoptr (GObject) item = g_ptr_array_steal_index (known, position);

      g_signal_handlers_disconnect_by_func (item, on_item, self);
      tell_item (self, item);
    }
  for (guint i = 0; i < added; i++)
    {
      GObject *item = g_list_model_get_item (model, position + i);

      g_signal_connect_object (item, "notify", G_CALLBACK (on_item), self, 0);
      g_ptr_array_insert (known, position + i, item);
      tell_item (self, item);
    }
}

static void
follow (PeerupEngineEvents *self, GListModel *model)
{
  g_object_set_data_full (G_OBJECT (model), "peerup-engine-events", g_ptr_array_new_with_free_func (g_object_unref),
                          (GDestroyNotify) g_ptr_array_unref);
  g_signal_connect_object (model, "items-changed", G_CALLBACK (on_items), self, 0);
}

PeerupEngineEvents *
peerup_engine_events_new (PeerupEngine *engine)
{
  PeerupEngineEvents *self = g_object_new (PEERUP_TYPE_ENGINE_EVENTS, NULL);

  self->engine = engine;
  g_signal_connect_object (engine, "notify::problems", G_CALLBACK (on_problems), self, 0);
  g_signal_connect_object (engine, "notify::listen-addresses", G_CALLBACK (on_addresses), self, 0);
  g_signal_connect_object (engine, "grant-ending", G_CALLBACK (on_grant_ending), self, 0);
  g_signal_connect_object (engine, "group-changed", G_CALLBACK (on_group_changed), self, 0);
  follow (self, peerup_engine_get_peers (engine));
  follow (self, peerup_engine_get_services (engine));
  follow (self, peerup_engine_get_forwards (engine));
  return self;
}

static void
peerup_engine_events_finalize (GObject *object)
{
  PeerupEngineEvents *self = PEERUP_ENGINE_EVENTS (object);

  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) event_free);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (peerup_engine_events_parent_class)->finalize (object);
}

static void
peerup_engine_events_class_init (PeerupEngineEventsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_engine_events_finalize;
}

static void
peerup_engine_events_init (PeerupEngineEvents *self)
{
  self->context = g_main_context_ref_thread_default ();
  g_queue_init (&self->waiting);
}
