/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* An internet in one network namespace: hosts with addresses of the internet, all on loopback. What is sent to one
 * of them comes from another, as its routes say, so that two swarms of one process are seen on two hosts. */
#define INTERNET_CLIENT   "1.2.3.4" /* reached from INTERNET_SERVER */
#define INTERNET_CLIENT_2 "1.2.3.5" /* another address of the same, reached from INTERNET_SERVER */
#define INTERNET_CLIENT_3 "1.2.3.6" /* the same, reached from INTERNET_STRANGER */
#define INTERNET_SERVER   "5.6.7.8" /* reached from INTERNET_CLIENT */
#define INTERNET_STRANGER "9.8.7.6" /* reached from INTERNET_SERVER */

/* Before anything opens a socket. NULL, or why there is none here. */
const char *internet_enter (void);

/* A swarm whose gate lets in those of @allowed alone; everybody with NULL. */
typedef struct
{
  PeerupSwarm *swarm;
  GPtrArray *allowed; /* of PeerupPeerId, borrowed */
  guint opened;       /* signals "connection-opened" */
  guint refused;      /* and "refused" */
  guint n_streams;    /* that PARTY_SECRET got */
} Party;

/* A protocol that parties serve, and that is nobody's business but of those who are allowed in. */
#define PARTY_SECRET "/test/secret/1.0.0"

void party_init (Party *self, guint8 seed);
void party_clear (Party *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Party, party_clear)

PeerupPeerId *party_id (Party *self);
void party_allow (Party *self, Party *other);
/* (transfer full): "/ip4/1.2.3.4/tcp/0" and where it became. */
PeerupMultiaddr *party_listen (Party *self, const char *address);
void party_learn (Party *self, Party *other, PeerupMultiaddr *address);
/* (transfer full): must work. */
PeerupConnection *party_connect (Party *self, Party *other);

G_END_DECLS
