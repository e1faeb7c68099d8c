/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-pairing-store.h"

/* Values for tests of what pairings keep. */

PeerupPeerId *sample_peer (void);
PeerupPairingOffer *sample_offer (const char *name);
/* Of an inviter, COMMITTED, with everything that may be in one. */
PeerupPairingRecord *sample_record (void);
PeerupLeftInvite *sample_left_invite (void);
