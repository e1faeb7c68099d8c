/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * For CBMC alone, never compiled into anything: every sequence of events, up to a length beyond the longest run,
 * through the real table of a pairing's steps. "table.c" is src/pairing/peerup-pairing-edges.c, or a copy of it that
 * was bent to see whether this notices. */

#include "table.c"

#define LENGTH 8

int nondet_int (void);
void __CPROVER_assume (int condition);
void __CPROVER_assert (int condition, const char *text);

/* What has to have happened before the end, in this order and once each. */
static const PeerupPairingEvent inviters[] = { EVENT (HELLO),  EVENT (CONFIRM), EVENT (GO_ON),
                                               EVENT (ACCEPT), EVENT (GO_ON),   EVENT (DONE) };
static const PeerupPairingEvent joiners[] = { EVENT (SHARE), EVENT (OFFER), EVENT (GO_ON), EVENT (COMMITTED),
                                              EVENT (GO_ON) };
static const PeerupPairingEvent resumed[] = { EVENT (RESUME), EVENT (RESUMED) };
static const PeerupPairingEvent resuming[] = { EVENT (STATUS), EVENT (GO_ON) };

typedef struct
{
  PeerupPairingStep first, least, most; /* where it begins, and the steps that are its own */
  const PeerupPairingEvent *way;
  int length;
} Side;

static const Side sides[] = {
  { STEP (WAIT_HELLO), STEP (WAIT_HELLO), STEP (WAIT_DONE), inviters, 6 },
  { STEP (WAIT_SHARE), STEP (WAIT_SHARE), STEP (JOINER_NEEDS_COMMIT), joiners, 5 },
  { STEP (WAIT_RESUME), STEP (WAIT_RESUME), STEP (WAIT_RESUMED), resumed, 2 },
  { STEP (WAIT_STATUS), STEP (WAIT_STATUS), STEP (RESUME_NEEDS_COMMIT), resuming, 2 },
};

static int
needs (PeerupPairingStep step)
{
  return step == STEP (NEEDS_CLAIM) || step == STEP (NEEDS_PREPARE) || step == STEP (INVITER_NEEDS_COMMIT) ||
         step == STEP (JOINER_NEEDS_COMMIT) || step == STEP (RESUME_NEEDS_COMMIT);
}

static int
is_over (PeerupPairingStep step)
{
  return step == STEP (DONE) || step == STEP (FAILED);
}

static void
check_edge (const Side *side, PeerupPairingStep step, PeerupPairingEvent event, PeerupPairingStep next)
{
  __CPROVER_assert (!is_over (step) || next == STEP (NONE), "the end has no way out");
  __CPROVER_assert (next == STEP (NONE) || is_over (next) || (next >= side->least && next <= side->most),
                    "a side stays on its own steps");
  if (is_over (step))
    return;
  __CPROVER_assert (event != EVENT (GO_ON) || (next != STEP (NONE)) == needs (step), "go_on where something is needed");
  __CPROVER_assert (event != EVENT (REFUSE) || (next == STEP (FAILED)) == needs (step), "refuse in the same places");
  __CPROVER_assert (event != EVENT (REFUSE) || needs (step) || next == STEP (NONE), "and nowhere else");
  __CPROVER_assert ((event != EVENT (FAIL) && event != EVENT (REFUSED)) || next == STEP (FAILED), "all can fail");
  __CPROVER_assert (!needs (step) || event >= EVENT (REFUSED) || next == STEP (NONE),
                    "no message is heard while something is needed");
}

/* The same twice in the table would hide the second. */
static void
check_table (void)
{
  int n = sizeof edges / sizeof edges[0], one = nondet_int (), other = nondet_int ();

  __CPROVER_assume (one >= 0 && one < other && other < n);
  __CPROVER_assert (edges[one].from != edges[other].from || edges[one].event != edges[other].event, "one edge each");
}

int
main (void)
{
  int which = nondet_int (), done = 0;
  const Side *side;
  PeerupPairingStep step;

  check_table ();
  __CPROVER_assume (which >= 0 && which < 4);
  side = &sides[which];
  step = side->first;
  for (int i = 0; i < LENGTH; i++)
    {
      int event = nondet_int ();
      PeerupPairingStep next;

      __CPROVER_assume (event >= EVENT (HELLO) && event < PEERUP_PAIRING_N_EVENTS);
      next = peerup_pairing_edge (step, (PeerupPairingEvent) event);
      check_edge (side, step, (PeerupPairingEvent) event, next);
      if (next == STEP (NONE))
        continue;
      __CPROVER_assert (next == STEP (FAILED) || (done < side->length && side->way[done] == event),
                        "in order, once each");
      done++;
      __CPROVER_assert (next != STEP (DONE) || done == side->length, "nothing left out before the end");
      step = next;
    }
  return 0;
}
