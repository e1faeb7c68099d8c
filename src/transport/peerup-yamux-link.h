/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"
#include "transport/yamux/peerup-chunk-queue.h"

G_BEGIN_DECLS

/* The wire end of a multiplexed connection: reads the stream below in batches, and
 * queues what the stream below does not take at once. Embedded in its owner, a GObject,
 * on which it holds a reference only while it calls it.
 *
 * The events come from the reactor:
 *  - input: a batch of bytes, which stay where they are until settle;
 *  - settle: the batch goes now. Readers that the batch made ready have had a turn;
 *  - room: the output is empty, and the stream below takes more;
 *  - ended: the stream below ended (NULL) or failed. The owner closes the link, then or
 *    soon. */
typedef struct
{
  void (*input) (gpointer owner, const guint8 *data, gsize length);
  void (*settle) (gpointer owner);
  void (*room) (gpointer owner);
  void (*ended) (gpointer owner, const GError *error);
} PeerupYamuxLinkEvents;

typedef struct
{
  GObject *owner; /* borrowed */
  const PeerupYamuxLinkEvents *events;
  PeerupStream *io; /* NULL once closed */
  GError *error;    /* of a write that failed */
  guint8 *buffer;
  PeerupTask input_task;
  PeerupTask output_task;
  PeerupChunkQueue output;
  guint64 received;
  guint64 sent;
  gint64 last_unblocked; /* when the stream below had been full and took bytes again */
  gboolean holds_batch;
  gboolean exhausted; /* the stream below said that it has no more now */
  gboolean blocked;   /* the stream below takes no more now */
} PeerupYamuxLink;

/* Takes the reference on @io and starts reading. */
void
peerup_yamux_link_init (PeerupYamuxLink *self, GObject *owner, const PeerupYamuxLinkEvents *events, PeerupStream *io);
/* Queues @vectors or passes them on, all of them. Never calls the owner. */
void peerup_yamux_link_send (PeerupYamuxLink *self, const GOutputVector *vectors, gsize n_vectors);
/* Bytes that were sent and not taken by the stream below. */
gsize peerup_yamux_link_get_unsent (PeerupYamuxLink *self);
/* Bytes that may be sent now before the output is full. */
gsize peerup_yamux_link_get_room (PeerupYamuxLink *self);
/* Settles, drops the stream below (which resets it unless it has ended), and is done:
 * no event comes any more. What was not sent is lost. Not from inside an input event.
 * Idempotent. */
void peerup_yamux_link_close (PeerupYamuxLink *self);

G_END_DECLS
