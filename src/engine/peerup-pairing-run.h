/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-pairing-private.h"

G_BEGIN_DECLS

/* One run of a joiner with one inviter, over a stream of its own, in a fiber. */

typedef enum
{
  PEERUP_PAIRING_JOINED,
  PEERUP_PAIRING_FAILED_HERE, /* or refused: trying again would not help */
  PEERUP_PAIRING_LOST,        /* before it could count: to be tried again */
  PEERUP_PAIRING_IN_DOUBT,    /* it may count there: its record is to be asked for */
} PeerupPairingOutcome;

typedef struct
{
  PeerupEnginePairing *pairing;
  const PeerupInviteCode *code; /* LONG or SPOKEN */
  PeerupPeerId *inviter;
  const PeerupPairingOffer *own;
  gint64 deadline;      /* monotonic µs */
  PeerupJoinFunc state; /* nullable: "proving", "saving" */
  gpointer data;
  GCancellable *cancellable; /* nullable: looked at until anything is saved; then LOST */

  /* What comes of it. */
  guint8 id[PEERUP_PAIRING_ID_LENGTH]; /* JOINED, IN_DOUBT */
  PeerupPairingRecord *record;         /* JOINED; the caller's */
  gboolean guessed;                    /* the other could check one guess of the code */
} PeerupPairingRun;

/* On all outcomes but JOINED with the reason, for a person where trying again would not help: CRYPTO, GATED, CONFIG,
 * PROTOCOL, what files fail with; else what streams and dials fail with. Whoever calls lets go of the record then
 * (peerup_pairing_let_go()). */
PeerupPairingOutcome peerup_pairing_run (PeerupPairingRun *self, GError **error);

G_END_DECLS
