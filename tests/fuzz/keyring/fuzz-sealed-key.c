/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Sealed identity keys as they are found on a disk. The secret is that of the corpus; what opens by it is a key.
 */
#include "keyring/peerup-sealed-key.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint8 bytes[64] = { 1 };
  g_autoptr (GBytes) secret = g_bytes_new_static (bytes, sizeof bytes);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPrivateKey) key = peerup_sealed_key_open (secret, data, size, &error);

  g_assert_true ((key == NULL) == (error != NULL));
  return 0;
}
