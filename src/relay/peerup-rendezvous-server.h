/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "relay/peerup-rendezvous-table.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* The relay's side of /peerup/rendezvous/1.0.0, beside a PeerupRelayServer of the same swarm; see peerup-rendezvous.h
 * for what it is for. It learns numbers, IDs and times; what it keeps it cannot read. Strangers come as guests of the
 * swarm, and only while some invite here has a pass: PEERUP_RENDEZVOUS_GUESTS_MAX at once, for
 * PEERUP_RENDEZVOUS_GUEST_TIME each, and all they can do is show it.
 *
 * What was left sealed outlives the relay in a directory, one small file each. Other registrations do not: whoever
 * made them does so anew when it is connected again. */
typedef struct _PeerupRendezvousServer PeerupRendezvousServer;

/* Strangers at once, and of one host; and µs that one may stay. */
#define PEERUP_RENDEZVOUS_GUESTS_MAX     16
#define PEERUP_RENDEZVOUS_GUESTS_OF_HOST 8
#define PEERUP_RENDEZVOUS_GUEST_TIME     (15 * G_USEC_PER_SEC)
/* µs for a request to arrive, and for its answer to leave; and requests at once. */
#define PEERUP_RENDEZVOUS_REQUEST_TIME (10 * G_USEC_PER_SEC)
#define PEERUP_RENDEZVOUS_REQUESTS_MAX 256

/* What the owner of the machine decides; @data goes to each. */
typedef struct
{
  /* Whether @peer may register, find and leave: whoever may use the relay in its own right. */
  gboolean (*is_member) (PeerupPeerId *peer, gpointer data);
  /* Whether @peer can be reached through the relay, though it has no connection that the swarm knows. Nullable. */
  gboolean (*is_here) (PeerupPeerId *peer, gpointer data);
  /* Nullable: no stranger is let in. @peer has shown a pass, and may connect until @until (seconds since 1970); 0: no
   * longer. What it may use then is circuits to those whose pass it has shown: peerup_rendezvous_server_may_reach(). */
  void (*admit_until) (PeerupPeerId *peer, gint64 until, gpointer data);
  /* Nullable: nobody is sponsored. As peerup_rendezvous_sponsor(). */
  gboolean (*sponsor) (PeerupPeerId *inviter, PeerupPeerId *joined, gint64 until, const char *name, gpointer data,
                       GError **error);
  gpointer data;
} PeerupRendezvousHost;

/* Since the start; they never go back. */
typedef struct
{
  guint64 registered, found, passes_shown, passes_wrong, left, sponsored;
  guint64 refused; /* requests of any kind */
} PeerupRendezvousFigures;

/* Serves on @swarm, which it holds, until it is freed. @host is copied. @directory: nullable: nothing that is sealed is
 * taken. What lies there is read now (blocks). */
PeerupRendezvousServer *peerup_rendezvous_server_new (PeerupSwarm *swarm, const PeerupRendezvousHost *host,
                                                      const char *directory) G_GNUC_WARN_UNUSED_RESULT;
/* Visitors are not told. */
void peerup_rendezvous_server_free (PeerupRendezvousServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousServer, peerup_rendezvous_server_free)

/* A relay that drains takes no registration, nor a stranger; the rest goes on. */
void peerup_rendezvous_server_set_draining (PeerupRendezvousServer *self, gboolean draining);
/* Whether @peer was let in by a pass and by nothing else. */
gboolean peerup_rendezvous_server_is_visitor (PeerupRendezvousServer *self, PeerupPeerId *peer);
/* Whether a visitor may have a circuit to @target. */
gboolean peerup_rendezvous_server_may_reach (PeerupRendezvousServer *self, PeerupPeerId *visitor, PeerupPeerId *target);
guint peerup_rendezvous_server_get_n_numbers (PeerupRendezvousServer *self);
void peerup_rendezvous_server_get_figures (PeerupRendezvousServer *self, PeerupRendezvousFigures *figures);

G_END_DECLS
