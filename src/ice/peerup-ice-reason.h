/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "nat/peerup-nat-facts.h"
#include "wire/peerup-ice-message.h"

G_BEGIN_DECLS

/* What is told to peers of a NAT. NULL: nothing is known. */
PeerupIceNat peerup_ice_nat_from_facts (const PeerupNatFacts *facts);

typedef enum
{
  PEERUP_ICE_SEARCH_NONE,       /* ICE does it, or nothing can */
  PEERUP_ICE_SEARCH_MANY_PORTS, /* our NAT gives every destination another port, and the peer's can be found */
  PEERUP_ICE_SEARCH_ONE_SOCKET, /* the other way round */
} PeerupIceSearchRole;

/* Whether ICE cannot pass these two NATs but a search among ports may, and what is ours to do in it. */
PeerupIceSearchRole peerup_ice_choose_search (const PeerupIceNat *ours, const PeerupIceNat *theirs);
/* Why no path was found, for a person. @had_candidates: the peer told addresses that could be tried. Static. */
const char *peerup_ice_explain (const PeerupIceNat *ours, const PeerupIceNat *theirs, gboolean had_candidates);

G_END_DECLS
