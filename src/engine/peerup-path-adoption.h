/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Of several connections to a peer the best is adopted, in time: the others are retired when it has lasted for
 * PEERUP_PATH_PROVING_TIME µs and then carried a round trip. A peer that only claims to be reached directly does not
 * cost us the relay. */
#define PEERUP_PATH_PROVING_TIME (10 * G_USEC_PER_SEC)
/* µs for the round trip, and until the next try where there was none. */
#define PEERUP_PATH_PROVING_TIMEOUT (5 * G_USEC_PER_SEC)
#define PEERUP_PATH_PROVING_PAUSE   (30 * G_USEC_PER_SEC)

/* When peerup_path_adopt() has something to do, monotonic µs; 0: not as things are. */
gint64 peerup_path_get_adoption_time (PeerupSwarm *swarm, PeerupPeerId *peer);
/* Resolves to the number (uint) of connections that were retired. Rejects with what the round trip said,
 * TIMEOUT among it. */
DexFuture *peerup_path_adopt (PeerupSwarm *swarm, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
