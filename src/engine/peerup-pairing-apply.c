/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a pairing changes in the files that people know: authorized_keys, grants, names: and relay.addresses: of the
 * configuration. Each is one edit that is whole or not done; together they are made whole by doing them again, which is
 * up to whoever holds the record. Runs in worker threads and reads no state of an engine.
 */
#include "engine/peerup-pairing-apply.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "config/peerup-config-edit.h"
#include "engine/peerup-arguments.h"
#include "identity/peerup-atomic-file.h"
#include "trust/peerup-authorized-keys-file.h"
#include "trust/peerup-grants.h"

/* Devices of one name that get a number. */
#define NAMESAKES_MAX 100

void
peerup_pairing_files_clear (PeerupPairingFiles *self)
{
  g_clear_pointer (&self->config, g_free);
  g_clear_pointer (&self->authorized_keys, g_free);
}

void
peerup_pairing_files_copy (const PeerupPairingFiles *self, PeerupPairingFiles *copy)
{
  copy->config = g_strdup (self->config);
  copy->authorized_keys = g_strdup (self->authorized_keys);
}

/* Probing */

/* As the files are replaced: by a new one beside them. */
static gboolean
probe_beside (const char *path, PeerupPairingStore *store, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_strdup_printf (".probe.%08x.tmp", g_random_int ());
  g_autofree char *probe = g_build_filename (directory, name, NULL);

  if (!peerup_pairing_store_step (store, error) || !peerup_atomic_file_create (probe, "\n", 1, error))
    {
      g_prefix_error (error, _ ("%s cannot be changed: "), path);
      return FALSE;
    }
  g_unlink (probe);
  return TRUE;
}

gboolean
peerup_pairing_files_probe (const PeerupPairingFiles *self, PeerupPairingStore *store, GError **error)
{
  return peerup_pairing_store_probe (store, error) && probe_beside (self->config, store, error) &&
         (self->authorized_keys == NULL || probe_beside (self->authorized_keys, store, error));
}

/* authorized_keys */

typedef struct
{
  const PeerupPairingRecord *record;
  gboolean was_there; /* authorized before, by something else than this pairing */
} Authorization;

static gboolean
set_expires (PeerupAuthorizedKeys *keys, PeerupPeerId *peer, gint64 until, GError **error)
{
  g_autofree char *text = until != PEERUP_EXPIRES_NEVER ? peerup_expires_format (until) : NULL;

  return peerup_authorized_keys_set (keys, peer, PEERUP_AUTHORIZED_KEYS_EXPIRES, text, error);
}

/* What the pairing gives, to somebody who may nothing yet. */
static gboolean
authorize (PeerupAuthorizedKeys *keys, const PeerupPairingRecord *record, GError **error)
{
  const PeerupPairingOffer *own = record->own;

  return peerup_authorized_keys_set (keys, record->peer, PEERUP_AUTHORIZED_KEYS_ROLE,
                                     own->guest ? PEERUP_AUTHORIZED_KEYS_GUEST : NULL, error) &&
         set_expires (keys, record->peer, own->guest ? PEERUP_EXPIRES_NEVER : own->until, error);
}

/* The same in addition to what it may. */
static gboolean
authorize_more (PeerupAuthorizedKeys *keys, const PeerupPairingRecord *record, gint64 expires, GError **error)
{
  if (record->own->guest)
    return TRUE;
  return peerup_authorized_keys_set (keys, record->peer, PEERUP_AUTHORIZED_KEYS_ROLE, NULL, error) &&
         set_expires (keys, record->peer, MAX (expires, record->own->until), error);
}

static const char *
get_attribute (PeerupAuthorizedKeys *keys, PeerupPeerId *peer, const char *key)
{
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, i), peer))
      return peerup_authorized_keys_get_attribute (keys, i, key);
  return NULL;
}

/* NULL for a kind of pairing that has none. */
static char *
transcript_of (const PeerupPairingRecord *record)
{
  static const guint8 none[sizeof record->transcript];

  if (memcmp (record->transcript, none, sizeof none) == 0)
    return NULL;
  return peerup_pairing_hex (record->transcript, sizeof record->transcript);
}

static gboolean
edit_keys (PeerupAuthorizedKeys *keys, gpointer data, GError **error)
{
  Authorization *authorization = data;
  const PeerupPairingRecord *record = authorization->record;
  g_autofree char *pairing = transcript_of (record);
  g_autofree char *name = peerup_pairing_name_to_config (record->theirs->name, record->peer);
  gint64 expires = PEERUP_EXPIRES_NEVER;
  PeerupAuthorization before = peerup_authorized_keys_lookup (keys, record->peer, record->at, &expires);

  if (before != PEERUP_AUTHORIZATION_NONE && pairing != NULL &&
      g_strcmp0 (get_attribute (keys, record->peer, PEERUP_AUTHORIZED_KEYS_PAIRING), pairing) == 0)
    return TRUE;
  authorization->was_there = before == PEERUP_AUTHORIZATION_VALID;
  if (before == PEERUP_AUTHORIZATION_NONE &&
      !peerup_authorized_keys_add (keys, record->peer, record->theirs->name[0] != '\0' ? record->theirs->name : name,
                                   error))
    return FALSE;
  if (!(authorization->was_there ? authorize_more (keys, record, expires, error) : authorize (keys, record, error)))
    return FALSE;
  return pairing == NULL ||
         peerup_authorized_keys_set (keys, record->peer, PEERUP_AUTHORIZED_KEYS_PAIRING, pairing, error);
}

/* Grants */

static gboolean
add_grants (const char *authorized_keys, PeerupPairingStore *store, const PeerupPairingRecord *record, GError **error)
{
  g_autofree char *path = peerup_grants_path (authorized_keys);

  for (guint i = 0; record->own->guest && record->own->services[i] != NULL; i++)
    if (!peerup_pairing_store_step (store, error) ||
        !peerup_grants_file_add (path, record->peer, record->own->services[i], record->own->until, record->theirs->name,
                                 error))
      return FALSE;
  return TRUE;
}

static gboolean
revoke_grants (const char *authorized_keys, PeerupPairingStore *store, PeerupPeerId *peer, gboolean *found,
               GError **error)
{
  g_autofree char *path = peerup_grants_path (authorized_keys);
  g_autoptr (GError) local_error = NULL;

  if (!peerup_pairing_store_step (store, error))
    return FALSE;
  if (peerup_grants_file_revoke (path, peer, NULL, &local_error))
    *found = TRUE;
  else if (!g_error_matches (local_error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return TRUE;
}

/* The configuration */

static PeerupConfig *
config_of (PeerupConfigEdit *edit, const char *path, GError **error)
{
  gsize length;
  const char *text = peerup_config_edit_get_text (edit, &length);

  return peerup_config_new_from_data (text, length, path, NULL, error);
}

/* Adds a name, the given one or the first of its kind that is free. */
static char *
add_name (PeerupConfigEdit *edit, PeerupConfig *config, const PeerupPairingRecord *record, GError **error)
{
  const char *known = peerup_config_name_of_peer (config, record->peer);
  g_autofree char *wish = peerup_pairing_name_to_config (record->theirs->name, record->peer);
  g_autofree char *name = g_strdup (wish);

  if (known != NULL)
    return g_strdup (known);
  for (guint i = 2; peerup_config_lookup_name (config, name) != NULL && i <= NAMESAKES_MAX; i++)
    {
      g_free (name);
      name = g_strdup_printf ("%.60s-%u", wish, i);
    }
  return peerup_config_edit_add_name (edit, name, record->peer, error) ? g_steal_pointer (&name) : NULL;
}

static gboolean
has_relay_of (PeerupConfig *config, GPtrArray *relays)
{
  GPtrArray *own = peerup_config_get_relay_addresses (config);

  for (guint i = 0; i < own->len; i++)
    {
      g_autoptr (PeerupPeerId) one = peerup_multiaddr_dup_peer_id (own->pdata[i]);

      for (guint j = 0; j < relays->len; j++)
        {
          g_autoptr (PeerupPeerId) other = peerup_multiaddr_dup_peer_id (relays->pdata[j]);

          if (other != NULL && peerup_peer_id_equal (one, other))
            return TRUE;
        }
    }
  return FALSE;
}

/* A joiner stays reachable where the inviter will look for it. */
static gboolean
add_relays (PeerupConfigEdit *edit, PeerupConfig *config, const PeerupPairingRecord *record, GError **error)
{
  GPtrArray *relays = record->theirs->relays;

  if (record->inviter || has_relay_of (config, relays))
    return TRUE;
  for (guint i = 0; i < relays->len; i++)
    {
      g_autoptr (GError) local_error = NULL;

      if (peerup_config_edit_add_relay (edit, relays->pdata[i], &local_error) ||
          g_error_matches (local_error, PEERUP_ERROR, PEERUP_ERROR_EXISTS))
        continue;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  return TRUE;
}

static char *
edit_config (const char *path, PeerupPairingStore *store, const PeerupPairingRecord *record, GError **error)
{
  g_autoptr (PeerupConfigEdit) edit = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  g_autofree char *name = NULL;

  if (!peerup_pairing_store_step (store, error))
    return NULL;
  edit = peerup_config_edit_open (path, error);
  config = edit != NULL ? config_of (edit, path, error) : NULL;
  name = config != NULL ? add_name (edit, config, record, error) : NULL;
  if (name == NULL || !add_relays (edit, config, record, error) || !peerup_config_edit_commit (edit, error))
    return NULL;
  return g_steal_pointer (&name);
}

static gboolean
remove_names (const char *path, PeerupPairingStore *store, PeerupPeerId *peer, gboolean *found, GError **error)
{
  g_autoptr (PeerupConfigEdit) edit = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  const char *name;

  if (!peerup_pairing_store_step (store, error))
    return FALSE;
  edit = peerup_config_edit_open (path, error);
  config = edit != NULL ? config_of (edit, path, error) : NULL;
  while (config != NULL && (name = peerup_config_name_of_peer (config, peer)) != NULL)
    {
      if (!peerup_config_edit_remove_name (edit, name, error))
        return FALSE;
      *found = TRUE;
      g_clear_pointer (&config, peerup_config_unref);
      config = config_of (edit, path, error);
    }
  return config != NULL && peerup_config_edit_commit (edit, error);
}

/* Together */

char *
peerup_pairing_apply (const PeerupPairingFiles *self, PeerupPairingStore *store, const PeerupPairingRecord *record,
                      GError **error)
{
  Authorization authorization = { .record = record };
  g_autofree char *name = NULL;
  gboolean good = TRUE;
  gboolean found;

  if (self->authorized_keys != NULL)
    good = peerup_pairing_store_step (store, error) &&
           peerup_authorized_keys_file_edit (self->authorized_keys, TRUE, edit_keys, &authorization, error) &&
           add_grants (self->authorized_keys, store, record, error);
  if (good)
    name = edit_config (self->config, store, record, error);
  if (name == NULL && !authorization.was_there && !peerup_pairing_revert (self, store, record->peer, &found, NULL))
    g_warning ("What was begun of the pairing with %s could not be taken back",
               peerup_peer_id_get_string (record->peer));
  return g_steal_pointer (&name);
}

gboolean
peerup_pairing_revert (const PeerupPairingFiles *self, PeerupPairingStore *store, PeerupPeerId *peer, gboolean *found,
                       GError **error)
{
  g_autoptr (GError) local_error = NULL;

  *found = FALSE;
  if (self->authorized_keys != NULL)
    {
      if (!peerup_pairing_store_step (store, error))
        return FALSE;
      if (peerup_authorized_keys_file_remove (self->authorized_keys, peer, &local_error))
        *found = TRUE;
      else if (!g_error_matches (local_error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (!revoke_grants (self->authorized_keys, store, peer, found, error))
        return FALSE;
    }
  return remove_names (self->config, store, peer, found, error);
}
