/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The bytes of one direction of a stream. A stream that carries little has one small chunk;
 * one that carries much goes through large ones, which the pool passes from stream to
 * stream instead of through the allocator. */

#include "transport/quic/peerup-quic-buffer.h"

#include <string.h>

/* With their header these are what the allocator gives without waste. */
#define SMALL_SIZE (2048 - sizeof (PeerupQuicChunk))
#define LARGE_SIZE (64 * 1024 - sizeof (PeerupQuicChunk))
/* 8 MiB that a pool keeps at most. */
#define POOL_MAX 128

struct _PeerupQuicPool
{
  guint ref_count;
  PeerupQuicChunk *free; /* large ones */
  guint n_free;
};

struct _PeerupQuicChunk
{
  PeerupQuicChunk *next;
  guint start;
  guint end;
  guint size;
  guint8 data[];
};

static PeerupQuicChunk *
chunk_new (PeerupQuicPool *pool, gboolean large)
{
  PeerupQuicChunk *chunk = large ? pool->free : NULL;
  gsize size = large ? LARGE_SIZE : SMALL_SIZE;

  if (chunk != NULL)
    {
      pool->free = chunk->next;
      pool->n_free--;
    }
  else
    chunk = g_malloc (sizeof *chunk + size);
  chunk->next = NULL;
  chunk->start = chunk->end = 0;
  chunk->size = size;
  return chunk;
}

static void
chunk_free (PeerupQuicPool *pool, PeerupQuicChunk *chunk)
{
  if (chunk->size != LARGE_SIZE || pool->n_free >= POOL_MAX)
    {
      g_free (chunk);
      return;
    }
  chunk->next = pool->free;
  pool->free = chunk;
  pool->n_free++;
}

PeerupQuicPool *
peerup_quic_pool_new (void)
{
  PeerupQuicPool *self = g_new0 (PeerupQuicPool, 1);

  self->ref_count = 1;
  return self;
}

PeerupQuicPool *
peerup_quic_pool_ref (PeerupQuicPool *self)
{
  self->ref_count++;
  return self;
}

void
peerup_quic_pool_unref (PeerupQuicPool *self)
{
  if (--self->ref_count > 0)
    return;
  while (self->free != NULL)
    {
      PeerupQuicChunk *next = self->free->next;

      g_free (self->free);
      self->free = next;
    }
  g_free (self);
}

void
peerup_quic_buffer_init (PeerupQuicBuffer *self, PeerupQuicPool *pool)
{
  *self = (PeerupQuicBuffer) { .pool = pool };
}

void
peerup_quic_buffer_clear (PeerupQuicBuffer *self)
{
  while (self->head != NULL)
    {
      PeerupQuicChunk *next = self->head->next;

      chunk_free (self->pool, self->head);
      self->head = next;
    }
  peerup_quic_buffer_init (self, self->pool);
}

/* The first bytes go into a small chunk, more of them into large ones. */
static void
buffer_grow (PeerupQuicBuffer *self, gsize count)
{
  PeerupQuicChunk *chunk = chunk_new (self->pool, self->length > 0 || count > SMALL_SIZE);

  if (self->tail != NULL)
    self->tail->next = chunk;
  else
    self->head = chunk;
  self->tail = chunk;
}

void
peerup_quic_buffer_append (PeerupQuicBuffer *self, gconstpointer data, gsize count)
{
  const guint8 *from = data;

  while (count > 0)
    {
      PeerupQuicChunk *tail = self->tail;
      gsize n;

      if (tail == NULL || tail->end == tail->size)
        {
          buffer_grow (self, count);
          tail = self->tail;
        }
      if (self->cursor == NULL)
        {
          self->cursor = tail;
          self->cursor_offset = tail->end;
        }
      n = MIN (count, tail->size - tail->end);
      memcpy (tail->data + tail->end, from, n);
      tail->end += n;
      self->length += n;
      from += n;
      count -= n;
    }
}

gsize
peerup_quic_buffer_peek (const PeerupQuicBuffer *self, GInputVector *vectors, gsize n_vectors)
{
  gsize n = 0;

  for (PeerupQuicChunk *chunk = self->head; chunk != NULL && n < n_vectors; chunk = chunk->next)
    if (chunk->end > chunk->start)
      vectors[n++] = (GInputVector) { chunk->data + chunk->start, chunk->end - chunk->start };
  return n;
}

void
peerup_quic_buffer_drop (PeerupQuicBuffer *self, gsize count)
{
  g_assert (count <= self->length);
  self->length -= count;
  self->passed -= MIN (count, self->passed);
  while (self->head != NULL)
    {
      PeerupQuicChunk *head = self->head;
      gsize n = MIN (count, head->end - head->start);

      head->start += n;
      count -= n;
      if (head->start < head->end)
        break;
      if (self->cursor == head)
        {
          self->cursor = head->next;
          self->cursor_offset = 0;
        }
      self->head = head->next;
      chunk_free (self->pool, head);
    }
  if (self->head == NULL)
    self->tail = self->cursor = NULL;
  else if (self->cursor == self->head && self->cursor_offset < self->head->start)
    self->cursor_offset = self->head->start;
}

gsize
peerup_quic_buffer_peek_cursor (const PeerupQuicBuffer *self, GInputVector *vectors, gsize n_vectors)
{
  gsize n = 0;
  gsize offset = self->cursor_offset;

  for (PeerupQuicChunk *chunk = self->cursor; chunk != NULL && n < n_vectors; chunk = chunk->next)
    {
      if (chunk->end > offset)
        vectors[n++] = (GInputVector) { chunk->data + offset, chunk->end - offset };
      offset = 0;
    }
  return n;
}

void
peerup_quic_buffer_pass (PeerupQuicBuffer *self, gsize count)
{
  g_assert (count <= self->length - self->passed);
  self->passed += count;
  while (count > 0)
    {
      gsize n = MIN (count, self->cursor->end - self->cursor_offset);

      self->cursor_offset += n;
      count -= n;
      if (self->cursor_offset < self->cursor->end ||
          (self->cursor == self->tail && self->cursor->end < self->cursor->size))
        continue;
      self->cursor = self->cursor->next;
      self->cursor_offset = 0;
    }
}
