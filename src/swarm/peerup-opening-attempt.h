/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-endpoint.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* One destination of a simultaneous open. Its fiber holds it, and so does the open while it may have to cancel it. */
typedef struct
{
  gatomicrefcount ref_count;
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  PeerupMultiaddr *address; /* without /p2p */
  PeerupIpTransport transport;
  PeerupSocketAddress remote;
  gboolean client;
  gint64 deadline;
  DexPromise *cancel;
  /* Resolved with TRUE when it has ended, with either of the next two; as in peerup-dial-attempt.h. */
  DexPromise *ended;
  PeerupConnection *connection;
  GError *error;
  PeerupStream *raw; /* while it is upgraded */
} PeerupOpeningAttempt;

/* (nullable): NULL for what is neither TCP nor QUIC at an IP address. */
PeerupOpeningAttempt *
peerup_opening_attempt_new (PeerupSwarm *swarm, PeerupPeerId *peer, PeerupMultiaddr *address) G_GNUC_WARN_UNUSED_RESULT;
void peerup_opening_attempt_start (PeerupOpeningAttempt *self, gboolean client, gint64 deadline);
/* It ends by itself soon after; a connection that it has made is closed. */
void peerup_opening_attempt_cancel (PeerupOpeningAttempt *self);
void peerup_opening_attempt_unref (PeerupOpeningAttempt *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupOpeningAttempt, peerup_opening_attempt_unref)

G_END_DECLS
