/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "../swarm/swarm-node.h"

#include "relay/peerup-relay-server.h"

/* Peers of a relay whose hop and stop are written out by hand. All but init and clear are
 * called in fibers. */

/* What a peer does with a stop stream. */
typedef enum
{
  STOP_ACCEPTS,
  STOP_ACCEPTS_AND_TALKS, /* the answer and the first bytes of the circuit, STOP_WORDS, in one write */
  STOP_REFUSES,           /* CONNECTION_FAILED */
  STOP_SAYS_NOTHING,
  STOP_TALKS_NONSENSE, /* a message that is none */
  STOP_ASKS_BACK,      /* CONNECT for an answer */
  STOP_ENDS,           /* half-closes without a word */
} StopManner;

#define STOP_WORDS "first words"

typedef struct
{
  Node node;
  StopManner manner;
  GPtrArray *stops;            /* of PeerupStream: those that came, oldest first */
  PeerupCircuitMessage *asked; /* the CONNECT that came last */
  DexPromise *was_asked;       /* TRUE when the first has come */
} RelayPeer;

void relay_peer_init (RelayPeer *self, guint8 seed);
void relay_peer_clear (RelayPeer *self);

/* (transfer full): connects first if that is wanted. */
PeerupStream *relay_peer_open_hop (RelayPeer *self, Node *relay);
void relay_say_bytes (PeerupStream *hop, gconstpointer bytes, gsize length);
void relay_say (PeerupStream *hop, PeerupCircuitType type, PeerupPeerId *target);
/* (transfer full): the answer, which must be a STATUS. */
PeerupCircuitMessage *relay_hear (PeerupStream *hop);
/* On a stream of its own, which must end after the answer. */
PeerupCircuitMessage *relay_peer_ask (RelayPeer *self, Node *relay, PeerupCircuitType type, PeerupPeerId *target);
PeerupCircuitStatus relay_peer_ask_status (RelayPeer *self, Node *relay, PeerupCircuitType type, PeerupPeerId *target);
/* Must work. */
void relay_peer_reserve (RelayPeer *self, Node *relay);
/* Both ends of a circuit, which must come to be; either may be NULL. (transfer full) */
void relay_peer_connect (RelayPeer *self, RelayPeer *target, Node *relay, PeerupStream **near, PeerupStream **far);

/* Reads @n bytes, and then whatever ends the stream: NULL for an end in order, or an error. */
void relay_read (PeerupStream *stream, gsize n);
GError *relay_read_end (PeerupStream *stream);
/* A reset with @code, and nothing more to read. */
void relay_assert_reset (PeerupStream *stream, guint32 code);
void relay_assert_carries (PeerupStream *from, PeerupStream *to, const char *text);

/* A relay and three peers. Fixtures may be set up and torn down outside of fibers. */
typedef struct
{
  Node relay;
  RelayPeer a, b, c;
  PeerupRelaySettings settings;
  PeerupRelayServer *server;
  PeerupPeerId *denied;     /* by the gate; borrowed */
  gboolean all_authorized;  /* by the gate */
  PeerupPeerId *authorized; /* by the gate, one more; borrowed */
} RelayFixture;

void relay_set_up (RelayFixture *self, gconstpointer data);
void relay_tear_down (RelayFixture *self, gconstpointer data);
/* Runs the fiber @data. */
void relay_run (RelayFixture *self, gconstpointer data);
/* The settings of the fixture hold from now on. */
void relay_change_settings (RelayFixture *self);
guint relay_get_number (RelayFixture *self, const char *name);
PeerupRelayFigures relay_get_figures (RelayFixture *self);
/* Until the relay counts @n of them. */
void relay_await_number (RelayFixture *self, const char *name, guint n);

#define RELAY_ADD(path, func) g_test_add (path, RelayFixture, func, relay_set_up, relay_run, relay_tear_down)
