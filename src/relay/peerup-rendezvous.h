/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"
#include "wire/peerup-rendezvous-message.h"

G_BEGIN_DECLS

/* /peerup/rendezvous/1.0.0: a relay helps two machines find each other for a pairing, and learns nothing by it but that
 * they do. The inviter tells it the number of an invite; a joiner asks who has that number. An invite may be left with
 * it, sealed, and so may the answer. And a joiner whom the relay does not know comes in by a pass that the inviter,
 * whom it knows, has announced: while the invite is open as a guest who may use circuits to the inviter, and, once the
 * inviter says that it has joined, for as long as the inviter itself may (relay.sponsor of the configuration, default
 * true; sponsor=INVITER in the relay's authorized_keys, which counts while INVITER's own entry does).
 *
 * The relay's side is peerup-rendezvous-server.h; this is the client's. Every call resolves or rejects by @deadline
 * (monotonic µs): UNREACHABLE (also a relay that cannot do that now: it drains, or its disk is full), TIMEOUT,
 * NEGOTIATION (a relay that does not know the protocol: one of somebody else's programs), PROTOCOL, LIMIT, DENIED. A
 * future that is dropped ends what was begun. The relay is dialed where the swarm knows it, never through another. */

/* Resolves to TRUE when @relay keeps the number for us until @expires (seconds since 1970). @pass_hash: nullable,
 * SHA-256 of the pass. @sealed: nullable. Again for the same number of ours: replaces; with another pass, or with
 * nothing sealed, what was left for it goes. EXISTS: the number by itself is somebody else's there, so whoever has only
 * that finds him and not us; it is kept all the same for who names us, as a long code does: unregister it where it
 * was for a spoken code alone. */
DexFuture *
peerup_rendezvous_register (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, gint64 expires,
                            const guint8 *pass_hash, GBytes *sealed, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to TRUE, also when there was nothing of that number. @joined: nullable: who has joined by it, to be
 * sponsored until @until (seconds since 1970, PEERUP_EXPIRES_NEVER); @name: nullable, how the relay's file calls him. A
 * relay that does not sponsor, or whom it may not be for us, answers DENIED; the number is free in any case. */
DexFuture *peerup_rendezvous_unregister (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, PeerupPeerId *joined,
                                         gint64 until, const char *name, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

/* What a relay knows of a number. */
typedef struct
{
  PeerupPeerId *inviter;
  gboolean here;  /* it has a reservation or a connection there now */
  GBytes *sealed; /* nullable */
} PeerupRendezvousFound;
#define PEERUP_TYPE_RENDEZVOUS_FOUND (peerup_rendezvous_found_get_type ())
GType peerup_rendezvous_found_get_type (void);
PeerupRendezvousFound *peerup_rendezvous_found_copy (const PeerupRendezvousFound *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_rendezvous_found_free (PeerupRendezvousFound *self);
/* Resolves to a PeerupRendezvousFound. @inviter: nullable; with a long code, for relays keep numbers for each inviter
 * apart then. NOT_FOUND. */
DexFuture *peerup_rendezvous_find (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, PeerupPeerId *inviter,
                                   gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to TRUE when @relay, which does not know us, lets us in until the invite is over; @pass:
 * PEERUP_RENDEZVOUS_PASS_LENGTH bytes. The connection that it was shown on is closed then, and the next one is a
 * member's. DENIED, also for a relay that lets no strangers in now. */
DexFuture *peerup_rendezvous_present_pass (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, PeerupPeerId *inviter,
                                           const guint8 *pass, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Joiner: resolves to TRUE when the sealed answer lies there for the inviter. */
DexFuture *peerup_rendezvous_leave (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, PeerupPeerId *inviter,
                                    GBytes *sealed, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Inviter: resolves to a PeerupRendezvousAnswers of what was left for @number; the relay keeps them until the number is
 * unregistered. */
typedef struct
{
  GPtrArray *joiners; /* of PeerupPeerId: who left it, as the relay says */
  GPtrArray *sealed;  /* of GBytes */
} PeerupRendezvousAnswers;
#define PEERUP_TYPE_RENDEZVOUS_ANSWERS (peerup_rendezvous_answers_get_type ())
GType peerup_rendezvous_answers_get_type (void);
PeerupRendezvousAnswers *peerup_rendezvous_answers_copy (const PeerupRendezvousAnswers *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_rendezvous_answers_free (PeerupRendezvousAnswers *self);
DexFuture *peerup_rendezvous_fetch (PeerupSwarm *swarm, PeerupPeerId *relay, guint number,
                                    gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousFound, peerup_rendezvous_found_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousAnswers, peerup_rendezvous_answers_free)

G_END_DECLS
