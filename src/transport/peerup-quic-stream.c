/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The PeerupStream face of one QUIC stream. It lives as long as its user holds it; dropped
 * before both directions have ended it resets the channel, and the machine keeps what was
 * written until the peer has it. It buffers nothing itself. */

#include "transport/peerup-quic-stream.h"

#include "transport/peerup-quic-connection.h"
#include "wire/peerup-error.h"

struct _PeerupQuicStream
{
  PeerupStream parent_instance;
  PeerupQuicChannel *channel;
  gboolean read_closed;
  gboolean write_closed;
  guint64 n_lost; /* packets, when last asked: the machine forgets streams that have ended */
};

G_DEFINE_FINAL_TYPE (PeerupQuicStream, peerup_quic_stream, PEERUP_TYPE_STREAM)

static gssize
would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not ready");
  return -1;
}

/* The end of the connection is told before the connection object has heard of it. */
static gssize
fail (PeerupQuicStream *self, GError **error)
{
  PeerupConnection *connection = peerup_stream_get_connection (PEERUP_STREAM (self));
  g_autoptr (GError) reason = peerup_quic_channel_dup_error (self->channel);

  if (g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_RESET))
    g_propagate_error (error, g_steal_pointer (&reason));
  else
    g_propagate_error (error, peerup_quic_connection_explain (PEERUP_QUIC_CONNECTION (connection), reason));
  return -1;
}

static gssize
peerup_quic_stream_read (PeerupStream *stream, void *buffer, gsize count, GError **error)
{
  PeerupQuicStream *self = PEERUP_QUIC_STREAM (stream);

  switch (peerup_quic_channel_get_read_state (self->channel))
    {
    case PEERUP_QUIC_READ_DATA:
      return peerup_quic_channel_read (self->channel, buffer, count);
    case PEERUP_QUIC_READ_WAIT:
      return would_block (error);
    case PEERUP_QUIC_READ_EOF:
      return 0;
    case PEERUP_QUIC_READ_FAILED:
    default:
      return fail (self, error);
    }
}

static gsize
peerup_quic_stream_peek (PeerupStream *stream, GInputVector *vectors, gsize n_vectors)
{
  return peerup_quic_channel_peek (PEERUP_QUIC_STREAM (stream)->channel, vectors, n_vectors);
}

static void
peerup_quic_stream_consume (PeerupStream *stream, gsize count)
{
  peerup_quic_channel_consume (PEERUP_QUIC_STREAM (stream)->channel, count);
}

static gssize
peerup_quic_stream_writev (PeerupStream *stream, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  PeerupQuicStream *self = PEERUP_QUIC_STREAM (stream);
  gsize n;

  if (!peerup_quic_channel_can_write (self->channel))
    return fail (self, error);
  n = peerup_quic_channel_writev (self->channel, vectors, n_vectors);
  return n > 0 ? (gssize) n : would_block (error);
}

static GIOCondition
peerup_quic_stream_poll (PeerupStream *stream)
{
  PeerupQuicStream *self = PEERUP_QUIC_STREAM (stream);
  GIOCondition condition = 0;

  if (peerup_quic_channel_get_read_state (self->channel) != PEERUP_QUIC_READ_WAIT)
    condition |= G_IO_IN;
  if (!peerup_quic_channel_can_write (self->channel) || peerup_quic_channel_get_room (self->channel) > 0)
    condition |= G_IO_OUT;
  return condition;
}

static void
peerup_quic_stream_interest (PeerupStream *stream, GIOCondition condition)
{
  if ((condition & G_IO_OUT) != 0)
    peerup_quic_channel_wait_room (PEERUP_QUIC_STREAM (stream)->channel);
}

static void
peerup_quic_stream_close_write (PeerupStream *stream)
{
  PeerupQuicStream *self = PEERUP_QUIC_STREAM (stream);

  self->write_closed = TRUE;
  peerup_quic_channel_close_write (self->channel);
  peerup_stream_notify (stream, G_IO_OUT);
}

static void
peerup_quic_stream_close_read (PeerupStream *stream)
{
  PeerupQuicStream *self = PEERUP_QUIC_STREAM (stream);

  self->read_closed = TRUE;
  peerup_quic_channel_close_read (self->channel);
  peerup_stream_notify (stream, G_IO_IN);
}

static void
peerup_quic_stream_keep_lean (PeerupStream *stream)
{
  peerup_quic_channel_keep_lean (PEERUP_QUIC_STREAM (stream)->channel, PEERUP_STREAM_LEAN_UNSENT);
}

static void
quic_stream_note_reset (PeerupQuicStream *self)
{
  guint32 code;

  if (peerup_quic_channel_is_reset (self->channel, &code))
    peerup_stream_set_reset_code (PEERUP_STREAM (self), code);
}

static void
peerup_quic_stream_reset (PeerupStream *stream, guint32 code)
{
  PeerupQuicStream *self = PEERUP_QUIC_STREAM (stream);

  peerup_quic_channel_reset (self->channel, code);
  quic_stream_note_reset (self);
}

void
peerup_quic_stream_readable (PeerupQuicStream *self)
{
  quic_stream_note_reset (self);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN);
}

void
peerup_quic_stream_writable (PeerupQuicStream *self)
{
  quic_stream_note_reset (self);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_OUT);
}

/* Our side was ended in order, and the peer's end has come or is not waited for. */
static gboolean
is_left_in_order (PeerupQuicStream *self)
{
  return self->write_closed &&
         (self->read_closed || peerup_quic_channel_get_read_state (self->channel) == PEERUP_QUIC_READ_EOF);
}

static void
peerup_quic_stream_dispose (GObject *object)
{
  PeerupQuicStream *self = PEERUP_QUIC_STREAM (object);

  if (self->channel != NULL)
    {
      peerup_quic_channel_set_user_data (self->channel, NULL);
      if (!is_left_in_order (self))
        peerup_quic_channel_reset (self->channel, PEERUP_STREAM_CODE_NONE);
    }
  G_OBJECT_CLASS (peerup_quic_stream_parent_class)->dispose (object);
}

/* Callers of a stream that is going still find its channel. */
static void
peerup_quic_stream_finalize (GObject *object)
{
  g_clear_pointer (&PEERUP_QUIC_STREAM (object)->channel, peerup_quic_channel_unref);
  G_OBJECT_CLASS (peerup_quic_stream_parent_class)->finalize (object);
}

static void
peerup_quic_stream_get_figures (PeerupStream *stream, PeerupStreamFigures *figures)
{
  PeerupQuicStream *self = PEERUP_QUIC_STREAM (stream);

  self->n_lost = MAX (self->n_lost, peerup_quic_channel_get_n_lost (self->channel));
  figures->packets_lost = self->n_lost;
}

static void
peerup_quic_stream_class_init (PeerupQuicStreamClass *klass)
{
  PeerupStreamClass *stream_class = PEERUP_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_quic_stream_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_quic_stream_finalize;
  stream_class->read = peerup_quic_stream_read;
  stream_class->peek = peerup_quic_stream_peek;
  stream_class->consume = peerup_quic_stream_consume;
  stream_class->writev = peerup_quic_stream_writev;
  stream_class->poll = peerup_quic_stream_poll;
  stream_class->interest = peerup_quic_stream_interest;
  stream_class->close_write = peerup_quic_stream_close_write;
  stream_class->close_read = peerup_quic_stream_close_read;
  stream_class->reset = peerup_quic_stream_reset;
  stream_class->keep_lean = peerup_quic_stream_keep_lean;
  stream_class->get_figures = peerup_quic_stream_get_figures;
}

static void
peerup_quic_stream_init (PeerupQuicStream *self)
{
}

PeerupStream *
peerup_quic_stream_new (PeerupConnection *connection, PeerupQuicChannel *channel)
{
  PeerupQuicStream *self = g_object_new (PEERUP_TYPE_QUIC_STREAM, NULL);

  self->channel = peerup_quic_channel_ref (channel);
  peerup_quic_channel_set_user_data (channel, self);
  peerup_stream_set_connection (PEERUP_STREAM (self), connection);
  return PEERUP_STREAM (self);
}
