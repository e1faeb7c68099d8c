/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Keys: the first byte chooses between a private key protobuf, a SubjectPublicKeyInfo and
 * a sealed peer record.
 */
#include "identity/peerup-envelope-crypto.h"
#include "identity/peerup-spki.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupPrivateKey) private = NULL;
  g_autoptr (PeerupPeerRecord) record = NULL;
  g_auto (gnutls_pubkey_t) public = NULL;
  static PeerupPrivateKey *expected;
  static const guint8 seed[32] = { 1 };

  if (expected == NULL)
    expected = peerup_private_key_new_from_seed (seed, NULL);
  if (size == 0)
    return 0;
  if (data[0] == 0)
  private = peerup_private_key_new_from_protobuf (data + 1, size - 1, NULL);
  else if (data[0] == 1) public = peerup_spki_import (data + 1, size - 1, NULL);
  else record = peerup_peer_record_open (data + 1, size - 1, peerup_private_key_get_peer_id (expected), NULL);
  if (private != NULL)
    {
      g_autoptr (GBytes) again = peerup_private_key_to_protobuf (private);

      g_assert_cmpuint (g_bytes_get_size (again), ==, 68);
    }
  g_assert_null (record);
  return 0;
}
