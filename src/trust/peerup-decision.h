/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "trust/peerup-grants.h"

G_BEGIN_DECLS

/* The one place where it is decided who may what. Everything that lets a peer in, shows it something or opens something
 * for it asks peerup_decide(), and what it says is audited as it is. Facts and times go in, a verdict comes out. */

typedef enum
{
  PEERUP_DECISION_OPEN,        /* allow: gating is off */
  PEERUP_DECISION_AUTHORIZED,  /* allow: in authorized_keys, and the service is for all of those */
  PEERUP_DECISION_LISTED,      /* allow: on the list of the service */
  PEERUP_DECISION_GRANTED,     /* allow: by a grant */
  PEERUP_DECISION_UNKNOWN,     /* deny: not in authorized_keys */
  PEERUP_DECISION_EXPIRED,     /* deny: its authorization has ended */
  PEERUP_DECISION_GRANT_ENDED, /* deny: it had a grant */
  PEERUP_DECISION_NOT_LISTED,  /* deny: not on the list of the service */
  PEERUP_DECISION_NOT_GRANTED, /* deny: a guest without a grant for it */
  PEERUP_DECISION_ADMITTED,    /* allow: by a pass, to connect and no more */
} PeerupDecisionReason;

typedef struct
{
  gboolean allow;
  PeerupDecisionReason reason;
  gint64 until; /* seconds since 1970 when an allow ends by itself, or PEERUP_EXPIRES_NEVER; 0 with a deny */
} PeerupDecision;

typedef struct
{
  PeerupAuthorizedKeys *keys; /* nullable: gating is off */
  GPtrArray *grants;          /* nullable, of PeerupGrant */
  gint64 admitted_until;      /* a pass that was given without an entry; 0: none */
  /* nullable: the question is whether it may connect at all */
  const char *service;
  GPtrArray *listed; /* nullable, of PeerupPeerId: the service's own list; NULL: everybody who is no guest */
} PeerupDecisionFacts;

/* @now: seconds since 1970. With gating off everybody may connect, and use each service that has no list. Else, in this
 * order: who has no entry may not, but who has a pass may connect; whose entry, or whose sponsor's, has ended may not;
 * who connects may. A service is for a guest, and for who has a sponsor, if it has a grant; for others if it has no
 * list, if they are on that, or by a grant. */
PeerupDecision peerup_decide (const PeerupDecisionFacts *facts, PeerupPeerId *peer, gint64 now);
/* Whether the sight of @peer ends at its grants. */
gboolean peerup_decision_is_guest (const PeerupDecisionFacts *facts, PeerupPeerId *peer);
/* "authorized", "grant-ended", …: for the audit and for programs. */
const char *peerup_decision_get_word (PeerupDecisionReason reason);
/* A sentence for people, with the next step where there is one; @name as the peer is called. (transfer full) */
char *peerup_decision_dup_sentence (const PeerupDecision *self, const char *name, const char *peer_id,
                                    const char *service) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
