/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Text that is taken leads to bytes that are taken and mean the same.
 */
#include "wire/peerup-multiaddr.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (text, &error);
  g_autoptr (PeerupMultiaddr) again = NULL;
  const guint8 *bytes;
  gsize length;

  if (address == NULL)
    {
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  bytes = peerup_multiaddr_get_bytes (address, &length);
  again = peerup_multiaddr_new_from_bytes (bytes, length, NULL);
  g_assert_nonnull (again);
  g_assert_cmpstr (peerup_multiaddr_get_string (again), ==, peerup_multiaddr_get_string (address));
  return 0;
}
