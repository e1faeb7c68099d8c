/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Whatever is taken as bytes must have printable text, and that text must lead back to
 * the same bytes.
 */
#include "wire/peerup-multiaddr.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_bytes (data, size, NULL);
  g_autoptr (PeerupMultiaddr) again = NULL;
  g_autoptr (PeerupMultiaddr) without = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  const char *text;

  if (address == NULL)
    return 0;

  text = peerup_multiaddr_get_string (address);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  again = peerup_multiaddr_new_from_string (text, NULL);
  g_assert_nonnull (again);
  g_assert_true (peerup_multiaddr_equal (address, again));

  peer = peerup_multiaddr_dup_peer_id (address);
  without = peerup_multiaddr_without_peer_id (address);
  if (peer != NULL && without != NULL)
    {
      g_autoptr (PeerupMultiaddr) with = peerup_multiaddr_with_peer_id (without, peer);

      g_assert_true (peerup_multiaddr_equal (with, address) ||
                     peerup_multiaddr_get_n_components (with) == peerup_multiaddr_get_n_components (without));
    }
  return 0;
}
