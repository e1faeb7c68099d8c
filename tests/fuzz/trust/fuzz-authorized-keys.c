/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A file comes back byte for byte, and whatever a stranger puts into a comment, an edit adds one
 * entry and changes no other verdict.
 */
#include "trust/peerup-authorized-keys.h"

#define NEW_PEER "12D3KooWRndVhVZPCiQwHBBBdg769GyrPUW13zxwqQyf9r3ANaba"
#define NOW      1769882400

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_parse ((const char *) data, size);
  g_autoptr (PeerupAuthorizedKeys) again = NULL;
  g_autoptr (GBytes) bytes = peerup_authorized_keys_to_bytes (keys);
  g_autoptr (GBytes) edited = NULL;
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (NEW_PEER, NULL);
  g_autofree char *comment = g_strndup ((const char *) data, size);
  g_auto (GStrv) problems = peerup_authorized_keys_dup_problems (keys);
  g_auto (GStrv) notes = peerup_authorized_keys_dup_notes (keys);
  guint n_entries = peerup_authorized_keys_get_n_entries (keys);

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), data, size);
  if (!peerup_authorized_keys_add (keys, peer, comment, NULL))
    return 0;
  if (n_entries > 0 && peerup_authorized_keys_set (keys, peerup_authorized_keys_get_peer (keys, 0), "group", "g", NULL))
    g_assert_cmpstr (peerup_authorized_keys_get_attribute (keys, 0, "group"), ==, "g");
  edited = peerup_authorized_keys_to_bytes (keys);
  again = peerup_authorized_keys_parse (g_bytes_get_data (edited, NULL), g_bytes_get_size (edited));
  g_assert_cmpuint (peerup_authorized_keys_get_n_entries (again), ==, n_entries + 1);
  g_assert_cmpint (peerup_authorized_keys_lookup (again, peer, NOW, NULL), ==, PEERUP_AUTHORIZATION_VALID);
  for (guint i = 0; i < n_entries; i++)
    g_assert_cmpint (peerup_authorized_keys_get_expires (keys, i), ==, peerup_authorized_keys_get_expires (again, i));
  return 0;
}
