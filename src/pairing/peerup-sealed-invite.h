/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "pairing/peerup-pairing-offer.h"

G_BEGIN_DECLS

/* An invite that waits with a relay while the inviter is away, and the answer to it: sealed (XChaCha20-Poly1305) with
 * keys made of a long code's secret alone, so with those of 16 random bytes and never with spoken words, which could be
 * tried out by whoever keeps them. Bound to both identities, the role, the number and the network. */

#define PEERUP_SEALED_MAX           (PEERUP_PAIRING_OFFER_MAX + 128)
#define PEERUP_SEALED_SECRET_LENGTH 16

/* @secret: PEERUP_SEALED_SECRET_LENGTH bytes. @network: nullable. What the inviter leaves. TOO_LARGE. */
GBytes *peerup_sealed_invite_seal (GBytes *secret, guint number, PeerupPeerId *inviter, const char *network,
                                   const PeerupPairingOffer *offer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CRYPTO, MALFORMED, TOO_LARGE. */
PeerupPairingOffer *peerup_sealed_invite_open (GBytes *sealed, GBytes *secret, guint number, PeerupPeerId *inviter,
                                               const char *network, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the joiner leaves in answer, and the ID and transcript (PEERUP_PAIRING_TRANSCRIPT_LENGTH bytes, out) of the
 * pairing that comes of it. */
GBytes *peerup_sealed_answer_seal (GBytes *secret, guint number, PeerupPeerId *inviter, PeerupPeerId *joiner,
                                   const char *network, const PeerupPairingOffer *offer, guint8 *transcript,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupPairingOffer *
peerup_sealed_answer_open (GBytes *sealed, GBytes *secret, guint number, PeerupPeerId *inviter, PeerupPeerId *joiner,
                           const char *network, guint8 *transcript, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What makes a relay let somebody in who has the long code: a pass (16 bytes) that the relay knows the SHA-256 of. */
#define PEERUP_PASS_LENGTH 16
void peerup_sealed_invite_get_pass (GBytes *secret, PeerupPeerId *inviter, guint8 pass[PEERUP_PASS_LENGTH]);

G_END_DECLS
