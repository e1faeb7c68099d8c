/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "../transport/transport-test.h"

#include "swarm/peerup-swarm.h"

/* A swarm of a test, and what its signals told. */
typedef struct
{
  PeerupSwarm *swarm;
  guint opened;
  guint closed;
  guint refused;
  char *refused_text; /* "PEER ADDRESS REASON" of the last one */
  guint n_echoes;     /* streams that the echo handler got */
  PeerupPeerId *deny; /* NULL: everybody may come; borrowed */
} Node;

#define NODE_ECHO "/test/echo/1.0.0"
/* Its handler keeps the stream until the peer ends it, and says nothing. */
#define NODE_SINK "/test/sink/1.0.0"

/* What a node listens on, each on a port of its own of 127.0.0.1. */
typedef enum
{
  NODE_SILENT = 0,
  NODE_TCP = 1 << 0,
  NODE_QUIC = 1 << 1,
} NodeListens;

/* @seed gives the identity. */
void node_init (Node *self, guint8 seed, NodeListens listens);
/* Must work. */
void node_listen (Node *self, const char *address);
/* Closes the swarm and waits until nothing holds it any more: that is soon. */
void node_clear (Node *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Node, node_clear)

PeerupPeerId *node_id (Node *self);
/* Tells @self the addresses of @other. */
void node_learn (Node *self, Node *other);
void node_learn_address (Node *self, Node *other, const char *address);
guint node_n_connections (Node *self, Node *other);
/* Until @self has @n connections to @other. */
void node_wait_connections (Node *self, Node *other, guint n);
/* (transfer full): connects, which must work. */
PeerupConnection *node_connect (Node *self, Node *other);

/* A TCP socket that listens on 127.0.0.1 and is never accepted from: the kernel answers for it. */
int open_black_hole (guint *port);
/* The same of UDP: what is sent there is never read. */
int open_udp_black_hole (guint *port);
/* A port on which nobody listens. */
guint closed_port (void);
guint closed_udp_port (void);
