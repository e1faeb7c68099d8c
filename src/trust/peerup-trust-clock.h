/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "trust/peerup-grants.h"

G_BEGIN_DECLS

/* What ends when: the grants in force and the authorizations of one run, with times that are given, in seconds since
 * 1970. A clock that is set forward ends what it goes past. One that is set back gives nothing back: what was seen to
 * end in this run has ended, until a person gives it another end. Grants are taken out of their file besides
 * (peerup_grants_file_expire()), and so do not live again in another run either. */
typedef struct _PeerupTrustClock PeerupTrustClock;

/* What has ended lately, so that a denial can say that there was a grant. */
#define PEERUP_TRUST_CLOCK_PAST_MAX 256

PeerupTrustClock *peerup_trust_clock_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_trust_clock_free (PeerupTrustClock *self);

/* Takes @grants, of PeerupGrant: those of the file as it is now. */
void peerup_trust_clock_set_grants (PeerupTrustClock *self, GPtrArray *grants);
/* (transfer none) of PeerupGrant: for peerup_decide(); those that have ended have an end in the past. Until the next
 * set or advance. */
GPtrArray *peerup_trust_clock_get_grants (PeerupTrustClock *self);

/* It is @now. @ended and @ending, of PeerupGrant, get copies of what has ended since the last call and of what ends
 * within PEERUP_GRANT_WARNING, each once. @keys (nullable): the authorizations in force. Returns when to call again at
 * the latest; PEERUP_EXPIRES_NEVER. */
gint64 peerup_trust_clock_advance (PeerupTrustClock *self, PeerupAuthorizedKeys *keys, gint64 now, GPtrArray *ended,
                                   GPtrArray *ending) G_GNUC_WARN_UNUSED_RESULT;
/* The time that @peer's authorization is to be judged at: @now, unless it was seen to end. */
gint64 peerup_trust_clock_get_time (PeerupTrustClock *self, PeerupAuthorizedKeys *keys, PeerupPeerId *peer, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupTrustClock, peerup_trust_clock_free)

G_END_DECLS
