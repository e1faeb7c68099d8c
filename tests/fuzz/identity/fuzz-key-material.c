/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The first byte chooses: a private key protobuf, a SubjectPublicKeyInfo, or a peer record
 * that the peer of the corpus is to have signed.
 */
#include "identity/peerup-envelope-crypto.h"
#include "identity/peerup-spki.h"

#define SIGNER "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupPrivateKey) private = NULL;
  g_autoptr (PeerupPeerRecord) record = NULL;
  g_autoptr (PeerupPeerId) signer = peerup_peer_id_new_from_string (SIGNER, NULL);
  g_auto (gnutls_pubkey_t) public = NULL;

  if (size == 0)
    return 0;
  if (data[0] == 0)
  private = peerup_private_key_new_from_protobuf (data + 1, size - 1, NULL);
  else if (data[0] == 1) public = peerup_spki_import (data + 1, size - 1, NULL);
  else record = peerup_peer_record_open (data + 1, size - 1, signer, NULL);
  if (record != NULL)
    g_assert_true (peerup_peer_id_equal (record->peer_id, signer));
  if (private != NULL)
    g_bytes_unref (peerup_private_key_to_protobuf (private));
  return 0;
}
