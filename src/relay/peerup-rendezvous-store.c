/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The files of what was left with a relay: INVITER-NUMBER each. No object: written through by the table's owner, read
 * once when a relay begins. What cannot be read is left alone and said, and nothing of it counts. */

#include "relay/peerup-rendezvous-store.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "identity/peerup-atomic-file.h"

static char *
get_name (const PeerupRendezvousKept *invite)
{
  return g_strdup_printf ("%s-%u", peerup_peer_id_get_string (invite->inviter), invite->number);
}

static char *
get_path (const char *directory, const PeerupRendezvousKept *invite)
{
  g_autofree char *name = get_name (invite);

  return g_build_filename (directory, name, NULL);
}

gboolean
peerup_rendezvous_store_keep (const char *directory, const PeerupRendezvousKept *invite, GError **error)
{
  g_autofree char *path = get_path (directory, invite);
  g_autoptr (GBytes) bytes = peerup_rendezvous_kept_encode (invite);

  if (g_mkdir (directory, 0700) != 0 && errno != EEXIST)
    {
      int code = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", directory, g_strerror (code));
      return FALSE;
    }
  return peerup_atomic_file_replace (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

void
peerup_rendezvous_store_forget (const char *directory, const PeerupRendezvousKept *invite)
{
  g_autofree char *path = get_path (directory, invite);

  if (g_unlink (path) != 0 && errno != ENOENT)
    g_message ("%s was not removed: %s", path, g_strerror (errno));
}

static PeerupRendezvousKept *
load_file (const char *directory, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GBytes) bytes = peerup_private_file_read (path, 0077, PEERUP_RENDEZVOUS_ANSWER_MAX, error);
  g_autoptr (PeerupRendezvousKept) kept = NULL;
  g_autofree char *expected = NULL;

  if (bytes == NULL)
    return NULL;
  kept = peerup_rendezvous_kept_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  expected = kept != NULL ? get_name (kept) : NULL;
  if (kept == NULL || g_str_equal (name, expected))
    return g_steal_pointer (&kept);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "it holds what belongs in %s", expected);
  return NULL;
}

static void
remove_leftover (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  if (g_str_has_suffix (name, ".tmp"))
    (void) g_unlink (path);
}

GPtrArray *
peerup_rendezvous_store_load (const char *directory, guint max)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_rendezvous_kept_free);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && all->len < max && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autoptr (GError) error = NULL;
      PeerupRendezvousKept *kept;

      if (name[0] == '.')
        {
          remove_leftover (directory, name);
          continue;
        }
      kept = load_file (directory, name, &error);
      if (kept != NULL)
        g_ptr_array_add (all, kept);
      else
        g_message ("%s in %s does not count: %s", name, directory, error->message);
    }
  return all;
}
