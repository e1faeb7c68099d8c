/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What pairings decide, on disk: the record first, then the files that it is about, and the other way round when it is
 * taken back. The engine's list of records is what is on disk, in the engine's thread; the writing itself is done in
 * worker threads, for fibers that wait.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "engine/peerup-engine-private.h"

/* Work */

typedef struct
{
  PeerupPairingWorkFunc func;
  gpointer data; /* the fiber's, which waits */
  DexPromise *promise;
} Work;

static void
work_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Work *work = task_data;
  GError *error = NULL;

  if (work->func (work->data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_worked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DexPromise) promise = data;
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    dex_promise_resolve_boolean (promise, TRUE);
  else
    dex_promise_reject (promise, error);
}

gboolean
peerup_pairing_await_work (PeerupPairingWorkFunc func, gpointer data, GError **error)
{
  DexPromise *promise = dex_promise_new ();
  Work work = { func, data, promise };
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_worked, dex_ref (promise));

  g_task_set_task_data (task, &work, NULL);
  g_task_run_in_thread (task, work_in_thread);
  return dex_await (DEX_FUTURE (promise), error);
}

/* One change, as a worker makes it */

typedef struct
{
  PeerupPairingStore *store;
  const PeerupPairingFiles *files;
  PeerupPairingRecord *record;
  char *name;
} Change;

static gboolean
probe_work (gpointer data, GError **error)
{
  Change *change = data;

  return peerup_pairing_files_probe (change->files, change->store, error);
}

static gboolean
write_work (gpointer data, GError **error)
{
  Change *change = data;

  return peerup_pairing_store_write (change->store, change->record, error);
}

static gboolean
remove_work (gpointer data, GError **error)
{
  Change *change = data;

  return peerup_pairing_store_remove (change->store, change->record, error);
}

static gboolean
apply_work (gpointer data, GError **error)
{
  Change *change = data;
  g_autoptr (GError) local_error = NULL;

  change->name = peerup_pairing_apply (change->files, change->store, change->record, error);
  if (change->name == NULL)
    return FALSE;
  g_set_str (&change->record->name, change->name);
  change->record->applied = TRUE;
  /* Without this it is applied once more at the next start. */
  if (!peerup_pairing_store_write (change->store, change->record, &local_error))
    g_message ("It is not noted that the pairing with %s was carried out: %s", change->name, local_error->message);
  return TRUE;
}

static gboolean
revert_work (gpointer data, GError **error)
{
  Change *change = data;
  gboolean found;

  return peerup_pairing_revert (change->files, change->store, change->record->peer, &found, error) &&
         peerup_pairing_store_remove (change->store, change->record, error);
}

/* The list */

PeerupPairingRecord *
peerup_pairing_find_record (PeerupEnginePairing *self, const guint8 *id)
{
  for (guint i = 0; i < self->records->len; i++)
    {
      PeerupPairingRecord *record = self->records->pdata[i];

      if (memcmp (record->id, id, sizeof record->id) == 0)
        return record;
    }
  return NULL;
}

PeerupPairingRecord *
peerup_pairing_find_record_of (PeerupEnginePairing *self, PeerupPeerId *peer)
{
  for (guint i = 0; i < self->records->len; i++)
    {
      PeerupPairingRecord *record = self->records->pdata[i];

      if (peerup_peer_id_equal (record->peer, peer))
        return record;
    }
  return NULL;
}

/* Takes @record in place of one with the same ID. */
static void
keep (PeerupEnginePairing *self, PeerupPairingRecord *record)
{
  PeerupPairingRecord *old = peerup_pairing_find_record (self, record->id);

  if (old != NULL)
    g_ptr_array_remove (self->records, old);
  g_ptr_array_add (self->records, record);
  if (self->engine != NULL)
    peerup_engine_devices_touch (self->engine->devices, record->peer);
}

static void
forget (PeerupEnginePairing *self, const guint8 *id)
{
  PeerupPairingRecord *record = peerup_pairing_find_record (self, id);

  /* Somebody else may have been faster. */
  if (record != NULL)
    g_ptr_array_remove (self->records, record);
  peerup_pairing_tell (self);
}

/* In force */

/* At once: whoever is told of a pairing uses its name. */
static void
reload_files (PeerupEnginePairing *self)
{
  g_autoptr (GError) error = NULL;

  if (self->engine != NULL && self->engine->monitor != NULL)
    peerup_engine_store_reload (self->engine, "daemon", "pairing");
  if (self->engine != NULL && self->engine->trust != NULL && !peerup_engine_trust_reload (self->engine->trust, &error))
    g_warning ("What a pairing has changed is not in force: %s", error->message);
}

void
peerup_pairing_tell_relays (PeerupEnginePairing *self, GPtrArray *relays)
{
  for (guint i = 0; i < relays->len; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_multiaddr_dup_peer_id (relays->pdata[i]);
      g_autoptr (GPtrArray) one = g_ptr_array_new ();

      g_ptr_array_add (one, relays->pdata[i]);
      if (relay != NULL)
        peerup_swarm_add_addresses (self->swarm, relay, one);
    }
}

void
peerup_pairing_tell_swarm (PeerupEnginePairing *self, const PeerupPairingRecord *record)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupMultiaddr) circuit = peerup_multiaddr_newf ("/p2p-circuit");

  for (guint i = 0; i < record->theirs->relays->len; i++)
    {
      PeerupMultiaddr *address = peerup_multiaddr_concat (record->theirs->relays->pdata[i], circuit);

      if (address == NULL)
        continue;
      g_ptr_array_add (addresses, address);
      if (self->engine != NULL && self->engine->book != NULL)
        peerup_address_book_add (self->engine->book, record->peer, address);
    }
  if (addresses->len > 0)
    peerup_swarm_add_addresses (self->swarm, record->peer, addresses);
}

/* For fibers */

gboolean
peerup_pairing_probe (PeerupEnginePairing *self, GError **error)
{
  g_auto (PeerupPairingFiles) files = { NULL };
  Change change = { .store = self->store, .files = &files };

  peerup_pairing_files_copy (&self->files, &files);
  if (peerup_pairing_await_work (probe_work, &change, error))
    return TRUE;
  g_prefix_error (error, _ ("Nothing was paired, for it could not be kept. "));
  return FALSE;
}

gboolean
peerup_pairing_write (PeerupEnginePairing *self, PeerupPairingRecord *record, GError **error)
{
  Change change = { .store = self->store, .record = record };

  if (!peerup_pairing_await_work (write_work, &change, error))
    {
      peerup_pairing_record_free (record);
      return FALSE;
    }
  keep (self, record);
  return TRUE;
}

char *
peerup_pairing_carry_out (PeerupEnginePairing *self, const guint8 *id, GError **error)
{
  PeerupPairingRecord *listed = peerup_pairing_find_record (self, id);
  g_autoptr (PeerupPairingRecord) record = listed != NULL ? peerup_pairing_record_copy (listed) : NULL;
  g_auto (PeerupPairingFiles) files = { NULL };
  Change change = { self->store, &files, record, NULL };

  peerup_pairing_files_copy (&self->files, &files);
  if (record == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("The pairing was undone meanwhile"));
      return NULL;
    }
  if (peerup_pairing_await_work (apply_work, &change, error))
    {
      peerup_pairing_tell_swarm (self, record);
      keep (self, g_steal_pointer (&record));
    }
  reload_files (self);
  return change.name;
}

gboolean
peerup_pairing_take_back (PeerupEnginePairing *self, const guint8 *id, GError **error)
{
  PeerupPairingRecord *listed = peerup_pairing_find_record (self, id);
  g_autoptr (PeerupPairingRecord) record = listed != NULL ? peerup_pairing_record_copy (listed) : NULL;
  g_auto (PeerupPairingFiles) files = { NULL };
  Change change = { self->store, &files, record, NULL };

  peerup_pairing_files_copy (&self->files, &files);
  if (record == NULL)
    return TRUE;
  if (!peerup_pairing_await_work (revert_work, &change, error))
    return FALSE;
  forget (self, id);
  reload_files (self);
  return TRUE;
}

static gboolean
note_complete (PeerupEnginePairing *self, const PeerupPairingRecord *listed, const guint8 *id, GError **error)
{
  PeerupPairingRecord *record;

  if (!listed->inviter)
    return peerup_pairing_remove (self, id, error);
  record = peerup_pairing_record_copy (listed);
  record->state = PEERUP_PAIRING_RECORD_COMPLETE;
  return peerup_pairing_write (self, record, error);
}

/* Whether that can be noted or not, two devices have paired, and two people may compare. */
gboolean
peerup_pairing_complete (PeerupEnginePairing *self, const guint8 *id, GError **error)
{
  PeerupPairingRecord *listed = peerup_pairing_find_record (self, id);
  g_autoptr (PeerupPeerId) peer = NULL;
  gboolean noted;

  if (listed == NULL || listed->state == PEERUP_PAIRING_RECORD_COMPLETE)
    return TRUE;
  peer = peerup_peer_id_ref (listed->peer);
  noted = note_complete (self, listed, id, error);
  if (self->engine != NULL)
    peerup_engine_prompts_ask_verify (self->engine->prompts, peer);
  return noted;
}

gboolean
peerup_pairing_remove (PeerupEnginePairing *self, const guint8 *id, GError **error)
{
  PeerupPairingRecord *listed = peerup_pairing_find_record (self, id);
  g_autoptr (PeerupPairingRecord) record = listed != NULL ? peerup_pairing_record_copy (listed) : NULL;
  Change change = { .store = self->store, .record = record };

  if (record == NULL)
    return TRUE;
  if (!peerup_pairing_await_work (remove_work, &change, error))
    return FALSE;
  forget (self, id);
  return TRUE;
}

gboolean
peerup_pairing_stands (PeerupEnginePairing *self, const PeerupPairingRecord *record)
{
  return !record->applied || self->engine == NULL || self->engine->trust == NULL ||
         peerup_engine_trust_sees (self->engine->trust, record->peer, NULL);
}

/* At the start, blocking */

/* A pairing that stands on disk was decided, so the files are made to agree with it; but what somebody took away after
 * they had, stays away. */
static void
redo (PeerupEnginePairing *self, PeerupPairingRecord *record)
{
  Change change = { .store = self->store, .record = record };
  g_autoptr (GError) error = NULL;
  g_autofree char *key = g_strconcat ("pairing ", peerup_peer_id_get_string (record->peer), NULL);
  g_autofree char *problem = NULL;

  g_message ("The pairing with %s was cut short: carrying it out", peerup_peer_id_get_string (record->peer));
  change.name = peerup_pairing_apply (&self->files, self->store, record, &error);
  if (change.name != NULL)
    {
      g_set_str (&record->name, change.name);
      record->applied = TRUE;
    }
  if (error == NULL && !write_work (&change, &error))
    g_message ("It is not noted that the pairing with %s was carried out: %s", change.name, error->message);
  else if (error != NULL)
    problem = g_strdup_printf (_ ("The pairing with %s is half done, and is tried again at the next start: %s"),
                               peerup_peer_id_get_string (record->peer), error->message);
  peerup_engine_set_problem (self->engine, key, problem);
  g_free (change.name);
}

void
peerup_pairing_redo (PeerupEnginePairing *self)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < self->records->len; i++)
    {
      PeerupPairingRecord *record = self->records->pdata[i];

      if (record->state == PEERUP_PAIRING_RECORD_PREPARED || record->applied)
        continue;
      redo (self, record);
      changed = TRUE;
    }
  if (changed)
    reload_files (self);
  for (guint i = 0; i < self->records->len; i++)
    peerup_pairing_tell_swarm (self, self->records->pdata[i]);
}
