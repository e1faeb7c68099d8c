/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The table of steps, entry by entry; tests/model proves what follows from it. */

#include <glib.h>

#include "pairing/peerup-pairing-edges.h"

#define STEP(name)  PEERUP_PAIRING_STEP_##name
#define EVENT(name) PEERUP_PAIRING_EVENT_##name

static const struct
{
  PeerupPairingStep from;
  PeerupPairingEvent event;
  PeerupPairingStep to;
} ways[] = {
  { STEP (WAIT_HELLO), EVENT (HELLO), STEP (WAIT_CONFIRM) },
  { STEP (WAIT_CONFIRM), EVENT (CONFIRM), STEP (NEEDS_CLAIM) },
  { STEP (NEEDS_CLAIM), EVENT (GO_ON), STEP (WAIT_ACCEPT) },
  { STEP (WAIT_ACCEPT), EVENT (ACCEPT), STEP (INVITER_NEEDS_COMMIT) },
  { STEP (INVITER_NEEDS_COMMIT), EVENT (GO_ON), STEP (WAIT_DONE) },
  { STEP (WAIT_DONE), EVENT (DONE), STEP (DONE) },
  { STEP (WAIT_SHARE), EVENT (SHARE), STEP (WAIT_OFFER) },
  { STEP (WAIT_OFFER), EVENT (OFFER), STEP (NEEDS_PREPARE) },
  { STEP (NEEDS_PREPARE), EVENT (GO_ON), STEP (WAIT_COMMITTED) },
  { STEP (WAIT_COMMITTED), EVENT (COMMITTED), STEP (JOINER_NEEDS_COMMIT) },
  { STEP (JOINER_NEEDS_COMMIT), EVENT (GO_ON), STEP (DONE) },
  { STEP (WAIT_RESUME), EVENT (RESUME), STEP (WAIT_RESUMED) },
  { STEP (WAIT_RESUMED), EVENT (RESUMED), STEP (DONE) },
  { STEP (WAIT_STATUS), EVENT (STATUS), STEP (RESUME_NEEDS_COMMIT) },
  { STEP (RESUME_NEEDS_COMMIT), EVENT (GO_ON), STEP (DONE) },
};

static PeerupPairingStep
expect (PeerupPairingStep step, PeerupPairingEvent event)
{
  gboolean needs = FALSE;

  if (step == STEP (NONE) || step == STEP (DONE) || step == STEP (FAILED))
    return STEP (NONE);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      if (ways[i].from == step && ways[i].event == event)
        return ways[i].to;
      needs = needs || (ways[i].from == step && ways[i].event == EVENT (GO_ON));
    }
  if (event == EVENT (FAIL) || event == EVENT (REFUSED) || (event == EVENT (REFUSE) && needs))
    return STEP (FAILED);
  return STEP (NONE);
}

static void
test_all (void)
{
  for (PeerupPairingStep step = STEP (NONE); step < PEERUP_PAIRING_N_STEPS; step++)
    for (PeerupPairingEvent event = EVENT (HELLO); event < PEERUP_PAIRING_N_EVENTS; event++)
      g_assert_cmpint (peerup_pairing_edge (step, event), ==, expect (step, event));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/edges/all", test_all);
  return g_test_run ();
}
