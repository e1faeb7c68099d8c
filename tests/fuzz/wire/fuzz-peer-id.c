/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The first byte chooses between the binary and the text form.
 */
#include "wire/peerup-peer-id.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (PeerupPeerId) again = NULL;
  g_autoptr (PeerupPublicKey) key = NULL;

  if (size == 0)
    return 0;
  if (data[0] == 0)
    peer = peerup_peer_id_new_from_bytes (data + 1, size - 1, NULL);
  else
    {
      g_autofree char *text = g_strndup ((const char *) data + 1, size - 1);

      peer = peerup_peer_id_new_from_string (text, NULL);
    }
  if (peer == NULL)
    return 0;

  again = peerup_peer_id_new_from_string (peerup_peer_id_get_string (peer), NULL);
  g_assert_nonnull (again);
  g_assert_true (peerup_peer_id_equal (peer, again));
  key = peerup_peer_id_dup_public_key (peer);
  if (key != NULL)
    g_assert_true (peerup_peer_id_matches_public_key (peer, key));
  return 0;
}
