/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-dial-order.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* One address of a dial. Its fiber holds it, and so does the dial while it may have to cancel it. */
typedef struct
{
  gatomicrefcount ref_count;
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  PeerupDialCandidate *candidate;
  gint64 started_at;
  gint64 deadline;
  DexPromise *cancel;
  /* Resolved with TRUE when it has ended, with either of the next two. Waiting for the fiber
   * itself would not do: a fiber that loses a dex_future_first() is cancelled. */
  DexPromise *ended;
  PeerupConnection *connection;
  GError *error;
  PeerupStream *raw; /* while it is upgraded */
  const char *guess; /* the security protocol that is expected of the peer; NULL: none is */
  gboolean has_guessed;
} PeerupDialAttempt;

/* Takes @candidate, which is no name. */
PeerupDialAttempt *peerup_dial_attempt_start (PeerupSwarm *swarm, PeerupPeerId *peer,
                                              PeerupDialCandidate *candidate) G_GNUC_WARN_UNUSED_RESULT;
/* It ends by itself soon after; a connection that it has made is closed. */
void peerup_dial_attempt_cancel (PeerupDialAttempt *self);
void peerup_dial_attempt_unref (PeerupDialAttempt *self);

G_END_DECLS
