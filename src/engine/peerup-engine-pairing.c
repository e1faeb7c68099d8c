/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The pairings of an engine, as the rooms above see them: the lists, and what ends with the engine. Lives from the
 * swarm's start to its end, and as an empty shell as long as a fiber holds it. What it does is in peerup-pairing-*.c.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-private.h"

/* The wall's clock may be set at any time, so it is looked at this often. */
#define LOOK_TIME (30 * G_USEC_PER_SEC)

/* The hub */

PeerupEnginePairing *
peerup_pairing_hub_ref (PeerupEnginePairing *self)
{
  g_ref_count_inc (&self->references);
  return self;
}

void
peerup_pairing_hub_unref (PeerupEnginePairing *self)
{
  if (!g_ref_count_dec (&self->references))
    return;
  g_assert (self->engine == NULL && self->sessions->len == 0);
  peerup_pairing_store_unref (self->store);
  peerup_pairing_files_clear (&self->files);
  g_ptr_array_unref (self->open);
  g_ptr_array_unref (self->ended);
  g_ptr_array_unref (self->originals);
  g_ptr_array_unref (self->records);
  g_ptr_array_unref (self->sessions);
  g_ptr_array_unref (self->halves);
  g_object_unref (self->invites);
  dex_unref (self->changed);
  g_object_unref (self->swarm);
  g_free (self);
}

PeerupPeerId *
peerup_pairing_get_own_id (PeerupEnginePairing *self)
{
  return peerup_swarm_get_peer_id (self->swarm);
}

const char *
peerup_pairing_get_network (PeerupEnginePairing *self)
{
  return self->engine != NULL ? peerup_config_get_network (self->engine->config) : NULL;
}

gint64
peerup_pairing_get_time (PeerupEnginePairing *self)
{
  PeerupPairingNow now;

  self->now (&now);
  return now.wall;
}

gboolean
peerup_pairing_check_running (PeerupEnginePairing *self, GError **error)
{
  if (self->engine != NULL)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine was stopped meanwhile"));
  return FALSE;
}

void
peerup_pairing_tell (PeerupEnginePairing *self)
{
  g_autoptr (DexPromise) changed = g_steal_pointer (&self->changed);

  self->changed = dex_promise_new ();
  dex_promise_resolve_boolean (changed, TRUE);
  if (self->engine != NULL)
    peerup_engine_devices_touch (self->engine->devices, NULL);
}

void
peerup_pairing_await_change (PeerupEnginePairing *self, gint64 deadline)
{
  dex_await (dex_future_first (dex_ref (DEX_FUTURE (self->changed)), dex_timeout_new_deadline (deadline), NULL), NULL);
}

void
peerup_pairing_sleep (gint64 microseconds)
{
  dex_await (dex_timeout_new_usec (microseconds), NULL);
}

/* Time */

static void
on_time (gpointer data)
{
  PeerupEnginePairing *self = data;

  peerup_pairing_look_at_terms (self);
  peerup_pairing_look_at_time (self);
}

void
peerup_pairing_look_at_time (PeerupEnginePairing *self)
{
  gint64 wait = LOOK_TIME;
  PeerupPairingNow now;

  self->now (&now);
  if (self->originals->len > 0)
    wait = MIN (wait / G_USEC_PER_SEC, peerup_pairing_look_at_originals (self, &now)) * G_USEC_PER_SEC;
  for (guint i = 0; i < self->open->len; i++)
    {
      const PeerupOpenInvite *open = self->open->pdata[i];

      wait = MIN (wait, peerup_pairing_term_get_left (&open->term, &now) * G_USEC_PER_SEC);
    }
  if (self->open->len > 0 || self->originals->len > 0)
    peerup_timer_set (&self->timer, g_get_monotonic_time () + MAX (wait, G_USEC_PER_SEC / 10));
  else
    peerup_timer_stop (&self->timer);
}

/* The lists */

void
peerup_pairing_list_invite (PeerupEnginePairing *self, PeerupInvite *invite)
{
  GListModel *model = G_LIST_MODEL (self->invites);
  guint n_ended = 0;

  g_list_store_append (self->invites, invite);
  for (guint i = g_list_model_get_n_items (model); i > 0; i--)
    {
      g_autoptr (PeerupInvite) old = g_list_model_get_item (model, i - 1);

      if (!peerup_invite_is_live (old) && ++n_ended > PEERUP_INVITES_MAX)
        g_list_store_remove (self->invites, i - 1);
    }
}

GListModel *
peerup_engine_pairing_get_invites (PeerupEnginePairing *self)
{
  return G_LIST_MODEL (self->invites);
}

GPtrArray *
peerup_engine_pairing_dup_half (PeerupEnginePairing *self)
{
  GPtrArray *half = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_pairing_record_free);

  for (guint i = 0; i < self->records->len; i++)
    {
      const PeerupPairingRecord *record = self->records->pdata[i];

      if (record->state != PEERUP_PAIRING_RECORD_COMPLETE && peerup_pairing_stands (self, record))
        g_ptr_array_add (half, peerup_pairing_record_copy (record));
    }
  return half;
}

/* By hand */

gboolean
peerup_engine_pairing_cancel (PeerupEnginePairing *self, guint number, GError **error)
{
  PeerupOpenInvite *open = peerup_pairing_find_invite (self, number);

  if (open == NULL)
    {
      if (peerup_pairing_cancel_original (self, number))
        return TRUE;
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   _ ("There is no open invite %u: it was used, has expired or was taken back"), number);
      return FALSE;
    }
  if (open->claimant != NULL)
    {
      g_set_error (
        error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
        _ ("Invite %u is being used this very moment by %s: to take that back, remove the device with: peerup auth "
           "remove %s"),
        number, peerup_peer_id_get_string (open->claimant), peerup_peer_id_get_string (open->claimant));
      return FALSE;
    }
  peerup_pairing_end_invite (self, open, PEERUP_INVITE_CANCELLED);
  return TRUE;
}

static void
end_runs_of (PeerupEnginePairing *self, PeerupPeerId *peer)
{
  for (guint i = self->sessions->len; i > 0; i--)
    peerup_pairing_session_kill_of (self->sessions->pdata[i - 1], peer);
}

gboolean
peerup_engine_pairing_undo (PeerupEnginePairing *self, PeerupPeerId *peer, GError **error)
{
  PeerupPairingRecord *record;
  gboolean found = FALSE;
  gboolean had_record = FALSE;
  g_autoptr (PeerupPeerId) kept = peerup_peer_id_ref (peer);

  end_runs_of (self, kept);
  if (!peerup_pairing_revert (&self->files, self->store, kept, &found, error))
    return FALSE;
  while ((record = peerup_pairing_find_record_of (self, kept)) != NULL)
    {
      had_record = TRUE;
      if (!peerup_pairing_store_remove (self->store, record, error))
        return FALSE;
      g_ptr_array_remove (self->records, record);
    }
  peerup_pairing_tell (self);
  if (!found && !had_record)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("There is no pairing with %s"),
                   peerup_peer_id_get_string (kept));
      return FALSE;
    }
  peerup_engine_trust_audit (self->engine->trust, "pairing-undone", kept, NULL, "pairing undone");
  peerup_engine_store_reload (self->engine, "daemon", "pairing undone");
  return peerup_engine_trust_reload (self->engine->trust, error);
}

char *
peerup_engine_pairing_apply (PeerupEnginePairing *self, const PeerupPairingRecord *record, GError **error)
{
  g_autofree char *name = peerup_pairing_apply (&self->files, self->store, record, error);

  if (name != NULL && self->engine->monitor != NULL)
    peerup_engine_store_reload (self->engine, "daemon", "pairing");
  if (name == NULL || !peerup_engine_trust_reload (self->engine->trust, error))
    return NULL;
  peerup_pairing_tell_swarm (self, record);
  peerup_engine_prompts_ask_verify (self->engine->prompts, record->peer);
  return g_steal_pointer (&name);
}

/* Life */

static void
forget_old (PeerupEnginePairing *self)
{
  gint64 now = peerup_pairing_get_time (self);

  for (guint i = self->records->len; i > 0; i--)
    {
      PeerupPairingRecord *record = self->records->pdata[i - 1];

      if (record->state == PEERUP_PAIRING_RECORD_COMPLETE && now - record->at > PEERUP_PAIRING_DOUBT_TIME &&
          peerup_pairing_store_remove (self->store, record, NULL))
        g_ptr_array_remove_index (self->records, i - 1);
    }
}

static void
load (PeerupEnginePairing *self)
{
  g_autoptr (GPtrArray) left = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_left_invite_free);
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);

  peerup_pairing_store_load (self->store, self->records, left, problems);
  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *key = g_strdup_printf ("pairing file %u", i);

      peerup_engine_set_problem (self->engine, key, problems->pdata[i]);
    }
  peerup_pairing_redo (self);
  forget_old (self);
  self->left = g_steal_pointer (&left);
}

void
peerup_engine_pairing_follow (PeerupEnginePairing *self, PeerupConfig *config)
{
  g_set_str (&self->files.authorized_keys, peerup_config_get_authorized_keys_file (config));
}

PeerupEnginePairing *
peerup_engine_pairing_new (PeerupEngine *engine)
{
  PeerupEnginePairing *self = g_new0 (PeerupEnginePairing, 1);
  g_autofree char *directory = peerup_pairing_store_path (engine->config_path);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  g_ref_count_init (&self->references);
  self->engine = engine;
  self->swarm = g_object_ref (engine->swarm);
  self->store = peerup_pairing_store_new (directory);
  self->files.config = g_strdup (engine->config_path);
  peerup_engine_pairing_follow (self, engine->config);
  self->now = peerup_pairing_now;
  self->join_time = PEERUP_PAIRING_JOIN_TIME;
  self->invites = g_list_store_new (PEERUP_TYPE_INVITE);
  self->open = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_open_invite_unref);
  self->ended = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_open_invite_unref);
  self->originals = peerup_pairing_originals_new ();
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_pairing_record_free);
  self->sessions = g_ptr_array_new ();
  self->halves = peerup_pairing_halves_new ();
  self->changed = dex_promise_new ();
  peerup_timer_init (&self->timer, reactor, on_time, self);
  load (self);
  return self;
}

void
peerup_engine_pairing_begin (PeerupEnginePairing *self)
{
  g_autoptr (GPtrArray) left = g_steal_pointer (&self->left);

  peerup_pairing_serve (self);
  peerup_pairing_follow_relays (self);
  self->begun = TRUE;
  for (guint i = 0; i < self->records->len; i++)
    {
      const PeerupPairingRecord *record = self->records->pdata[i];

      if (record->inviter && record->state == PEERUP_PAIRING_RECORD_COMMITTED && record->number > 0)
        peerup_pairing_restore_ended (self, record);
    }
  peerup_pairing_restore_invites (self, left);
  peerup_pairing_look_at_relays (self);
  peerup_pairing_start_healing (self);
}

void
peerup_engine_pairing_free (PeerupEnginePairing *self)
{
  g_clear_pointer (&self->left, g_ptr_array_unref);
  peerup_timer_clear (&self->timer);
  if (self->begun)
    {
      peerup_pairing_stop_healing (self);
      peerup_pairing_unfollow_relays (self);
      peerup_pairing_unserve (self);
    }
  peerup_pairing_free_originals (self);
  peerup_pairing_free_invites (self);
  self->engine = NULL;
  peerup_pairing_tell (self);
  peerup_pairing_hub_unref (self);
}
