/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Finds out within seconds that a path has died, on connections that are used, and at what cost: nothing is asked while
 * bytes come back for those that leave. What was sent and has had no sign of life after it for
 * PEERUP_PATH_WATCH_PATIENCE makes the watch ask for one; without any for PEERUP_PATH_WATCH_DOUBT the connection is
 * silent (peerup_connection_set_silent()) until there is one. A connection on which nothing is sent is left alone. */
typedef struct _PeerupPathWatch PeerupPathWatch;

/* With the doubt, and with what a relay's circuit takes then, less than the three seconds a person is to wait. */
#define PEERUP_PATH_WATCH_PATIENCE (1200 * 1000)
#define PEERUP_PATH_WATCH_DOUBT    (1500 * 1000)

/* Watches every connection of @swarm until it is freed. */
PeerupPathWatch *peerup_path_watch_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
void peerup_path_watch_free (PeerupPathWatch *self);
/* Something may have happened to all of them (another network, a long sleep): each is asked for a sign of life at once,
 * those that are idle too. Resolves to TRUE when each has given one or is silent; never rejects. */
DexFuture *peerup_path_watch_probe_all (PeerupPathWatch *self) G_GNUC_WARN_UNUSED_RESULT;
/* The same for those of one peer. */
DexFuture *peerup_path_watch_probe (PeerupPathWatch *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* When the peer was last heard on @connection, monotonic µs. */
gint64 peerup_path_watch_get_heard_at (PeerupPathWatch *self, PeerupConnection *connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPathWatch, peerup_path_watch_free)

G_END_DECLS
