/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The file of when peers were connected last. No object: it is read at the start of an engine, which is the only
 * writer, and replaced whole. Whose times are worth keeping is decided by its user.
 */
#include "engine/peerup-last-seen.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "identity/peerup-atomic-file.h"

/* A line is an ID of at most 150 bytes and a time of 19. */
#define FILE_MAX (1024 * 1024)
#define HEADER   "# When devices were connected last, in seconds since 1970. Written by peerup.\n"

char *
peerup_last_seen_path (const char *config_path)
{
  const char *state = g_getenv ("STATE_DIRECTORY");
  g_autofree char *directory = NULL;

  if (state != NULL && g_path_is_absolute (state))
    return g_build_filename (state, "last_seen", NULL);
  directory = g_path_get_dirname (config_path);
  return g_build_filename (directory, "last_seen", NULL);
}

GHashTable *
peerup_last_seen_new (void)
{
  return g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref,
                                g_free);
}

void
peerup_last_seen_set (GHashTable *seen, PeerupPeerId *peer, gint64 at)
{
  g_hash_table_replace (seen, peerup_peer_id_ref (peer), g_memdup2 (&at, sizeof at));
}

gint64
peerup_last_seen_get (GHashTable *seen, PeerupPeerId *peer)
{
  const gint64 *at = g_hash_table_lookup (seen, peer);

  return at != NULL ? *at : 0;
}

static gboolean
parse_line (const char *line, GHashTable *seen)
{
  g_autoptr (PeerupPeerId) peer = NULL;
  g_auto (GStrv) words = NULL;
  gint64 at;

  if (line[0] == '\0' || line[0] == '#')
    return TRUE;
  words = g_strsplit (line, " ", 3);
  if (g_strv_length (words) != 2 || !g_ascii_string_to_signed (words[1], 10, 1, G_MAXINT64, &at, NULL))
    return FALSE;
  peer = peerup_peer_id_new_from_string (words[0], NULL);
  if (peer == NULL)
    return FALSE;
  peerup_last_seen_set (seen, peer, at);
  return TRUE;
}

GHashTable *
peerup_last_seen_parse (GBytes *text, GError **error)
{
  g_autoptr (GHashTable) seen = peerup_last_seen_new ();
  g_autofree char *copy = NULL;
  g_auto (GStrv) lines = NULL;
  gconstpointer data;
  gsize length;

  g_return_val_if_fail (text != NULL, NULL);

  data = g_bytes_get_data (text, &length);
  if (length == 0)
    return g_steal_pointer (&seen);
  if (!g_utf8_validate (data, length, NULL))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("it is not text"));
      return NULL;
    }
  copy = g_strndup (data, length);
  lines = g_strsplit (copy, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (!parse_line (lines[i], seen))
      {
        g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("line %u is not a peer ID and a time"), i + 1);
        return NULL;
      }
  return g_steal_pointer (&seen);
}

typedef struct
{
  PeerupPeerId *peer;
  gint64 at;
} Entry;

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const Entry *first = a, *second = b;

  if (first->at != second->at)
    return first->at > second->at ? -1 : 1;
  return strcmp (peerup_peer_id_get_string (first->peer), peerup_peer_id_get_string (second->peer));
}

GBytes *
peerup_last_seen_format (GHashTable *seen)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  GString *text = g_string_new (HEADER);
  GHashTableIter iter;
  gpointer peer, at;

  g_return_val_if_fail (seen != NULL, NULL);

  g_hash_table_iter_init (&iter, seen);
  while (g_hash_table_iter_next (&iter, &peer, &at))
    {
      Entry entry = { peer, *(gint64 *) at };

      g_array_append_val (entries, entry);
    }
  g_array_sort (entries, compare_entries);
  for (guint i = 0; i < entries->len && i < PEERUP_LAST_SEEN_MAX; i++)
    {
      const Entry *entry = &g_array_index (entries, Entry, i);

      g_string_append_printf (text, "%s %" G_GINT64_FORMAT "\n", peerup_peer_id_get_string (entry->peer), entry->at);
    }
  return g_string_free_to_bytes (text);
}

static gboolean
put_aside (const char *path, const GError *reason, GError **error)
{
  g_autofree char *aside = g_strconcat (path, ".broken", NULL);
  int saved;

  if (g_rename (path, aside) == 0)
    {
      g_message ("%s cannot be used: %s. It is now %s, and it is not known when devices were connected last", path,
                 reason->message, aside);
      return TRUE;
    }
  saved = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved), _ ("%s cannot be put aside as %s: %s"), path,
               aside, g_strerror (saved));
  return FALSE;
}

GHashTable *
peerup_last_seen_load (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GBytes) text = NULL;
  GHashTable *seen = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  text = peerup_own_file_read (path, FILE_MAX, &local);
  if (text != NULL)
    seen = peerup_last_seen_parse (text, &local);
  if (seen != NULL || g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return seen != NULL ? seen : peerup_last_seen_new ();
  if (g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_MALFORMED) ||
      g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE))
    return put_aside (path, local, error) ? peerup_last_seen_new () : NULL;
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

gboolean
peerup_last_seen_write (const char *path, GBytes *text, GError **error)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (text, &length);

  return peerup_own_file_replace (path, data, length, error);
}
