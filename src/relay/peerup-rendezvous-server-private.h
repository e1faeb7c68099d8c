/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "relay/peerup-rendezvous-rates.h"
#include "relay/peerup-rendezvous-server.h"

G_BEGIN_DECLS

/* A reference counted box: requests hold it. */
struct _PeerupRendezvousServer
{
  PeerupSwarm *swarm; /* NULL: it was freed, and serves nobody any more */
  PeerupRendezvousHost host;
  char *directory; /* nullable */
  PeerupRendezvousTable *table;
  PeerupRendezvousRates *rates;
  PeerupRendezvousFigures figures;
  PeerupTimer timer; /* for the next invite that is over */
  GPtrArray *guests; /* of Guest */
  guint n_requests;
  gboolean has_guests; /* the swarm lets them in */
  gboolean draining;
};

/* Whether @connection is good for showing a pass and for nothing else. */
gboolean peerup_rendezvous_server_is_guest (PeerupRendezvousServer *self, PeerupConnection *connection);
/* (transfer full): the answer, framed, to @bytes, which should be a request of @connection's peer. */
GBytes *peerup_rendezvous_server_answer (PeerupRendezvousServer *self, PeerupConnection *connection,
                                         GBytes *bytes) G_GNUC_WARN_UNUSED_RESULT;
/* The same to whoever asks too often. */
GBytes *peerup_rendezvous_server_answer_flood (PeerupRendezvousServer *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
