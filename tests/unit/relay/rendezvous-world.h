/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "../swarm/swarm-node.h"

#include "relay/peerup-rendezvous-server.h"
#include "relay/peerup-rendezvous.h"

#include "rendezvous-parts.h"

/* A relay that knows two peers, and two that it does not. All but set-up and tear-down is called in fibers. */
typedef struct
{
  Node relay, a, b, stranger, other;
  Node more[PEERUP_RENDEZVOUS_GUESTS_OF_HOST + 2]; /* for tests that want them */
  PeerupRendezvousServer *server;                  /* NULL: none is to be */
  char *directory;
  GHashTable *members;  /* set of PeerupPeerId: a and b, and who is sponsored */
  GHashTable *admitted; /* the same: by a pass */
  guint n_ended;        /* passes */
  gboolean sponsors;
  PeerupPeerId *sponsored; /* the last one; borrowed of members */
  gint64 sponsored_until;
  char *sponsored_name;
} World;

void world_set_up (World *self, gconstpointer data);
void world_tear_down (World *self, gconstpointer data);
/* Runs the fiber @data. */
void world_run (World *self, gconstpointer data);
/* Of another life of the relay. */
void world_restart (World *self);

/* Each must work, but for a -1 in place of a code. */
void world_expect (DexFuture *answer, int code);
/* Seconds since 1970, so far from now. */
gint64 world_in (gint64 seconds);
void world_register (World *self, Node *inviter, guint number, guint8 pass, gsize sealed, int code);
/* By @joiner; @inviter: nullable. */
void world_find (World *self, Node *joiner, guint number, Node *inviter, int code);
void world_show (World *self, Node *joiner, guint number, Node *inviter, guint8 pass, int code);
void world_leave (World *self, Node *joiner, guint number, Node *inviter, guint8 fill, int code);
/* (transfer full) */
PeerupRendezvousAnswers *world_fetch (World *self, Node *inviter, guint number);
/* Waits until that is so. */
void world_await (gboolean (*is_so) (World *self), World *self);

#define WORLD_ADD(path, func) g_test_add (path, World, func, world_set_up, world_run, world_tear_down)
