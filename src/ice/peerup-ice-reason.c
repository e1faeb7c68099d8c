/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What two NATs mean for a path between them, as facts, a choice and a sentence. Values only. */

#include "ice/peerup-ice-reason.h"

PeerupIceNat
peerup_ice_nat_from_facts (const PeerupNatFacts *facts)
{
  PeerupIceNat nat = { 0 };

  if (facts == NULL || facts->local.any.sa_family == AF_UNSPEC)
    return nat;
  nat.is_measured = TRUE;
  nat.answered = facts->mapped.any.sa_family != AF_UNSPEC;
  nat.translates = facts->has_nat;
  nat.mapping = facts->mapping;
  nat.filtering = facts->filtering;
  nat.port_step = facts->port_step;
  return nat;
}

static gboolean
depends_on_destination (const PeerupIceNat *nat)
{
  return nat->mapping == PEERUP_NAT_ADDRESS_DEPENDENT || nat->mapping == PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT;
}

/* One that shows everybody the same port, and lets in only whom it has sent to at the very port. */
static gboolean
is_port_restricted (const PeerupIceNat *nat)
{
  return nat->answered && nat->translates && nat->mapping == PEERUP_NAT_ENDPOINT_INDEPENDENT &&
         (nat->filtering == PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT || nat->filtering == PEERUP_NAT_UNKNOWN);
}

PeerupIceSearchRole
peerup_ice_choose_search (const PeerupIceNat *ours, const PeerupIceNat *theirs)
{
  if (depends_on_destination (ours) && is_port_restricted (theirs))
    return PEERUP_ICE_SEARCH_MANY_PORTS;
  if (is_port_restricted (ours) && depends_on_destination (theirs))
    return PEERUP_ICE_SEARCH_ONE_SOCKET;
  return PEERUP_ICE_SEARCH_NONE;
}

const char *
peerup_ice_explain (const PeerupIceNat *ours, const PeerupIceNat *theirs, gboolean had_candidates)
{
  if (ours->is_measured && !ours->answered)
    return "UDP seems blocked in this network: no server answers, so no direct path can be opened";
  if (theirs->is_measured && !theirs->answered)
    return "UDP seems blocked in the other device's network, so no direct path can be opened";
  if (depends_on_destination (ours) && depends_on_destination (theirs))
    return "Both NATs give every destination another port, so neither device can know where the other can be reached";
  if (depends_on_destination (ours) && is_port_restricted (theirs))
    return "This network's NAT gives every destination another port, the other one lets in only what it has sent to, "
           "and the ports that were tried did not meet";
  if (is_port_restricted (ours) && depends_on_destination (theirs))
    return "The other device's NAT gives every destination another port, this one lets in only what it has sent to, "
           "and the ports that were tried did not meet";
  if (!had_candidates)
    return "The other device told no address that may be tried";
  return "No pair of addresses let packets through in both directions: a firewall between the devices may drop UDP";
}
