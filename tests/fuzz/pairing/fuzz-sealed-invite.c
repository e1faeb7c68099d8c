/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Bytes that a relay gives out as a sealed invite or answer: none opens that was not sealed. */

#include "pairing-pair.h"
#include "pairing/peerup-sealed-invite.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) sealed = g_bytes_new_static (data, size), secret = g_bytes_new ("0123456789abcdef", 16);
  g_autoptr (PeerupPeerId) inviter = pair_peer_new (1), joiner = pair_peer_new (2);
  guint8 transcript[PEERUP_PAIRING_TRANSCRIPT_LENGTH];
  PeerupPairingOpening opening;

  g_assert_null (peerup_sealed_invite_open (sealed, secret, 1, inviter, NULL, NULL));
  g_assert_null (peerup_sealed_answer_open (sealed, secret, 1, inviter, joiner, NULL, transcript, NULL));
  /* The other bytes that are looked at before anything is proven. */
  if (peerup_pairing_peek (data, size, &opening, NULL) && !opening.is_resume)
    g_assert_true (opening.invite.number >= 1 && opening.invite.number <= 9999);
  return 0;
}
