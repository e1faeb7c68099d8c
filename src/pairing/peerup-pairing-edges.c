/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The table of a pairing's steps. DONE and FAILED have no way out; a run can fail everywhere else, and be refused by
 * the other everywhere else. */

#include "pairing/peerup-pairing-edges.h"

#define STEP(name)  PEERUP_PAIRING_STEP_##name
#define EVENT(name) PEERUP_PAIRING_EVENT_##name

static const struct
{
  PeerupPairingStep from;
  PeerupPairingEvent event;
  PeerupPairingStep to;
} edges[] = {
  { STEP (WAIT_HELLO), EVENT (HELLO), STEP (WAIT_CONFIRM) },
  { STEP (WAIT_CONFIRM), EVENT (CONFIRM), STEP (NEEDS_CLAIM) },
  { STEP (NEEDS_CLAIM), EVENT (GO_ON), STEP (WAIT_ACCEPT) },
  { STEP (NEEDS_CLAIM), EVENT (REFUSE), STEP (FAILED) },
  { STEP (WAIT_ACCEPT), EVENT (ACCEPT), STEP (INVITER_NEEDS_COMMIT) },
  { STEP (INVITER_NEEDS_COMMIT), EVENT (GO_ON), STEP (WAIT_DONE) },
  { STEP (INVITER_NEEDS_COMMIT), EVENT (REFUSE), STEP (FAILED) },
  { STEP (WAIT_DONE), EVENT (DONE), STEP (DONE) },

  { STEP (WAIT_SHARE), EVENT (SHARE), STEP (WAIT_OFFER) },
  { STEP (WAIT_OFFER), EVENT (OFFER), STEP (NEEDS_PREPARE) },
  { STEP (NEEDS_PREPARE), EVENT (GO_ON), STEP (WAIT_COMMITTED) },
  { STEP (NEEDS_PREPARE), EVENT (REFUSE), STEP (FAILED) },
  { STEP (WAIT_COMMITTED), EVENT (COMMITTED), STEP (JOINER_NEEDS_COMMIT) },
  { STEP (JOINER_NEEDS_COMMIT), EVENT (GO_ON), STEP (DONE) },
  { STEP (JOINER_NEEDS_COMMIT), EVENT (REFUSE), STEP (FAILED) },

  { STEP (WAIT_RESUME), EVENT (RESUME), STEP (WAIT_RESUMED) },
  { STEP (WAIT_RESUMED), EVENT (RESUMED), STEP (DONE) },
  { STEP (WAIT_STATUS), EVENT (STATUS), STEP (RESUME_NEEDS_COMMIT) },
  { STEP (RESUME_NEEDS_COMMIT), EVENT (GO_ON), STEP (DONE) },
  { STEP (RESUME_NEEDS_COMMIT), EVENT (REFUSE), STEP (FAILED) },
};

PeerupPairingStep
peerup_pairing_edge (PeerupPairingStep step, PeerupPairingEvent event)
{
  if (step == STEP (DONE) || step == STEP (FAILED) || step == STEP (NONE))
    return STEP (NONE);
  if (event == EVENT (FAIL) || event == EVENT (REFUSED))
    return STEP (FAILED);
  for (unsigned i = 0; i < sizeof edges / sizeof edges[0]; i++)
    if (edges[i].from == step && edges[i].event == event)
      return edges[i].to;
  return STEP (NONE);
}
