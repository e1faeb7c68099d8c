/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The buffer of a reader that is behind. A plain structure inside its owner, which
 * clears it; it knows nothing of streams, windows or limits: its owner bounds it.
 * It never shrinks or moves bytes that are held in a chunk, except to settle views.
 */
#include "transport/yamux/peerup-chunk-queue.h"

#include <string.h>

/* Size classes 0 to 4 are blocks of 4 KiB to 64 KiB, header included; 5 is a view. */
#define MIN_BLOCK  4096u
#define MAX_CLASS  4u
#define VIEW_CLASS 5u
#define N_CLASSES  6u
/* Four of the largest blocks: what one burst of reads leaves behind. */
#define POOL_MAX (4u * (MIN_BLOCK << MAX_CLASS))

/* Freed chunks that a thread keeps for the next use, by size class. Shared by all of its queues: of
 * ten thousand sessions few are behind at a time, and each would keep what one burst has left. */
typedef struct
{
  PeerupChunk *free[N_CLASSES];
  gsize size;
} Pool;

struct _PeerupChunk
{
  PeerupChunk *next;
  guint8 *data;
  guint32 start;
  guint32 end;
  guint32 capacity; /* 0 for a view: nothing can be added to it */
  guint8 size_class;
};

static inline gsize
class_size (guint size_class)
{
  return size_class == VIEW_CLASS ? sizeof (PeerupChunk) : (gsize) MIN_BLOCK << size_class;
}

static void
pool_free (gpointer data)
{
  Pool *self = data;

  for (guint i = 0; i < N_CLASSES; i++)
    {
      PeerupChunk *next;

      for (PeerupChunk *chunk = self->free[i]; chunk != NULL; chunk = next)
        {
          next = chunk->next;
          g_free (chunk);
        }
    }
  g_free (self);
}

static Pool *
pool_get (void)
{
  static GPrivate thread_pool = G_PRIVATE_INIT (pool_free);
  Pool *self = g_private_get (&thread_pool);

  if (self == NULL)
    {
      self = g_new0 (Pool, 1);
      g_private_set (&thread_pool, self);
    }
  return self;
}

static PeerupChunk *
chunk_new (guint size_class)
{
  Pool *pool = pool_get ();
  PeerupChunk *chunk = pool->free[size_class];

  if (chunk != NULL)
    {
      pool->free[size_class] = chunk->next;
      pool->size -= class_size (size_class);
    }
  else
    {
      chunk = g_malloc (class_size (size_class));
    }
  chunk->next = NULL;
  chunk->start = chunk->end = chunk->capacity = 0;
  chunk->size_class = size_class;
  return chunk;
}

static void
chunk_free (PeerupChunk *chunk)
{
  Pool *pool = pool_get ();
  gsize size = class_size (chunk->size_class);

  if (size > POOL_MAX - pool->size)
    {
      g_free (chunk);
      return;
    }
  chunk->next = pool->free[chunk->size_class];
  pool->free[chunk->size_class] = chunk;
  pool->size += size;
}

static void
push (PeerupChunkQueue *self, PeerupChunk *chunk)
{
  if (self->tail != NULL)
    self->tail->next = chunk;
  else
    self->head = chunk;
  self->tail = chunk;
  self->length += chunk->end - chunk->start;
}

/* Bytes that the last chunk still takes. */
static inline gsize
room (const PeerupChunkQueue *self)
{
  return self->tail != NULL && self->tail->capacity != 0 ? self->tail->capacity - self->tail->end : 0;
}

/* A block for @length bytes, or one as large as what the queue holds already. */
static void
push_block (PeerupChunkQueue *self, gsize length)
{
  PeerupChunk *chunk;
  guint size_class = 0;

  while (size_class < MAX_CLASS &&
         (class_size (size_class) - sizeof (PeerupChunk) < length || class_size (size_class + 1) <= self->length))
    size_class++;
  chunk = chunk_new (size_class);
  chunk->data = (guint8 *) (chunk + 1);
  chunk->capacity = class_size (size_class) - sizeof (PeerupChunk);
  push (self, chunk);
}

void
peerup_chunk_queue_append (PeerupChunkQueue *self, gconstpointer data, gsize length)
{
  const guint8 *bytes = data;

  while (length > 0)
    {
      gsize n;

      if (room (self) == 0)
        push_block (self, length);
      n = MIN (length, room (self));
      memcpy (self->tail->data + self->tail->end, bytes, n);
      self->tail->end += n;
      self->length += n;
      bytes += n;
      length -= n;
    }
}

void
peerup_chunk_queue_append_view (PeerupChunkQueue *self, gconstpointer data, gsize length)
{
  PeerupChunk *chunk;

  g_assert (length <= G_MAXUINT32);
  if (length == 0)
    return;
  chunk = chunk_new (VIEW_CLASS);
  chunk->data = (guint8 *) data;
  chunk->end = length;
  push (self, chunk);
}

void
peerup_chunk_queue_settle (PeerupChunkQueue *self)
{
  PeerupChunk *chunk = self->head;
  PeerupChunk *next;

  *self = (PeerupChunkQueue) { 0 };
  for (; chunk != NULL; chunk = next)
    {
      gsize length = chunk->end - chunk->start;

      next = g_steal_pointer (&chunk->next);
      if (chunk->size_class != VIEW_CLASS && length > room (self))
        {
          push (self, chunk);
          continue;
        }
      peerup_chunk_queue_append (self, chunk->data + chunk->start, length);
      chunk_free (chunk);
    }
}

gsize
peerup_chunk_queue_peek (const PeerupChunkQueue *self, GInputVector *vectors, gsize n_vectors)
{
  gsize n = 0;

  for (const PeerupChunk *chunk = self->head; chunk != NULL && n < n_vectors; chunk = chunk->next)
    {
      vectors[n].buffer = chunk->data + chunk->start;
      vectors[n++].size = chunk->end - chunk->start;
    }
  return n;
}

void
peerup_chunk_queue_consume (PeerupChunkQueue *self, gsize length)
{
  g_assert (length <= self->length);
  self->length -= length;
  while (length > 0)
    {
      PeerupChunk *chunk = self->head;
      gsize n = MIN (length, chunk->end - chunk->start);

      chunk->start += n;
      length -= n;
      if (chunk->start < chunk->end)
        return;
      self->head = chunk->next;
      if (self->head == NULL)
        self->tail = NULL;
      chunk_free (chunk);
    }
}

gsize
peerup_chunk_queue_read (PeerupChunkQueue *self, gpointer buffer, gsize length)
{
  guint8 *out = buffer;
  gsize n = 0;

  for (const PeerupChunk *chunk = self->head; chunk != NULL && n < length; chunk = chunk->next)
    {
      gsize part = MIN (length - n, chunk->end - chunk->start);

      memcpy (out + n, chunk->data + chunk->start, part);
      n += part;
    }
  peerup_chunk_queue_consume (self, n);
  return n;
}

void
peerup_chunk_queue_clear (PeerupChunkQueue *self)
{
  peerup_chunk_queue_consume (self, self->length);
}

gsize
peerup_chunk_queue_get_allocated (const PeerupChunkQueue *self)
{
  gsize size = 0;

  for (const PeerupChunk *chunk = self->head; chunk != NULL; chunk = chunk->next)
    size += class_size (chunk->size_class);
  return size;
}

gsize
peerup_chunk_queue_get_spare (void)
{
  return pool_get ()->size;
}
