/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a peer sends on an identify stream: it stays within the caps, can be written and
 * read again, and can be merged twice into what is known of a peer. */

#include "protocols/peerup-peer-info.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupIdentifyMessage) message = peerup_identify_message_decode (data, size, NULL);
  g_autoptr (PeerupIdentifyMessage) again = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (PeerupPeerInfo) info = NULL;
  g_autoptr (PeerupPeerInfo) next = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (message == NULL)
    return 0;
  g_assert_true (message->protocols == NULL || message->protocols->len <= PEERUP_IDENTIFY_PROTOCOLS_MAX);
  g_assert_true (message->addresses == NULL || message->addresses->len <= PEERUP_IDENTIFY_ADDRESSES_MAX);
  bytes = peerup_identify_message_encode (message);
  again = peerup_identify_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  g_assert_nonnull (again);

  peer = peerup_peer_id_new_from_string ("12D3KooWCrhmFM1BCPGBkNzbPfDk4cjYmtAYSpZwUBC69Qg2kZyq", NULL);
  g_assert_nonnull (peer);
  info = peerup_peer_info_new_merged (peer, NULL, message, NULL);
  if (info != NULL)
    next = peerup_peer_info_new_merged (peer, info, again, NULL);
  g_assert_true ((info == NULL) == (next == NULL));
  return 0;
}
