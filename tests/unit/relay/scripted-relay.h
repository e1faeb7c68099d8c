/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "../swarm/swarm-node.h"

#include "wire/peerup-circuit.h"

/* A relay of a test, hand-written so that it can lie: a node that serves hop and says what the test
 * tells it to. It knows no limits, and who has reserved only for the test to look at. */
typedef struct
{
  Node node;

  /* The script. What is 0 or NULL is done right. */
  PeerupCircuitStatus status;  /* of reservations; 0: OK */
  gint64 ttl;                  /* seconds, as told; 0: 3,600 */
  guint64 expires;             /* instead of that */
  const char *answer;          /* hex: the whole answer to RESERVE, length included */
  const char *addresses[12];   /* told in reservations */
  PeerupPrivateKey *signer;    /* of the voucher; NULL: without one */
  PeerupPeerId *voucher_peer;  /* NULL: whose reservation it is */
  PeerupPeerId *voucher_relay; /* NULL: us */
  gboolean limited;            /* says so in reservations, stop and hop */
  PeerupCircuitLimit limit;
  gboolean silent;                    /* says nothing to whom reserves, nor lets him go */
  PeerupPeerId *source;               /* tells the target that this one comes; NULL: who does */
  Node *target;                       /* connects to this one whomever was asked for; NULL: him */
  PeerupCircuitStatus connect_status; /* of circuits; 0: what the target says */
  gboolean joined; /* the answer of hop waits for the target's first bytes, to be one write with them */

  /* What came. */
  guint n_reserved;
  guint n_refused;
  guint n_circuits;
  PeerupCircuitStatus stop_status; /* the last target's */
  GPtrArray *held;                 /* streams of those to whom it is silent */
} ScriptedRelay;

void scripted_relay_init (ScriptedRelay *self, guint8 seed, NodeListens listens);
void scripted_relay_clear (ScriptedRelay *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ScriptedRelay, scripted_relay_clear)

/* (transfer full): its addresses, with its ID; that of @index. */
PeerupMultiaddr *scripted_relay_dup_address (ScriptedRelay *self, guint index);
/* Iterates until *@counter is @n or more. */
void wait_count (const guint *counter, guint n);
