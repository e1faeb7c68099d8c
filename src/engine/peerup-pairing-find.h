/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-pairing-private.h"

G_BEGIN_DECLS

/* Looks for the inviter of a code everywhere at once, and puts addresses of it into the peerstore as it finds them: on
 * the LAN, where the code says, and through relays: those of a long code, which are shown its pass unless they are
 * ours, or all of ours for a spoken one. Goes on until it is stopped or its time is over. */
typedef struct _PeerupPairingFinder PeerupPairingFinder;

/* @code: LONG or SPOKEN, copied. @deadline: monotonic µs. */
PeerupPairingFinder *peerup_pairing_finder_new (PeerupEnginePairing *pairing, const PeerupInviteCode *code,
                                                gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Ends it and drops the owner's reference. */
void peerup_pairing_finder_stop (PeerupPairingFinder *self);

/* Who may be the inviter, in the order in which they were found: of a long code, the one that it names. Borrowed. */
guint peerup_pairing_finder_get_n_claimants (PeerupPairingFinder *self);
PeerupPeerId *peerup_pairing_finder_get_claimant (PeerupPairingFinder *self, guint index);
/* Waits, in a fiber, until something is found, or until @deadline. */
void peerup_pairing_finder_await (PeerupPairingFinder *self, gint64 deadline);
/* Whether every relay has been asked once. */
gboolean peerup_pairing_finder_has_asked (PeerupPairingFinder *self);
/* Whether some relay knows the invite, and whether it says that the inviter is there. */
gboolean peerup_pairing_finder_is_known (PeerupPairingFinder *self);
gboolean peerup_pairing_finder_is_here (PeerupPairingFinder *self);
/* Whether the relays that could be asked all say that there is no such invite, or that its pass does not count. */
gboolean peerup_pairing_finder_is_over (PeerupPairingFinder *self);
/* (nullable) (transfer none): what was left with a relay. */
GBytes *peerup_pairing_finder_get_sealed (PeerupPairingFinder *self);
/* (nullable) (transfer none): why a relay could not be asked, for a person. */
const char *peerup_pairing_finder_get_trouble (PeerupPairingFinder *self);

G_END_DECLS
