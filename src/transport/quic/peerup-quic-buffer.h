/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes of a stream between those who add and those who take, in chunks that do not move:
 * what was added can be pointed to until it is dropped. Chunks come from a pool that a
 * machine's streams share. */
typedef struct _PeerupQuicChunk PeerupQuicChunk;

typedef struct _PeerupQuicPool PeerupQuicPool;

PeerupQuicPool *peerup_quic_pool_new (void) G_GNUC_WARN_UNUSED_RESULT;
PeerupQuicPool *peerup_quic_pool_ref (PeerupQuicPool *self);
void peerup_quic_pool_unref (PeerupQuicPool *self);

typedef struct
{
  PeerupQuicPool *pool;
  PeerupQuicChunk *head, *tail;
  gsize length;            /* bytes from the head's first to the last */
  PeerupQuicChunk *cursor; /* the chunk of the first byte that was not passed; NULL: none was added since */
  gsize cursor_offset;     /* in it */
  gsize passed;            /* bytes before the cursor */
} PeerupQuicBuffer;

/* The pool is borrowed. */
void peerup_quic_buffer_init (PeerupQuicBuffer *self, PeerupQuicPool *pool);
void peerup_quic_buffer_clear (PeerupQuicBuffer *self);
void peerup_quic_buffer_append (PeerupQuicBuffer *self, gconstpointer data, gsize count);
/* Vectors over the bytes from the head. */
gsize peerup_quic_buffer_peek (const PeerupQuicBuffer *self, GInputVector *vectors, gsize n_vectors);
/* Drops @count bytes at the head. */
void peerup_quic_buffer_drop (PeerupQuicBuffer *self, gsize count);
/* Vectors over the bytes behind the cursor, and moving it. */
gsize peerup_quic_buffer_peek_cursor (const PeerupQuicBuffer *self, GInputVector *vectors, gsize n_vectors);
void peerup_quic_buffer_pass (PeerupQuicBuffer *self, gsize count);

G_END_DECLS
