/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A queue of bytes in chunks. A chunk either holds its bytes or is a view of somebody
 * else's, until peerup_chunk_queue_settle() copies what is left of it. Chunks
 * double from 4 KiB to 64 KiB with what the queue holds, so that a queue costs at most about
 * twice its bytes however small the pieces were; an empty queue holds none.
 *
 * Freed chunks go to a small pool of the thread. */
typedef struct _PeerupChunk PeerupChunk;

/* Zero-initialized. */
typedef struct
{
  PeerupChunk *head;
  PeerupChunk *tail;
  gsize length;
} PeerupChunkQueue;

/* Copies @data to the end. */
void peerup_chunk_queue_append (PeerupChunkQueue *self, gconstpointer data, gsize length);
/* Puts a view of @data at the end: it must stay until it was consumed or settled. At most
 * G_MAXUINT32 bytes. */
void peerup_chunk_queue_append_view (PeerupChunkQueue *self, gconstpointer data, gsize length);
/* Replaces views by copies. */
void peerup_chunk_queue_settle (PeerupChunkQueue *self);
/* Fills @vectors with the front of the queue; returns how many were filled. */
gsize peerup_chunk_queue_peek (const PeerupChunkQueue *self, GInputVector *vectors, gsize n_vectors);
/* Drops @length bytes from the front, at most what the queue holds. */
void peerup_chunk_queue_consume (PeerupChunkQueue *self, gsize length);
/* Moves up to @length bytes from the front to @buffer; returns how many. */
gsize peerup_chunk_queue_read (PeerupChunkQueue *self, gpointer buffer, gsize length);
void peerup_chunk_queue_clear (PeerupChunkQueue *self);
/* Bytes of memory the chunks take. */
gsize peerup_chunk_queue_get_allocated (const PeerupChunkQueue *self);
/* Bytes that the thread's pool keeps, at most 256 KiB; for tests. */
gsize peerup_chunk_queue_get_spare (void);

G_END_DECLS
