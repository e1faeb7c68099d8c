/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "engine/peerup-engine.h"
#include "relay/peerup-rendezvous-server.h"

G_BEGIN_DECLS

/* The rendezvous of the engine's relay (see relay/peerup-rendezvous.h): whom it serves, who comes by a pass and what he
 * may, and who is taken up on an inviter's word.
 *
 * For who runs a relay: a peer in its authorized_keys may bring others. While an invite of his is open, up to
 * PEERUP_RENDEZVOUS_VISITORS_MAX who know the code may connect and have circuits to him and to nobody else. Who has
 * joined by it is written into authorized_keys with sponsor= and his ID: he may use the relay as others may, as
 * long as the one who brought him is in the file, and use no service of this machine without a grant. One peer brings
 * PEERUP_RENDEZVOUS_SPONSORED_MAX at most, and who was brought brings nobody. relay.sponsor: false ends the writing:
 * then who has joined may use the relay while the invite is open, and after that when its owner adds him. */
typedef struct _PeerupEngineRendezvous PeerupEngineRendezvous;

/* Of @engine, whose swarm, trust and relay outlive it. Serves nothing before it is first followed. */
PeerupEngineRendezvous *peerup_engine_rendezvous_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_rendezvous_free (PeerupEngineRendezvous *self);
/* Whether the relay serves now; no longer: it takes no new invite, and those that are open go on. */
void peerup_engine_rendezvous_follow (PeerupEngineRendezvous *self, gboolean serves);

/* Whether @peer may use the relay by a pass; and whether he may have a circuit to @target by it. */
gboolean peerup_engine_rendezvous_is_visitor (PeerupEngineRendezvous *self, PeerupPeerId *peer);
gboolean peerup_engine_rendezvous_may_reach (PeerupEngineRendezvous *self, PeerupPeerId *peer, PeerupPeerId *target);
/* Zeros if it has never served. */
void
peerup_engine_rendezvous_get_figures (PeerupEngineRendezvous *self, guint *n_numbers, PeerupRendezvousFigures *figures);

G_END_DECLS
