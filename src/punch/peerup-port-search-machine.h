/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "punch/peerup-punch-message.h"

G_BEGIN_DECLS

/* A port search (peerup-port-search.h) as bytes and times: what to send from which socket when, what comes in, and when
 * it is over. Sockets are numbers from 0 here. Nothing allocates after the start but with many sockets nothing does.
 *
 * A pair is one of our sockets and one port of the peer. It exists once the peer has been heard on it, and is
 * valid once a request of ours was answered on it. The controlling side nominates the first pair that is valid; the
 * controlled one confirms that when the pair is valid for it too, so that each has a round trip of its own as a
 * proof. The confirmation may be lost: the controlled side waits for a farewell, or until it is not asked again. */

/* Of PEERUP_PORT_SEARCH_PROBES: packets kept for the pairs that are found, the rest being for the search. */
#define PEERUP_PORT_SEARCH_RESERVE 192
/* Pairs that are looked at; those of a window of predicted ports and some more can come at once. */
#define PEERUP_PORT_SEARCH_PAIRS 64
/* Packets that may follow each other without a gap, and no more after any pause. */
#define PEERUP_PORT_SEARCH_BURST 4
/* Ports that are predicted, by steps from the last one that was seen. */
#define PEERUP_PORT_SEARCH_WINDOW 32
/* Microseconds after which the side with many sockets sends from each of them again: packets get lost. */
#define PEERUP_PORT_SEARCH_ROUND G_USEC_PER_SEC
/* Microseconds for which nothing is searched when there is a new pair, or news of one. */
#define PEERUP_PORT_SEARCH_QUIET ((gint64) 300000)
/* Microseconds between two requests on a pair. */
#define PEERUP_PORT_SEARCH_RETRY ((gint64) 100000)
/* Microseconds without a further nomination after which a confirmation counts as heard: several retries. */
#define PEERUP_PORT_SEARCH_LINGER ((gint64) 500000)

typedef enum
{
  PEERUP_PORT_SEARCH_SEARCHING,
  PEERUP_PORT_SEARCH_NOMINATING, /* one pair is chosen and valid on our side: asked to confirm, or confirmed */
  PEERUP_PORT_SEARCH_PARTING,    /* the controlling side has it and says so */
  PEERUP_PORT_SEARCH_FOUND,
  PEERUP_PORT_SEARCH_OVER, /* the time is */
} PeerupPortSearchState;

typedef struct
{
  guint socket;
  PeerupSocketAddress remote;
  guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];
  gsize length;
} PeerupPortSearchPacket;

typedef struct
{
  guint n_sent;   /* packets, of all kinds */
  guint n_probes; /* of them, those of the search itself */
  guint n_heard;  /* packets of the peer */
  guint n_strays; /* of others, or repeated */
  guint n_pairs;
} PeerupPortSearchFigures;

#define PEERUP_PORT_SEARCH_SEED_SIZE 16

typedef struct _PeerupPortSearchMachine PeerupPortSearchMachine;

/* @options: without the descriptor. @seed: random bytes. @now: monotonic µs, here and below, never going back. */
PeerupPortSearchMachine *
peerup_port_search_machine_new (const PeerupPortSearchOptions *options, const guint8 seed[PEERUP_PORT_SEARCH_SEED_SIZE],
                                gint64 now) G_GNUC_WARN_UNUSED_RESULT;
void peerup_port_search_machine_free (PeerupPortSearchMachine *self);
/* Fewer can be had than PEERUP_PORT_SEARCH_SOCKETS: 1 at least. Those after the first @n are not named any more. */
void peerup_port_search_machine_limit_sockets (PeerupPortSearchMachine *self, guint n);
/* What to send now, again until it is FALSE. A packet counts as sent whether it leaves or not. Sockets with many are
 * named in their order, each once before the next. */
gboolean peerup_port_search_machine_next (PeerupPortSearchMachine *self, gint64 now,
                                          PeerupPortSearchPacket *packet) G_GNUC_WARN_UNUSED_RESULT;
/* A datagram has come in on @socket. Whatever it is, nothing but a word of the peer counts. */
void peerup_port_search_machine_take (PeerupPortSearchMachine *self, guint socket, const PeerupSocketAddress *remote,
                                      const guint8 *data, gsize length, gint64 now);
/* What the time makes of it; to be asked after each of the others. */
PeerupPortSearchState peerup_port_search_machine_advance (PeerupPortSearchMachine *self, gint64 now);
/* When there is something to send, or advance() says something else. */
gint64 peerup_port_search_machine_get_deadline (PeerupPortSearchMachine *self);
/* Once it is FOUND. */
void peerup_port_search_machine_get_found (PeerupPortSearchMachine *self, guint *socket, PeerupSocketAddress *remote);
void peerup_port_search_machine_get_figures (PeerupPortSearchMachine *self, PeerupPortSearchFigures *figures);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPortSearchMachine, peerup_port_search_machine_free)

G_END_DECLS
