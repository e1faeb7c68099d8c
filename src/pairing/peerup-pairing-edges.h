/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

/* The steps of a run of /peerup/pair/1.0.0 and the only ways between them. Plain C without any library, so that a
 * model checker reads the very table that the machine obeys. */

typedef enum
{
  PEERUP_PAIRING_STEP_NONE, /* no step: there is no such edge */
  /* the inviter */
  PEERUP_PAIRING_STEP_WAIT_HELLO,
  PEERUP_PAIRING_STEP_WAIT_CONFIRM,
  PEERUP_PAIRING_STEP_NEEDS_CLAIM,
  PEERUP_PAIRING_STEP_WAIT_ACCEPT,
  PEERUP_PAIRING_STEP_INVITER_NEEDS_COMMIT,
  PEERUP_PAIRING_STEP_WAIT_DONE,
  /* the joiner */
  PEERUP_PAIRING_STEP_WAIT_SHARE,
  PEERUP_PAIRING_STEP_WAIT_OFFER,
  PEERUP_PAIRING_STEP_NEEDS_PREPARE,
  PEERUP_PAIRING_STEP_WAIT_COMMITTED,
  PEERUP_PAIRING_STEP_JOINER_NEEDS_COMMIT,
  /* the inviter that has committed, and a joiner that comes again */
  PEERUP_PAIRING_STEP_WAIT_RESUME,
  PEERUP_PAIRING_STEP_WAIT_RESUMED,
  PEERUP_PAIRING_STEP_WAIT_STATUS,
  PEERUP_PAIRING_STEP_RESUME_NEEDS_COMMIT,
  /* both */
  PEERUP_PAIRING_STEP_DONE,
  PEERUP_PAIRING_STEP_FAILED,
  PEERUP_PAIRING_N_STEPS,
} PeerupPairingStep;

/* What can happen. The first are the messages that may come, by their numbers on the wire; a message that is not right
 * in every part is PEERUP_PAIRING_EVENT_FAIL instead. */
typedef enum
{
  PEERUP_PAIRING_EVENT_HELLO = 1,
  PEERUP_PAIRING_EVENT_SHARE,
  PEERUP_PAIRING_EVENT_CONFIRM,
  PEERUP_PAIRING_EVENT_OFFER,
  PEERUP_PAIRING_EVENT_ACCEPT,
  PEERUP_PAIRING_EVENT_COMMITTED,
  PEERUP_PAIRING_EVENT_DONE,
  PEERUP_PAIRING_EVENT_RESUME,
  PEERUP_PAIRING_EVENT_STATUS,
  PEERUP_PAIRING_EVENT_RESUMED,
  PEERUP_PAIRING_EVENT_REFUSED, /* the other says why */
  PEERUP_PAIRING_EVENT_GO_ON,   /* what was needed is done */
  PEERUP_PAIRING_EVENT_REFUSE,  /* it will not be done */
  PEERUP_PAIRING_EVENT_FAIL,
  PEERUP_PAIRING_N_EVENTS,
} PeerupPairingEvent;

/* Where @event leads from @step; NONE if it may not happen there. */
PeerupPairingStep peerup_pairing_edge (PeerupPairingStep step, PeerupPairingEvent event);
