/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "relay/peerup-relay-circuit.h"
#include "relay/peerup-relay-server.h"

G_BEGIN_DECLS

struct _PeerupRelayServer
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  PeerupRelaySettings settings;
  PeerupRelayTable *table;
  GPtrArray *addresses; /* NULL: those of the swarm */
  GQueue requests;      /* of PeerupRelayRequest */
  GHashTable *waiting;  /* PeerupPeerId -> its requests that are not circuits yet, as GUINT_TO_POINTER */
  PeerupRelayFigures figures;

  PeerupRelayGateFunc gate;
  gpointer gate_data;
  GDestroyNotify gate_destroy;
  PeerupRelayAllowFunc allow; /* nullable */
  gpointer allow_data;

  DexPromise *drained; /* NULL: it does not drain */
  PeerupTimer drain_timer;
};

/* Numbers have changed; a drain may be over. */
void peerup_relay_server_changed (PeerupRelayServer *self);
gboolean peerup_relay_server_asks_gate (PeerupRelayServer *self, PeerupPeerId *peer, gboolean *authorized);
gboolean peerup_relay_server_allows (PeerupRelayServer *self, PeerupPeerId *peer, PeerupPeerId *target);
/* A connection that goes through a relay itself. */
gboolean peerup_relay_is_relayed (PeerupConnection *connection);

/* One hop stream, from its first byte to the end of its circuit; a reference counted box. See
 * peerup-relay-request.c. */
typedef struct
{
  PeerupRelayServer *server; /* NULL: left; its fiber ends as soon as it sees that */
  GList link;
  PeerupConnection *connection;
  PeerupStream *hop;
  PeerupStream *stop;          /* NULL before it is opened */
  PeerupPeerId *target;        /* NULL before the table counts the circuit */
  PeerupRelayCircuit *circuit; /* NULL before both have said OK */
  DexFuture *cancelled;        /* rejects when it is ended */
  PeerupCircuitLimit limit;
} PeerupRelayRequest;

/* Takes @hop, and answers it in a fiber. */
void peerup_relay_request_start (PeerupRelayServer *server, PeerupConnection *connection, PeerupStream *hop);
void peerup_relay_request_unref (gpointer request);
/* Resets its streams with @code; the server forgets it at once. Idempotent. */
void peerup_relay_request_end (PeerupRelayRequest *self, guint32 code);

G_END_DECLS
