/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The files of trust: authorized_keys, which the gater follows, and the grants beside it; read at the start, when they
 * change, and when the configuration names others. A file that cannot be read changes nothing. Every change is audited
 * by what is different in it, whoever made it.
 */
#include "engine/peerup-engine-trust-private.h"

#include <glib/gi18n-lib.h>

static PeerupGrant *
find_same (GPtrArray *grants, const PeerupGrant *grant)
{
  for (guint i = 0; i < grants->len; i++)
    {
      PeerupGrant *other = grants->pdata[i];

      if (g_str_equal (other->service, grant->service) && peerup_peer_id_equal (other->peer, grant->peer))
        return other;
    }
  return NULL;
}

/* Whoever has changed the file; what went by its end has been told. */
static void
trust_audit_grants (PeerupEngineTrust *self, GPtrArray *before, GPtrArray *after)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  for (guint i = 0; i < after->len; i++)
    {
      const PeerupGrant *grant = after->pdata[i];
      const PeerupGrant *old = find_same (before, grant);
      g_autofree char *until = grant->until != PEERUP_EXPIRES_NEVER ? peerup_expires_format (grant->until) : NULL;

      if (old != NULL && old->until == grant->until)
        continue;
      peerup_engine_trust_audit (self, old == NULL ? "grant-added" : "grant-extended", grant->peer, grant->service,
                                 until != NULL ? until : "forever");
      peerup_engine_trust_show (self, grant->peer);
    }
  for (guint i = 0; i < before->len; i++)
    {
      const PeerupGrant *grant = before->pdata[i];

      if (find_same (after, grant) != NULL || grant->until <= now)
        continue;
      peerup_engine_trust_audit (self, "grant-revoked", grant->peer, grant->service, NULL);
      peerup_engine_trust_show (self, grant->peer);
    }
}

static void
trust_note_unreadable (PeerupEngineTrust *self)
{
  g_autofree char *text = NULL;

  for (guint i = 0; i < self->loaded->len && text == NULL; i++)
    {
      const PeerupGrant *grant = self->loaded->pdata[i];

      if (grant->until == PEERUP_EXPIRES_MALFORMED)
        text =
          g_strdup_printf (_ ("%s: the end of the grant of %s to %s cannot be read, so it has ended; write it like "
                              "expires=2030-12-31T18:00:00Z"),
                           self->grants_path, grant->service, peerup_peer_id_get_string (grant->peer));
    }
  peerup_engine_set_problem (self->engine, "grants", text);
}

static void
trust_take_grants (PeerupEngineTrust *self, GPtrArray *grants, gboolean tell)
{
  g_autoptr (GPtrArray) before = g_steal_pointer (&self->loaded);

  self->loaded = g_ptr_array_ref (grants);
  peerup_trust_clock_set_grants (self->clock, grants);
  trust_note_unreadable (self);
  if (tell)
    trust_audit_grants (self, before, self->loaded);
  peerup_service_set_review (self->engine->services);
  peerup_engine_trust_advance (self);
}

/* On an error the grants read before stay in force, and end. */
gboolean
peerup_engine_trust_load_grants (PeerupEngineTrust *self, gboolean tell, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;
  GPtrArray *grants;

  if (self->grants_path != NULL)
    grants = peerup_grants_file_load (self->grants_path, &local);
  else
    grants = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  if (grants != NULL)
    {
      trust_take_grants (self, grants, tell);
      return TRUE;
    }
  text = g_strdup_printf ("%s; %s", local->message,
                          tell ? _ ("the grants read before stay in force") : _ ("nobody has a grant"));
  peerup_engine_set_problem (self->engine, "grants", text);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static void
on_grants_changed (gpointer data)
{
  if (!peerup_engine_trust_load_grants (data, TRUE, NULL))
    g_debug ("The grants in force stay as they were");
}

static void
show_warnings (PeerupEngineTrust *self)
{
  const char *const *warnings = peerup_gater_get_warnings (self->gater);
  g_autofree char *text = NULL;

  if (peerup_gater_is_open (self->gater))
    text = g_strdup_printf (_ ("Connection gating is off, so EVERY peer that finds this device is admitted: set "
                               "security.enable_connection_gating to true in %s"),
                            self->engine->config_path);
  else if (warnings[0] != NULL)
    text = g_strjoinv (". ", (char **) warnings);
  peerup_engine_set_problem (self->engine, "trust", text);
}

/* What is said of a peer there, in one word that changes when that does. */
static GHashTable *
dup_entries (PeerupAuthorizedKeys *keys)
{
  GHashTable *entries =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, g_free);

  for (guint i = 0; keys != NULL && i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, i);
      gint64 until = PEERUP_EXPIRES_NEVER;

      (void) peerup_authorized_keys_lookup (keys, peer, 0, &until);
      g_hash_table_insert (entries, peerup_peer_id_ref (peer),
                           g_strdup_printf ("%s%" G_GINT64_FORMAT,
                                            peerup_authorized_keys_is_guest (keys, peer) ? "guest " : "", until));
    }
  return entries;
}

static void
trust_audit_entries (PeerupEngineTrust *self, GHashTable *before, GHashTable *after)
{
  GHashTableIter iter;
  gpointer peer, entry;

  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &peer, &entry))
    {
      const char *old = g_hash_table_lookup (before, peer);

      if (g_strcmp0 (old, entry) == 0)
        continue;
      peerup_engine_trust_audit (self, old == NULL ? "peer-added" : "peer-changed", peer, NULL,
                                 g_str_has_prefix (entry, "guest ") ? "guest" : "peer");
      peerup_engine_trust_show (self, peer);
    }
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &peer, NULL))
    if (!g_hash_table_contains (after, peer))
      peerup_engine_trust_audit (self, "peer-removed", peer, NULL, NULL);
}

static void
trust_note_entries (PeerupEngineTrust *self, gboolean tell)
{
  g_autoptr (GHashTable) before = g_steal_pointer (&self->entries);

  self->entries = dup_entries (peerup_gater_get_keys (self->gater));
  if (tell)
    trust_audit_entries (self, before, self->entries);
}

static void
on_revoked (PeerupGater *gater, PeerupPeerId *peer, const char *reason, gpointer data)
{
  PeerupEngineTrust *self = data;
  PeerupDecision decision = peerup_engine_trust_look (self, peer, NULL);

  peerup_engine_devices_touch (self->engine->devices, peer);
  if (decision.allow)
    return;
  peerup_engine_trust_audit (self, "peer-ended", peer, NULL, peerup_decision_get_word (decision.reason));
  peerup_engine_trust_disconnect (self, peer, reason);
}

static void
on_keys_changed (PeerupGater *gater, gpointer data)
{
  PeerupEngineTrust *self = data;

  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "authorized_keys was read again");
  trust_note_entries (self, TRUE);
  if (self->engine->relay_choice != NULL)
    peerup_engine_relay_choice_review (self->engine->relay_choice);
  if (self->engine->lan != NULL)
    peerup_engine_lan_review (self->engine->lan);
  peerup_engine_devices_review (self->engine->devices);
  peerup_engine_set_problem (self->engine, "authorized_keys", NULL);
  show_warnings (self);
  peerup_service_set_review (self->engine->services);
  /* Somebody may have been verified, which is no change of what peers may. */
  peerup_engine_prompts_touch (self->engine->prompts);
  peerup_engine_trust_advance (self);
}

static void
on_keys_problem (PeerupGater *gater, const char *text, gpointer data)
{
  PeerupEngineTrust *self = data;

  peerup_engine_set_problem (self->engine, "authorized_keys", text);
}

static PeerupGater *
make_gater (PeerupEngineTrust *self, PeerupConfig *config, GError **error)
{
  g_autoptr (PeerupGater) gater = NULL;

  if (!peerup_config_get_connection_gating (config))
    return peerup_gater_new_open ();
  gater = peerup_gater_new_for_file (peerup_config_get_authorized_keys_file (config), error);
  if (gater == NULL)
    return NULL;
  g_signal_connect (gater, "revoked", G_CALLBACK (on_revoked), self);
  g_signal_connect (gater, "changed", G_CALLBACK (on_keys_changed), self);
  g_signal_connect (gater, "problem", G_CALLBACK (on_keys_problem), self);
  return g_steal_pointer (&gater);
}

static void
clear_gater (PeerupEngineTrust *self)
{
  if (self->gater != NULL)
    g_signal_handlers_disconnect_by_data (self->gater, self);
  g_clear_object (&self->gater);
}

/* (transfer full) of PeerupPeerId: peers that may be here now. Where everybody may, those that we have dialed are here
 * by our own choice, relays among them, and no file says otherwise. */
static GPtrArray *
dup_welcome (PeerupEngineTrust *self)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);
  GPtrArray *peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);

  for (guint i = 0; self->gater != NULL && i < connections->len; i++)
    {
      PeerupPeerId *peer = peerup_connection_get_remote_peer (connections->pdata[i]);

      if (peerup_engine_trust_is_open (self) && peerup_connection_get_info (connections->pdata[i])->outbound)
        continue;
      if (peerup_engine_trust_sees (self, peer, NULL))
        g_ptr_array_add (peers, peerup_peer_id_ref (peer));
    }
  return peers;
}

static gboolean
same_files (PeerupConfig *a, PeerupConfig *b)
{
  return peerup_config_get_connection_gating (a) == peerup_config_get_connection_gating (b) &&
         g_strcmp0 (peerup_config_get_authorized_keys_file (a), peerup_config_get_authorized_keys_file (b)) == 0;
}

static void
trust_follow_grants (PeerupEngineTrust *self, PeerupConfig *config)
{
  const char *keys = peerup_config_get_authorized_keys_file (config);

  g_clear_pointer (&self->watch, peerup_file_watch_free);
  g_clear_pointer (&self->grants_path, g_free);
  if (keys == NULL)
    return;
  self->grants_path = peerup_grants_path (keys);
  self->watch = peerup_file_watch_new (self->grants_path, on_grants_changed, self);
}

static gboolean
trust_take_files (PeerupEngineTrust *self, PeerupConfig *config, GError **error)
{
  g_autoptr (GPtrArray) welcome = NULL;
  gboolean first = self->gater == NULL;
  PeerupGater *gater = make_gater (self, config, error);

  if (gater == NULL)
    return FALSE;
  welcome = dup_welcome (self);
  clear_gater (self);
  self->gater = gater;
  trust_note_entries (self, !first);
  trust_follow_grants (self, config);
  /* Grants that cannot be read are a problem that is shown, and grant nothing. */
  if (!peerup_engine_trust_load_grants (self, FALSE, NULL))
    trust_take_grants (self, g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free), FALSE);
  for (guint i = 0; i < welcome->len; i++)
    if (!peerup_engine_trust_sees (self, welcome->pdata[i], NULL))
      peerup_engine_trust_disconnect (self, welcome->pdata[i], "the configuration names another authorized_keys file");
  /* Over connections that stay, services may be used that are no longer open to their peers. */
  if (!first)
    {
      peerup_service_set_review (self->engine->services);
      peerup_engine_devices_review (self->engine->devices);
    }
  peerup_engine_set_problem (self->engine, "authorized_keys", NULL);
  show_warnings (self);
  return TRUE;
}

static void
trust_take_audit (PeerupEngineTrust *self, PeerupConfig *config)
{
  const PeerupAuditSettings settings = {
    .enabled = peerup_config_get_audit_enabled (config),
    .file = peerup_config_get_audit_file (config),
    .max_size = peerup_config_get_audit_max_size (config),
    .keep = peerup_config_get_audit_keep (config),
  };

  peerup_audit_set_settings (self->audit, &settings);
}

gboolean
peerup_engine_trust_apply (PeerupEngineTrust *self, PeerupConfig *config, GError **error)
{
  g_return_val_if_fail (self != NULL && config != NULL, FALSE);

  trust_take_audit (self, config);
  if (self->gater != NULL && same_files (self->config, config))
    return TRUE;
  if (!trust_take_files (self, config, error))
    return FALSE;
  peerup_config_ref (config);
  g_clear_pointer (&self->config, peerup_config_unref);
  self->config = config;
  return TRUE;
}

gboolean
peerup_engine_trust_reload (PeerupEngineTrust *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return peerup_gater_reload (self->gater, error) && peerup_engine_trust_load_grants (self, TRUE, error);
}

void
peerup_engine_trust_clear_files (PeerupEngineTrust *self)
{
  clear_gater (self);
  g_clear_pointer (&self->watch, peerup_file_watch_free);
  g_clear_pointer (&self->grants_path, g_free);
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->entries, g_hash_table_unref);
  g_clear_pointer (&self->loaded, g_ptr_array_unref);
}
