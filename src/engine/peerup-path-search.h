/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "ice/peerup-ice.h"
#include "protocols/peerup-dcutr.h"
#include "protocols/peerup-identify.h"

G_BEGIN_DECLS

/* One search for a direct path to a peer: all that may lead to one at once. */

/* µs until the side that was dialed through the relay begins to talk about ICE itself. */
#define PEERUP_PATH_SEARCH_PATIENCE (2 * G_USEC_PER_SEC)
/* µs for all of it. */
#define PEERUP_PATH_SEARCH_TIMEOUT (30 * G_USEC_PER_SEC)

/* For tests: in place of ICE and DCUtR. As peerup_ice_connect(). */
typedef DexFuture *(*PeerupPathClimbFunc) (PeerupConnection *carrier, gint64 deadline, gpointer data);

typedef struct
{
  PeerupSwarm *swarm;
  PeerupIdentify *identify;
  PeerupIce *ice;
  PeerupDcutr *dcutr;
  PeerupPathClimbFunc climb; /* nullable */
  gpointer climb_data;
} PeerupPathSearchTools;

/* Holds what @tools name until it ends, which @found makes it do too: a future of a PeerupConnection, a direct path
 * that came by itself, or a rejection when nobody wants one any more. Makes a connection through a relay first where
 * none is heard. Resolves to a direct PeerupConnection that the swarm has taken up. Rejects with the reason in a
 * sentence: UNREACHABLE, NEGOTIATION where the peer knows no protocol for this, and as peerup_swarm_connect(),
 * peerup_ice_connect() and peerup_dcutr_connect(). */
DexFuture *
peerup_path_search (const PeerupPathSearchTools *tools, PeerupPeerId *peer, DexFuture *found) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
