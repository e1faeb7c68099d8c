/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A member's side of groups: takes what the relays of the configuration say of who else is a member, once it was read
 * to its end and found plausible, and writes it down. Part of the engine's group. It believes no other peer, and brings
 * nobody back whom a person has removed.
 */
#include "engine/peerup-engine-group-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "transport/peerup-fiber.h"
#include "trust/peerup-authorized-keys-file.h"

/* Notices at once. */
#define NOTICES_MAX 8

/* What is known */

/* (transfer full) of PeerupMultiaddr: where the configuration says that @peer is as a relay. */
static GPtrArray *
dup_relay_addresses (PeerupEngineGroup *self, PeerupPeerId *peer)
{
  GPtrArray *relays = peerup_config_get_relay_addresses (self->engine->config);
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < relays->len; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_multiaddr_dup_peer_id (relays->pdata[i]);

      if (relay != NULL && peerup_peer_id_equal (relay, peer))
        g_ptr_array_add (result, peerup_multiaddr_ref (relays->pdata[i]));
    }
  return result;
}

gboolean
peerup_group_is_relay_of_ours (PeerupEngineGroup *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) addresses = dup_relay_addresses (self, peer);

  return addresses->len > 0;
}

GStrv
peerup_group_dup_ids (PeerupAuthorizedKeys *keys, guint entry)
{
  static const char *const attributes[] = { PEERUP_AUTHORIZED_KEYS_GROUP, PEERUP_GROUPS_ATTRIBUTE };
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    {
      const char *value = peerup_authorized_keys_get_attribute (keys, entry, attributes[i]);
      g_auto (GStrv) parts = g_strsplit (value != NULL ? value : "", ",", PEERUP_INTRODUCTIONS_GROUPS_MAX);

      for (guint j = 0; parts[j] != NULL; j++)
        if (peerup_group_id_check (parts[j], strlen (parts[j])))
          g_strv_builder_add (ids, parts[j]);
    }
  return g_strv_builder_end (ids);
}

static gboolean
is_of_group (PeerupAuthorizedKeys *keys, guint entry, const char *id)
{
  g_auto (GStrv) ids = peerup_group_dup_ids (keys, entry);

  return g_strv_contains ((const char *const *) ids, id);
}

static gboolean
lists (PeerupAuthorizedKeys *keys, PeerupPeerId *peer)
{
  return peerup_authorized_keys_lookup (keys, peer, 0, NULL) != PEERUP_AUTHORIZATION_NONE;
}

/* How many there are in all, ourselves included, if @news is true: those that are known, and those that are told, each
 * once. */
static guint
count_union (PeerupEngineGroup *self, PeerupAuthorizedKeys *keys, const PeerupGroupNews *news)
{
  g_autoptr (GHashTable) all = g_hash_table_new (peerup_peer_id_hash, peerup_peer_id_equal);

  g_hash_table_add (all, peerup_swarm_get_peer_id (self->engine->swarm));
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, i);

      if (is_of_group (keys, i, news->id) && !peerup_group_is_relay_of_ours (self, peer))
        g_hash_table_add (all, peer);
    }
  for (guint i = 0; i < news->peers->len; i++)
    g_hash_table_add (all, ((PeerupGroupPeer *) news->peers->pdata[i])->peer);
  return g_hash_table_size (all);
}

static gboolean
check_news (PeerupEngineGroup *self, PeerupAuthorizedKeys *keys, const PeerupGroupNews *news, GError **error)
{
  gboolean known = FALSE;
  guint n_members;

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    known |= is_of_group (keys, i, news->id);
  if (!known)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_DENIED, _ ("this device is not in group %s"), news->id);
      return FALSE;
    }
  n_members = count_union (self, keys, news);
  if (n_members <= news->size)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
               _ ("it says that group %s has %u members, and with whom it names there are %u here. If one has left, "
                  "remove it with: peerup auth remove NAME"),
               news->id, news->size, n_members);
  return FALSE;
}

/* What is written */

PeerupPairingRecord *
peerup_group_make_record (const char *id, PeerupPeerId *peer, const char *name, const char *own_name, GPtrArray *relays)
{
  PeerupPairingRecord *record = g_new0 (PeerupPairingRecord, 1);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *text = peerup_peer_id_get_string (peer);
  guint8 hash[32];
  gsize length = sizeof hash;

  g_checksum_update (checksum, (const guint8 *) id, PEERUP_GROUP_ID_LENGTH);
  g_checksum_update (checksum, (const guint8 *) text, strlen (text));
  g_checksum_get_digest (checksum, hash, &length);
  record->state = PEERUP_PAIRING_RECORD_COMPLETE;
  record->kind = g_strdup ("relay");
  record->peer = peerup_peer_id_ref (peer);
  record->at = g_get_real_time () / G_USEC_PER_SEC;
  record->own = peerup_pairing_offer_new (own_name);
  record->theirs = peerup_pairing_offer_new (name);
  for (guint i = 0; i < MIN (relays->len, PEERUP_PAIRING_ADDRESSES_MAX); i++)
    g_ptr_array_add (record->theirs->relays, peerup_multiaddr_ref (relays->pdata[i]));
  memcpy (record->id, hash, sizeof record->id);
  return record;
}

typedef struct
{
  PeerupPeerId *peer;
  const char *id;
} Mark;

/* The original knows one group of an entry; what there is beyond that stands under another key. */
static gboolean
mark_edit (PeerupAuthorizedKeys *keys, gpointer data, GError **error)
{
  const Mark *mark = data;
  const char *group = peerup_engine_group_get_attribute (keys, mark->peer, PEERUP_AUTHORIZED_KEYS_GROUP);
  const char *groups = peerup_engine_group_get_attribute (keys, mark->peer, PEERUP_GROUPS_ATTRIBUTE);
  g_autofree char *more = NULL;

  if (group == NULL)
    return peerup_authorized_keys_set (keys, mark->peer, PEERUP_AUTHORIZED_KEYS_GROUP, mark->id, error);
  more = groups != NULL ? g_strdup_printf ("%s,%s", groups, mark->id) : g_strdup (mark->id);
  return peerup_authorized_keys_set (keys, mark->peer, PEERUP_GROUPS_ATTRIBUTE, more, error);
}

gboolean
peerup_group_mark (PeerupEngineGroup *self, PeerupPeerId *peer, const char *id, GError **error)
{
  const char *path = peerup_config_get_authorized_keys_file (self->engine->config);
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_engine_group_load_keys (self);
  Mark mark = { peer, id };

  for (guint i = 0; keys != NULL && i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, i), peer) && is_of_group (keys, i, id))
      return TRUE;
  return path == NULL || peerup_authorized_keys_file_edit (path, FALSE, mark_edit, &mark, error);
}

/* 1: is new; 0: was known, or is not wanted; -1. */
static int
take_peer (PeerupEngineGroup *self, GPtrArray *relays, const char *id, const PeerupGroupPeer *member, char **name,
           GError **error)
{
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_engine_group_load_keys (self);
  g_autoptr (PeerupPairingRecord) record = NULL;
  gboolean known = keys != NULL && lists (keys, member->peer);

  if (!known && peerup_introductions_have (self->introductions, id, member->peer))
    {
      g_debug ("%s of group %s was removed here and is not taken up again", peerup_peer_id_get_string (member->peer),
               id);
      return 0;
    }
  if (!known)
    {
      record = peerup_group_make_record (id, member->peer, member->name, "", relays);
      *name = peerup_engine_pairing_apply (self->engine->pairing, record, error);
      if (*name == NULL)
        return -1;
    }
  if (!peerup_group_mark (self, member->peer, id, error) ||
      !peerup_introductions_add (self->introductions, id, member->peer, error))
    return -1;
  return known ? 0 : 1;
}

int
peerup_group_take_news (PeerupEngineGroup *self, GPtrArray *relays, const PeerupGroupNews *news, PeerupJoinFunc tell,
                        gpointer data, GError **error)
{
  g_autoptr (GError) first = NULL;
  int n_new = 0;

  for (guint i = 0; i < news->peers->len; i++)
    {
      const PeerupGroupPeer *member = news->peers->pdata[i];
      g_autoptr (GError) local = NULL;
      g_autofree char *name = NULL;
      int taken;

      if (peerup_peer_id_equal (member->peer, peerup_swarm_get_peer_id (self->engine->swarm)) ||
          peerup_group_is_relay_of_ours (self, member->peer))
        continue;
      taken = take_peer (self, relays, news->id, member, &name, &local);
      if (taken < 0 && first == NULL)
        first = g_steal_pointer (&local);
      if (taken <= 0)
        continue;
      n_new++;
      g_message (
        "The relay %s has introduced %s (%s) as a member of group %s. To be sure of it, compare: peerup verify "
        "%s",
        peerup_multiaddr_get_string (relays->pdata[0]), name, peerup_peer_id_get_string (member->peer), news->id, name);
      peerup_engine_trust_audit (self->engine->trust, "paired", member->peer, NULL, news->id);
      if (tell != NULL)
        tell ("saving", name, data);
    }
  if (first == NULL)
    return n_new;
  g_propagate_error (error, g_steal_pointer (&first));
  return -1;
}

/* Notices */

typedef struct
{
  PeerupEngineGroup *self;
  PeerupPeerId *relay;
  PeerupStream *stream;
} Notice;

static void
notice_free (gpointer data)
{
  Notice *notice = data;

  notice->self->n_notices--;
  g_object_unref (notice->stream);
  peerup_peer_id_unref (notice->relay);
  peerup_engine_group_unref (notice->self);
  g_free (notice);
}

static gboolean
notice_take (Notice *notice, const PeerupGroupNews *news, GError **error)
{
  PeerupEngineGroup *self = notice->self;
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_engine_group_load_keys (self);
  g_autoptr (GPtrArray) relays = dup_relay_addresses (self, notice->relay);
  int n_new;

  if (keys == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("this device keeps no authorized_keys"));
      return FALSE;
    }
  /* It was one when it began to speak. */
  if (relays->len == 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_DENIED,
                           _ ("it is no relay of the configuration any more"));
      return FALSE;
    }
  if (!check_news (self, keys, news, error))
    return FALSE;
  n_new = peerup_group_take_news (self, relays, news, NULL, NULL, error);
  /* Always: somebody may be in the file and not let in yet. */
  if (!peerup_engine_trust_reload (self->engine->trust, n_new >= 0 ? error : NULL))
    return FALSE;
  if (n_new > 0)
    peerup_engine_group_tell (self, news->id);
  return n_new >= 0;
}

static DexFuture *
notice_fiber (gpointer data)
{
  Notice *notice = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupGroupNews) news = NULL;
  g_autoptr (GBytes) bytes = peerup_stream_await_rest (notice->stream, PEERUP_GROUP_MESSAGE_MAX,
                                                       g_get_monotonic_time () + PEERUP_GROUP_READ_TIMEOUT, &error);

  if (bytes != NULL)
    news = peerup_group_notice_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  if (news != NULL && notice->self->engine != NULL && notice_take (notice, news, &error))
    {
      peerup_stream_close (notice->stream);
      return dex_future_new_true ();
    }
  if (error != NULL)
    g_message ("What the relay %s said of a group was not taken: %s", peerup_peer_id_get_string (notice->relay),
               error->message);
  return dex_future_new_false ();
}

static void
on_notice (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupEngineGroup *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  Notice *notice;

  if (!peerup_group_is_relay_of_ours (self, peer) || self->n_notices >= NOTICES_MAX)
    {
      g_debug ("%s wants to introduce somebody, and is no relay of ours, or too eager",
               peerup_peer_id_get_string (peer));
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_GATED);
      g_object_unref (stream);
      return;
    }
  notice = g_new0 (Notice, 1);
  notice->self = peerup_engine_group_ref (self);
  notice->relay = peerup_peer_id_ref (peer);
  notice->stream = stream;
  self->n_notices++;
  /* Let go: what it reads has a deadline. */
  dex_future_disown (peerup_fiber_run (notice_fiber, notice, notice_free));
}

/* Life */

void
peerup_group_member_init (PeerupEngineGroup *self)
{
  g_autofree char *directory = g_path_get_dirname (self->engine->config_path);
  g_autofree char *path = g_build_filename (directory, PEERUP_INTRODUCTIONS_NAME, NULL);
  g_autofree char *problem = NULL;

  self->introductions = peerup_introductions_load (path, &problem);
  peerup_engine_set_problem (self->engine, "introductions", problem);
  peerup_swarm_add_protocol (self->engine->swarm, PEERUP_PEER_NOTIFY_PROTOCOL, on_notice, self, NULL);
}

void
peerup_group_member_clear (PeerupEngineGroup *self)
{
  peerup_swarm_remove_protocol (self->engine->swarm, PEERUP_PEER_NOTIFY_PROTOCOL);
  g_clear_pointer (&self->introductions, peerup_introductions_free);
}
