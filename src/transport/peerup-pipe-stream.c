/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A pair of streams joined in memory. Each end owns the bytes on their way to it;
 * an end that goes resets the other. Both ends live in one thread. */

#include "transport/peerup-pipe-stream.h"

#include <string.h>

#include "wire/peerup-error.h"

struct _PeerupPipeStream
{
  PeerupStream parent_instance;
  PeerupPipeStream *other; /* borrowed; NULL once it is gone */
  GByteArray *inbox;
  gsize capacity;
  guint read_closed : 1;
  guint write_closed : 1;
  guint ended : 1; /* the other end has sent its FIN */
  guint was_reset : 1;
};

G_DEFINE_FINAL_TYPE (PeerupPipeStream, peerup_pipe_stream, PEERUP_TYPE_STREAM)

static gssize
pipe_fail (PeerupPipeStream *self, GError **error)
{
  if (self->was_reset)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_RESET, "The pipe was reset");
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The pipe is closed");
  return -1;
}

static gsize
peerup_pipe_stream_peek (PeerupStream *stream, GInputVector *vectors, gsize n_vectors)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (stream);

  if (n_vectors == 0 || self->inbox->len == 0 || self->read_closed || self->was_reset)
    return 0;
  vectors[0] = (GInputVector) { self->inbox->data, self->inbox->len };
  return 1;
}

static void
peerup_pipe_stream_consume (PeerupStream *stream, gsize count)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (stream);

  g_byte_array_remove_range (self->inbox, 0, count);
  if (self->other != NULL)
    peerup_stream_notify (PEERUP_STREAM (self->other), G_IO_OUT);
}

static gssize
peerup_pipe_stream_read (PeerupStream *stream, void *buffer, gsize count, GError **error)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (stream);

  if (self->was_reset || self->read_closed)
    return pipe_fail (self, error);
  if (self->inbox->len > 0)
    {
      count = MIN (count, self->inbox->len);
      memcpy (buffer, self->inbox->data, count);
      peerup_pipe_stream_consume (stream, count);
      return count;
    }
  if (self->ended)
    return 0;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not ready");
  return -1;
}

static gsize
pipe_room (PeerupPipeStream *self)
{
  PeerupPipeStream *other = self->other;

  if (other == NULL || other->read_closed)
    return G_MAXSIZE;
  return other->inbox->len < other->capacity ? other->capacity - other->inbox->len : 0;
}

static gssize
peerup_pipe_stream_writev (PeerupStream *stream, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (stream);
  gsize room = pipe_room (self);
  gsize total = 0;

  if (self->was_reset || self->write_closed)
    return pipe_fail (self, error);
  for (gsize i = 0; i < n_vectors && room > 0; i++)
    {
      gsize n = MIN (vectors[i].size, room);

      if (self->other != NULL && !self->other->read_closed)
        g_byte_array_append (self->other->inbox, vectors[i].buffer, n);
      room -= n;
      total += n;
    }
  if (total == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not ready");
      return -1;
    }
  if (self->other != NULL)
    peerup_stream_notify (PEERUP_STREAM (self->other), G_IO_IN);
  return total;
}

static GIOCondition
peerup_pipe_stream_poll (PeerupStream *stream)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (stream);

  if (self->was_reset)
    return G_IO_IN | G_IO_OUT;
  return (self->inbox->len > 0 || self->ended || self->read_closed ? G_IO_IN : 0) |
         (pipe_room (self) > 0 || self->write_closed ? G_IO_OUT : 0);
}

static void
peerup_pipe_stream_close_write (PeerupStream *stream)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (stream);

  if (self->write_closed)
    return;
  self->write_closed = TRUE;
  if (self->other != NULL)
    {
      self->other->ended = TRUE;
      peerup_stream_notify (PEERUP_STREAM (self->other), G_IO_IN);
    }
}

static void
peerup_pipe_stream_close_read (PeerupStream *stream)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (stream);

  self->read_closed = TRUE;
  g_byte_array_set_size (self->inbox, 0);
  if (self->other != NULL)
    peerup_stream_notify (PEERUP_STREAM (self->other), G_IO_OUT);
}

static void
pipe_reset_one (PeerupPipeStream *self, guint32 code)
{
  self->was_reset = TRUE;
  peerup_stream_set_reset_code (PEERUP_STREAM (self), code);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN | G_IO_OUT);
}

static void
peerup_pipe_stream_reset (PeerupStream *stream, guint32 code)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (stream);

  if (self->was_reset || (self->write_closed && (self->ended || self->read_closed)))
    return;
  pipe_reset_one (self, code);
  if (self->other != NULL)
    pipe_reset_one (self->other, code);
}

static void
peerup_pipe_stream_dispose (GObject *object)
{
  PeerupPipeStream *self = PEERUP_PIPE_STREAM (object);

  peerup_pipe_stream_reset (PEERUP_STREAM (self), PEERUP_STREAM_CODE_NONE);
  if (self->other != NULL)
    self->other->other = NULL;
  self->other = NULL;
  G_OBJECT_CLASS (peerup_pipe_stream_parent_class)->dispose (object);
}

static void
peerup_pipe_stream_finalize (GObject *object)
{
  g_byte_array_unref (PEERUP_PIPE_STREAM (object)->inbox);
  G_OBJECT_CLASS (peerup_pipe_stream_parent_class)->finalize (object);
}

static void
peerup_pipe_stream_class_init (PeerupPipeStreamClass *klass)
{
  PeerupStreamClass *stream_class = PEERUP_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_pipe_stream_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_pipe_stream_finalize;
  stream_class->read = peerup_pipe_stream_read;
  stream_class->peek = peerup_pipe_stream_peek;
  stream_class->consume = peerup_pipe_stream_consume;
  stream_class->writev = peerup_pipe_stream_writev;
  stream_class->poll = peerup_pipe_stream_poll;
  stream_class->close_write = peerup_pipe_stream_close_write;
  stream_class->close_read = peerup_pipe_stream_close_read;
  stream_class->reset = peerup_pipe_stream_reset;
}

static void
peerup_pipe_stream_init (PeerupPipeStream *self)
{
  self->inbox = g_byte_array_new ();
}

void
peerup_pipe_stream_new_pair (gsize capacity, PeerupStream **a, PeerupStream **b)
{
  PeerupPipeStream *one = g_object_new (PEERUP_TYPE_PIPE_STREAM, NULL);
  PeerupPipeStream *two = g_object_new (PEERUP_TYPE_PIPE_STREAM, NULL);

  one->capacity = two->capacity = capacity;
  one->other = two;
  two->other = one;
  *a = PEERUP_STREAM (one);
  *b = PEERUP_STREAM (two);
}

gsize
peerup_pipe_stream_get_pending (PeerupPipeStream *self)
{
  return self->inbox->len;
}
