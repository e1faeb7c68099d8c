/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Values for tests of what pairings keep.
 */
#include "pairing-samples.h"

#define PEER  "12D3KooWJYtDxNtTFqzWs3KMnzFUGtc6fyqsWZHwjYk7cPTszsXP"
#define RELAY "/ip4/198.51.100.7/tcp/7777/p2p/" PEER

PeerupPeerId *
sample_peer (void)
{
  g_autoptr (GError) error = NULL;
  PeerupPeerId *peer = peerup_peer_id_new_from_string (PEER, &error);

  g_assert_no_error (error);
  return peer;
}

PeerupPairingOffer *
sample_offer (const char *name)
{
  PeerupPairingOffer *offer = peerup_pairing_offer_new (name);

  offer->until = G_MAXINT64;
  g_ptr_array_add (offer->relays, peerup_multiaddr_newf (RELAY));
  return offer;
}

PeerupPairingRecord *
sample_record (void)
{
  guint8 transcript[32];
  g_autoptr (PeerupPeerId) peer = sample_peer ();
  g_autoptr (PeerupPairingOffer) own = sample_offer ("desktop");
  g_autoptr (PeerupPairingOffer) theirs = sample_offer ("laptop");
  PeerupPairingRecord *record;

  for (guint i = 0; i < sizeof transcript; i++)
    transcript[i] = i;
  own->guest = TRUE;
  g_strfreev (own->services);
  own->services = g_strsplit ("ssh web", " ", -1);
  own->until = 2000000000;
  record = peerup_pairing_record_new (PEERUP_PAIRING_RECORD_COMMITTED, TRUE, "code", peer, transcript, 1800000000, own,
                                      theirs);
  record->name = g_strdup ("laptop");
  record->number = 417;
  record->invite = g_strdup ("417-0123456789abcdef");
  record->applied = TRUE;
  record->until = 1900000000;
  record->answer = g_bytes_new ("sealed", 6);
  return record;
}

PeerupLeftInvite *
sample_left_invite (void)
{
  PeerupLeftInvite *invite = g_new0 (PeerupLeftInvite, 1);

  invite->token = g_strdup ("417-0123456789abcdef");
  invite->number = 417;
  invite->secret = g_bytes_new ("0123456789abcdef", PEERUP_CODE_SECRET_LENGTH);
  invite->code = g_strdup ("AAAA-BBBB");
  invite->term = (PeerupPairingTerm) { 1800000000, 1800000600, 4711, "boot" };
  invite->guesses = 2;
  invite->grant_time = 3600;
  invite->offer = sample_offer ("desktop");
  return invite;
}
