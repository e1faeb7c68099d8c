/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The file of known addresses. No object: it is read once at the start of an engine, and
 * changed by reading, merging and replacing it, so that a daemon and a short-lived
 * command that share it do not undo each other.
 */
#include "engine/peerup-known-peers.h"

#include "identity/peerup-atomic-file.h"

#define FILE_MAX (4 * 1024 * 1024)
#define HEADER   "# Addresses at which peers were reached, the latest first. Written by peerup.\n"

char *
peerup_known_peers_path (const char *config_path)
{
  const char *state = g_getenv ("STATE_DIRECTORY");
  g_autofree char *directory = NULL;

  if (state != NULL && g_path_is_absolute (state))
    return g_build_filename (state, "known_peers", NULL);
  directory = g_path_get_dirname (config_path);
  return g_build_filename (directory, "known_peers", NULL);
}

/* NULL for a line that is not an address of a peer. */
static PeerupMultiaddr *
parse_line (const char *line)
{
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;

  if (line[0] != '/')
    return NULL;
  address = peerup_multiaddr_new_from_string (line, NULL);
  peer = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;
  return peer != NULL ? g_steal_pointer (&address) : NULL;
}

GPtrArray *
peerup_known_peers_load (const char *path, GError **error)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize length;

  bytes = peerup_private_file_read (path, 0022, FILE_MAX, &local_error);
  if (bytes == NULL)
    {
      if (g_error_matches (local_error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
        return g_steal_pointer (&addresses);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  text = g_strndup (g_bytes_get_data (bytes, &length), g_bytes_get_size (bytes));
  lines = g_strsplit_set (text, "\r\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      PeerupMultiaddr *address = parse_line (lines[i]);

      if (address != NULL)
        g_ptr_array_add (addresses, address);
    }
  return g_steal_pointer (&addresses);
}

/* What one replacement collects: how many addresses each peer has so far, and which. */
typedef struct
{
  GString *text;
  GHashTable *seen;
  GHashTable *counts;
} Merge;

static void
merge_address (Merge *merge, PeerupMultiaddr *address)
{
  g_autoptr (PeerupPeerId) peer = peerup_multiaddr_dup_peer_id (address);
  guint count;

  g_assert (peer != NULL);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (merge->counts, peer));
  if (count >= PEERUP_KNOWN_PEERS_ADDRESSES_MAX || !g_hash_table_add (merge->seen, peerup_multiaddr_ref (address)))
    return;
  if (count == 0 && g_hash_table_size (merge->counts) >= PEERUP_KNOWN_PEERS_MAX)
    return;
  g_hash_table_replace (merge->counts, g_steal_pointer (&peer), GUINT_TO_POINTER (count + 1));
  g_string_append_printf (merge->text, "%s\n", peerup_multiaddr_get_string (address));
}

gboolean
peerup_known_peers_add (const char *path, GPtrArray *addresses, GError **error)
{
  g_autoptr (GString) text = g_string_new (HEADER);
  g_autoptr (GHashTable) seen = NULL;
  g_autoptr (GHashTable) counts = NULL;
  g_autoptr (GPtrArray) old = NULL;
  Merge merge;

  old = peerup_known_peers_load (path, error);
  if (old == NULL)
    return FALSE;
  seen = g_hash_table_new_full (peerup_multiaddr_hash, peerup_multiaddr_equal, (GDestroyNotify) peerup_multiaddr_unref,
                                NULL);
  counts =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  merge = (Merge) { text, seen, counts };
  for (guint i = addresses->len; i > 0; i--)
    merge_address (&merge, g_ptr_array_index (addresses, i - 1));
  for (guint i = 0; i < old->len; i++)
    merge_address (&merge, g_ptr_array_index (old, i));
  return peerup_atomic_file_replace (path, text->str, text->len, error);
}
