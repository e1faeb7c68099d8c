/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is told of a device that authorized_keys lists, connected or not, and when its object is looked at anew. A
 * change of one device is looked at alone. While somebody is attached and something is connected, the round trips are
 * compared every few seconds; otherwise nothing runs. Reads no file.
 */
#include "control/peerup-control-devices.h"

#include "control/peerup-control-describe.h"
#include "control/peerup-control-private.h"
#include "engine/peerup-path-history.h"
#include "engine/peerup-path-sentence.h"

/* Seconds between two looks at the round trips, and the least difference that is told, µs. */
#define RTT_TIME     5
#define RTT_DISTANCE 1000

struct _PeerupControlDevices
{
  PeerupControl *control; /* owns this */
  GMainContext *context;
  GHashTable *rtts; /* peer ID, text, to gint64: as it was told last */
  GSource *timer;   /* NULL: nothing is connected, or nobody looks */
};

/* Round trips */

gboolean
peerup_control_is_other_rtt (gint64 told, gint64 rtt)
{
  gint64 distance = ABS (rtt - told);

  if (told == 0 || rtt == 0)
    return told != rtt;
  return distance >= RTT_DISTANCE && distance > told / 4;
}

static gint64
get_told (PeerupControlDevices *self, const char *id)
{
  const gint64 *told = g_hash_table_lookup (self->rtts, id);

  return told != NULL ? *told : 0;
}

/* Whether somebody looks at the objects. */
static gboolean
is_watched (PeerupControlDevices *self)
{
  for (guint i = 0; i < self->control->faces->len; i++)
    if (peerup_control_face_has_clients (self->control->faces->pdata[i]))
      return TRUE;
  return FALSE;
}

static gboolean
on_time (gpointer data)
{
  PeerupControlDevices *self = data;
  GListModel *peers = peerup_engine_get_peers (self->control->engine);
  gboolean any = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, i);
      const char *id = peerup_peer_get_id (peer);

      if (peerup_peer_get_best (peer) == NULL || !g_hash_table_contains (self->rtts, id))
        continue;
      any = TRUE;
      if (peerup_control_is_other_rtt (get_told (self, id), MAX (peerup_peer_get_rtt (peer), 0)))
        peerup_control_objects_touch_one (self->control->objects, PEERUP_CONTROL_DEVICES, id);
    }
  if (any && is_watched (self))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->timer, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
start_timer (PeerupControlDevices *self)
{
  if (self->timer != NULL || !is_watched (self))
    return;
  self->timer = g_timeout_source_new_seconds (RTT_TIME);
  g_source_set_static_name (self->timer, "[peerup] control round trips");
  g_source_set_callback (self->timer, on_time, self, NULL);
  g_source_attach (self->timer, self->context);
}

/* What is told of a round trip that is @rtt now, µs; 0: unknown. A device that is connected has an entry in the table.
 */
static gint64
settle_rtt (PeerupControlDevices *self, const char *id, gint64 rtt)
{
  gint64 told = get_told (self, id);

  if (peerup_control_is_other_rtt (told, rtt))
    told = rtt;
  g_hash_table_replace (self->rtts, g_strdup (id), g_memdup2 (&told, sizeof told));
  start_timer (self);
  return told;
}

/* One device */

static void
add_string (GVariantDict *dict, const char *key, const char *value)
{
  g_variant_dict_insert (dict, key, "s", value != NULL ? value : "");
}

static gboolean
is_relay (PeerupEngine *engine, PeerupPeerId *peer)
{
  guint n = engine->relays != NULL ? peerup_relay_client_get_n_relays (engine->relays) : 0;

  for (guint i = 0; i < n; i++)
    {
      PeerupRelayInfo info;

      peerup_relay_client_get_info (engine->relays, i, &info);
      if (peerup_peer_id_equal (info.relay, peer))
        return TRUE;
    }
  return FALSE;
}

static void
add_text (GVariantDict *dict, const char *key, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  add_string (dict, key, valid);
}

static void
add_entry (GVariantDict *dict, PeerupAuthorizedKeys *keys, guint entry)
{
  PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, entry);
  const char *group = peerup_authorized_keys_get_attribute (keys, entry, PEERUP_AUTHORIZED_KEYS_GROUP);
  const char *verified = peerup_authorized_keys_get_attribute (keys, entry, PEERUP_AUTHORIZED_KEYS_VERIFIED);
  gint64 expires = peerup_authorized_keys_get_expires (keys, entry);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  add_string (dict, "peer_id", peerup_peer_id_get_string (peer));
  add_string (dict, "comment", peerup_authorized_keys_get_comment (keys, entry));
  g_variant_dict_insert (dict, "verified", "b", verified != NULL);
  g_variant_dict_insert (dict, "guest", "b", peerup_authorized_keys_is_guest (keys, peer));
  g_variant_dict_insert (dict, "ended", "b",
                         peerup_authorized_keys_lookup (keys, peer, now, NULL) != PEERUP_AUTHORIZATION_VALID);
  /* Whatever stands in the file. */
  if (verified != NULL)
    add_text (dict, "fingerprint", verified);
  if (group != NULL)
    add_text (dict, "group", group);
  if (expires != PEERUP_EXPIRES_NEVER && expires != PEERUP_EXPIRES_MALFORMED)
    g_variant_dict_insert (dict, "expires_at", "x", expires);
}

static void
add_path (GVariantDict *dict, PeerupEngine *engine, PeerupPeer *peer, PeerupConnection *best,
          PeerupControlDevices *devices)
{
  g_autoptr (PeerupPeerId) relay = peerup_path_dup_relay (best);
  gint64 rtt = MAX (peerup_peer_get_rtt (peer), 0);

  if (devices != NULL)
    rtt = settle_rtt (devices, peerup_peer_get_id (peer), rtt);
  add_string (dict, "path", peerup_peer_get_relayed (peer) ? "relayed" : "direct");
  g_variant_dict_insert (dict, "punched", "b", g_strcmp0 (peerup_peer_get_path (peer), "punched") == 0);
  g_variant_dict_insert (dict, "silent", "b", peerup_connection_is_silent (best));
  if (relay != NULL)
    {
      add_string (dict, "relay_id", peerup_peer_id_get_string (relay));
      add_string (dict, "relay_name", peerup_engine_get_name_of (engine, relay));
    }
  if (rtt > 0)
    g_variant_dict_insert (dict, "rtt_us", "x", rtt);
  g_variant_dict_insert (dict, "bytes_received", "t", peerup_peer_get_bytes_received (peer));
  g_variant_dict_insert (dict, "bytes_sent", "t", peerup_peer_get_bytes_sent (peer));
}

static char *
explain (PeerupEngine *engine, PeerupPeerId *id, PeerupConnection *best)
{
  static const PeerupPathState nothing;

  return engine->paths != NULL && best != NULL ? peerup_engine_paths_explain (engine->paths, id)
                                               : peerup_path_explain (&nothing);
}

static void
add_peer (GVariantDict *dict, PeerupEngine *engine, PeerupPeerId *id, PeerupControlDevices *devices)
{
  PeerupPeer *peer = peerup_peer_list_find (engine->peers, id);
  PeerupConnection *best = peer != NULL ? peerup_peer_get_best (peer) : NULL;
  g_autofree char *explanation = explain (engine, id, best);

  add_string (dict, "name", peerup_engine_get_name_of (engine, id));
  g_variant_dict_insert (dict, "is_relay", "b", is_relay (engine, id));
  add_string (dict, "state", peer != NULL ? peerup_control_peer_state_word (peer) : "disconnected");
  g_variant_dict_insert (dict, "searching", "b",
                         engine->paths != NULL && peerup_engine_paths_is_searching (engine->paths, id));
  add_string (dict, "explanation", explanation);
  g_variant_dict_insert (dict, "last_seen_at", "x", peerup_engine_devices_get_last_seen (engine->devices, id));
  if (peer != NULL && peerup_peer_get_services (peer) != NULL)
    g_variant_dict_insert_value (dict, "services", peerup_peer_get_services (peer));
  if (best != NULL)
    add_path (dict, engine, peer, best, devices);
  else if (devices != NULL)
    g_hash_table_remove (devices->rtts, peerup_peer_id_get_string (id));
}

GHashTable *
peerup_control_dup_half (PeerupEngine *engine)
{
  GHashTable *half = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) records = engine->pairing != NULL ? peerup_engine_pairing_dup_half (engine->pairing) : NULL;

  for (guint i = 0; records != NULL && i < records->len; i++)
    {
      const PeerupPairingRecord *record = records->pdata[i];

      g_hash_table_insert (half, g_strdup (peerup_peer_id_get_string (record->peer)),
                           (gpointer) peerup_control_pairing_word (record->state));
    }
  return half;
}

GVariant *
peerup_control_describe_device (PeerupEngine *engine, PeerupAuthorizedKeys *keys, guint entry, GHashTable *half,
                                PeerupControlDevices *devices)
{
  PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, entry);
  const char *pairing = g_hash_table_lookup (half, peerup_peer_id_get_string (peer));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_entry (&dict, keys, entry);
  add_string (&dict, "pairing",
              pairing != NULL ? pairing : peerup_control_pairing_word (PEERUP_PAIRING_RECORD_COMPLETE));
  add_peer (&dict, engine, peer, devices);
  return g_variant_dict_end (&dict);
}

/* The list */

/* (nullable) */
static PeerupAuthorizedKeys *
get_keys (PeerupControl *control)
{
  PeerupEngine *engine = control->engine;

  return engine->trust != NULL ? peerup_engine_trust_get_keys (engine->trust) : NULL;
}

GVariant *
peerup_control_list_devices (PeerupControl *control)
{
  PeerupAuthorizedKeys *keys = get_keys (control);
  g_autoptr (GHashTable) half = peerup_control_dup_half (control->engine);
  g_autoptr (GHashTable) seen = g_hash_table_new (peerup_peer_id_hash, peerup_peer_id_equal);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; keys != NULL && i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (g_hash_table_add (seen, peerup_authorized_keys_get_peer (keys, i)))
      g_variant_builder_add_value (&builder,
                                   peerup_control_describe_device (control->engine, keys, i, half, control->devices));
  return g_variant_builder_end (&builder);
}

GVariant *
peerup_control_find_device (PeerupControl *control, const char *id)
{
  PeerupAuthorizedKeys *keys = get_keys (control);
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (id, NULL);

  for (guint i = 0; keys != NULL && peer != NULL && i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, i), peer))
      {
        g_autoptr (GHashTable) half = peerup_control_dup_half (control->engine);

        return peerup_control_describe_device (control->engine, keys, i, half, control->devices);
      }
  g_hash_table_remove (control->devices->rtts, id);
  return NULL;
}

/* What changes */

static void
on_changed (PeerupEngineDevices *devices, PeerupPeerId *peer, gpointer data)
{
  PeerupControlDevices *self = data;

  if (peer != NULL)
    peerup_control_objects_touch_one (self->control->objects, PEERUP_CONTROL_DEVICES, peerup_peer_id_get_string (peer));
  else
    {
      peerup_control_objects_touch (self->control->objects, PEERUP_CONTROL_DEVICES);
      /* Relays that are no longer used tell nobody; this comes with whatever takes them out. */
      peerup_control_objects_touch (self->control->objects, PEERUP_CONTROL_RELAYS);
      /* They say what a peer is called. */
      peerup_control_objects_touch (self->control->objects, PEERUP_CONTROL_PROMPTS);
    }
}

PeerupControlDevices *
peerup_control_devices_new (PeerupControl *control)
{
  PeerupControlDevices *self = g_new0 (PeerupControlDevices, 1);

  self->control = control;
  self->context = g_main_context_ref_thread_default ();
  self->rtts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_signal_connect (control->engine->devices, "changed", G_CALLBACK (on_changed), self);
  return self;
}

void
peerup_control_devices_free (PeerupControlDevices *self)
{
  g_signal_handlers_disconnect_by_data (self->control->engine->devices, self);
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_hash_table_unref (self->rtts);
  g_main_context_unref (self->context);
  g_free (self);
}
