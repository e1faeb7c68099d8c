/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The file of grants: an authorized_keys file whose entries name a service and in which a peer may stand
 * more than once, so lines, edits and the lock are those of authorized_keys. Stateless, blocking. It
 * decides nothing, and refuses a file with a line that is no grant.
 */
#include "trust/peerup-grants.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "trust/peerup-authorized-keys-file.h"
#include "wire/peerup-label.h"

PeerupGrant *
peerup_grant_copy (const PeerupGrant *self)
{
  PeerupGrant *copy = g_memdup2 (self, sizeof *self);

  copy->peer = peerup_peer_id_ref (self->peer);
  copy->service = g_strdup (self->service);
  copy->comment = g_strdup (self->comment);
  return copy;
}

void
peerup_grant_free (PeerupGrant *self)
{
  g_return_if_fail (self != NULL);

  peerup_peer_id_unref (self->peer);
  g_free (self->service);
  g_free (self->comment);
  g_free (self);
}

char *
peerup_grants_path (const char *authorized_keys)
{
  g_autofree char *directory = NULL;

  g_return_val_if_fail (authorized_keys != NULL, NULL);

  directory = g_path_get_dirname (authorized_keys);
  return g_build_filename (directory, PEERUP_GRANTS_NAME, NULL);
}

static const char *
get_service (PeerupAuthorizedKeys *keys, guint entry)
{
  return peerup_authorized_keys_get_attribute (keys, entry, PEERUP_GRANTS_SERVICE);
}

static PeerupGrant *
read_grant (PeerupAuthorizedKeys *keys, guint entry)
{
  PeerupGrant *grant = g_new (PeerupGrant, 1);

  grant->peer = peerup_peer_id_ref (peerup_authorized_keys_get_peer (keys, entry));
  grant->service = g_strdup (get_service (keys, entry));
  grant->until = peerup_authorized_keys_get_expires (keys, entry);
  grant->comment = g_strdup (peerup_authorized_keys_get_comment (keys, entry));
  return grant;
}

GPtrArray *
peerup_grants_read (PeerupAuthorizedKeys *keys, const char *path, GError **error)
{
  g_autoptr (GPtrArray) grants = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  g_auto (GStrv) problems = NULL;

  g_return_val_if_fail (keys != NULL && path != NULL, NULL);

  problems = peerup_authorized_keys_dup_problems (keys);
  if (problems[0] != NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%s: %s", path, problems[0]);
      return NULL;
    }
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      const char *service = get_service (keys, i);

      if (service == NULL || !peerup_label_is_valid (service, strlen (service)))
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                       _ ("%s: line %u: it names no service: write it like PEER-ID service=ssh"), path,
                       peerup_authorized_keys_get_line (keys, i));
          return NULL;
        }
      g_ptr_array_add (grants, read_grant (keys, i));
    }
  return g_steal_pointer (&grants);
}

GPtrArray *
peerup_grants_file_load (const char *path, GError **error)
{
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  keys = peerup_authorized_keys_file_load (path, &local);
  if (keys == NULL && g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  if (keys == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return peerup_grants_read (keys, path, error);
}

typedef struct
{
  PeerupPeerId *peer;
  const char *service; /* NULL: each */
  const char *comment;
  gint64 time;
  GPtrArray *ended;
} Change;

static gboolean
concerns (const Change *change, PeerupAuthorizedKeys *keys, guint entry)
{
  return peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, entry), change->peer) &&
         (change->service == NULL || g_strcmp0 (get_service (keys, entry), change->service) == 0);
}

static gboolean
fail_not_found (const Change *change, GError **error)
{
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("peer %s has no grant%s%s"),
               peerup_peer_id_get_string (change->peer), change->service != NULL ? " of " : "",
               change->service != NULL ? change->service : "");
  return FALSE;
}

static gboolean
set_until (PeerupAuthorizedKeys *keys, guint entry, gint64 until, GError **error)
{
  g_autofree char *text = NULL;

  if (until != PEERUP_EXPIRES_NEVER && (text = peerup_expires_format (until)) == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("a grant cannot end after the year 9999"));
      return FALSE;
    }
  return peerup_authorized_keys_set_entry (keys, entry, PEERUP_AUTHORIZED_KEYS_EXPIRES, text, error);
}

static gboolean
apply_extend (PeerupAuthorizedKeys *keys, gpointer user_data, GError **error)
{
  const Change *change = user_data;
  gboolean found = FALSE;

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      if (!concerns (change, keys, i))
        continue;
      found = TRUE;
      if (!set_until (keys, i, change->time, error))
        return FALSE;
    }
  return found || fail_not_found (change, error);
}

static gboolean
apply_add (PeerupAuthorizedKeys *keys, gpointer user_data, GError **error)
{
  const Change *change = user_data;
  g_autoptr (GError) local = NULL;
  guint entry;

  if (apply_extend (keys, user_data, &local))
    return TRUE;
  if (!g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  entry = peerup_authorized_keys_append (keys, change->peer, change->comment);
  return peerup_authorized_keys_set_entry (keys, entry, PEERUP_GRANTS_SERVICE, change->service, error) &&
         set_until (keys, entry, change->time, error);
}

static gboolean
apply_revoke (PeerupAuthorizedKeys *keys, gpointer user_data, GError **error)
{
  const Change *change = user_data;
  gboolean found = FALSE;

  for (guint i = peerup_authorized_keys_get_n_entries (keys); i > 0; i--)
    if (concerns (change, keys, i - 1))
      {
        peerup_authorized_keys_remove_entry (keys, i - 1);
        found = TRUE;
      }
  return found || fail_not_found (change, error);
}

/* The entry that has ended and is the first to do so; G_MAXUINT: none. */
static guint
find_ended (PeerupAuthorizedKeys *keys, gint64 now)
{
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      gint64 until = peerup_authorized_keys_get_expires (keys, i);

      if (until != PEERUP_EXPIRES_MALFORMED && until <= now)
        return i;
    }
  return G_MAXUINT;
}

/* Fails with NOT_FOUND so that a file in which nothing has ended is not written. Of two grants the earlier end
 * counted, so the other goes too. */
static gboolean
apply_expire (PeerupAuthorizedKeys *keys, gpointer user_data, GError **error)
{
  const Change *change = user_data;
  guint entry;

  while ((entry = find_ended (keys, change->time)) != G_MAXUINT)
    {
      PeerupGrant *grant = read_grant (keys, entry);
      Change same = { .peer = grant->peer, .service = grant->service };

      g_ptr_array_add (change->ended, grant);
      if (!apply_revoke (keys, &same, error))
        return FALSE;
    }
  if (change->ended->len > 0)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("no grant has ended"));
  return FALSE;
}

gboolean
peerup_grants_file_add (const char *path, PeerupPeerId *peer, const char *service, gint64 until, const char *comment,
                        GError **error)
{
  Change change = { .peer = peer, .service = service, .comment = comment, .time = until };
  g_autofree char *shown = NULL;

  g_return_val_if_fail (peer != NULL && service != NULL, FALSE);

  if (peerup_label_is_valid (service, strlen (service)))
    return peerup_authorized_keys_file_edit (path, TRUE, apply_add, &change, error);
  shown = g_strndup (service, PEERUP_LABEL_MAX);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("“%s” is not the name of a service"),
               g_str_is_ascii (shown) && strpbrk (shown, "\r\n\t\033") == NULL ? shown : "…");
  return FALSE;
}

gboolean
peerup_grants_file_extend (const char *path, PeerupPeerId *peer, const char *service, gint64 until, GError **error)
{
  Change change = { .peer = peer, .service = service, .time = until };

  g_return_val_if_fail (peer != NULL && service != NULL, FALSE);

  return peerup_authorized_keys_file_edit (path, TRUE, apply_extend, &change, error);
}

gboolean
peerup_grants_file_revoke (const char *path, PeerupPeerId *peer, const char *service, GError **error)
{
  Change change = { .peer = peer, .service = service };

  g_return_val_if_fail (peer != NULL, FALSE);

  return peerup_authorized_keys_file_edit (path, TRUE, apply_revoke, &change, error);
}

gboolean
peerup_grants_file_expire (const char *path, gint64 now, GPtrArray **ended, GError **error)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  Change change = { .time = now, .ended = gone };
  g_autoptr (GError) local = NULL;

  if (!peerup_authorized_keys_file_edit (path, TRUE, apply_expire, &change, &local) &&
      !g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (ended != NULL)
    *ended = g_steal_pointer (&gone);
  return TRUE;
}
