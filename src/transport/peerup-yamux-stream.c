/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The PeerupStream face of one yamux channel. It lives as long as its user holds it;
 * dropped before both directions have ended it resets the channel. It buffers
 * nothing itself: received bytes wait in the channel, sent ones in the connection's
 * output, which is what makes a writer wait.
 */
#include "transport/peerup-yamux-stream.h"

#include "transport/peerup-yamux-connection-private.h"

/* What a stream may write on its turn even if others have filled the output since: a
 * fiber runs later than it was woken. Small, because every stream may have one. */
#define TURN_SIZE 4096

struct _PeerupYamuxStream
{
  PeerupStream parent_instance;
  PeerupYamuxChannel *channel;
  PeerupYamuxWaiter waiter;
  gboolean has_turn;
  gboolean read_closed;
};

G_DEFINE_FINAL_TYPE (PeerupYamuxStream, peerup_yamux_stream, PEERUP_TYPE_STREAM)

static PeerupYamuxConnection *
get_connection (PeerupYamuxStream *self)
{
  return PEERUP_YAMUX_CONNECTION (peerup_stream_get_connection (PEERUP_STREAM (self)));
}

static gssize
would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not ready");
  return -1;
}

static gssize
fail (PeerupYamuxStream *self, GError **error)
{
  g_propagate_error (error, peerup_yamux_channel_dup_error (self->channel));
  return -1;
}

static gssize
peerup_yamux_stream_read (PeerupStream *stream, void *buffer, gsize count, GError **error)
{
  PeerupYamuxStream *self = PEERUP_YAMUX_STREAM (stream);

  switch (peerup_yamux_channel_get_read_state (self->channel))
    {
    case PEERUP_YAMUX_READ_DATA:
      return peerup_yamux_channel_read (self->channel, buffer, count, g_get_monotonic_time ());
    case PEERUP_YAMUX_READ_WAIT:
      return would_block (error);
    case PEERUP_YAMUX_READ_EOF:
      return 0;
    case PEERUP_YAMUX_READ_FAILED:
    default:
      return fail (self, error);
    }
}

static gsize
peerup_yamux_stream_peek (PeerupStream *stream, GInputVector *vectors, gsize n_vectors)
{
  return peerup_yamux_channel_peek (PEERUP_YAMUX_STREAM (stream)->channel, vectors, n_vectors);
}

static void
peerup_yamux_stream_consume (PeerupStream *stream, gsize count)
{
  peerup_yamux_channel_consume (PEERUP_YAMUX_STREAM (stream)->channel, count, g_get_monotonic_time ());
}

/* Bytes the stream may write now, its window aside. */
static gsize
get_room (PeerupYamuxStream *self)
{
  gsize room = peerup_yamux_connection_get_room (get_connection (self));

  return self->has_turn ? MAX (room, TURN_SIZE) : room;
}

static gssize
peerup_yamux_stream_writev (PeerupStream *stream, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  PeerupYamuxStream *self = PEERUP_YAMUX_STREAM (stream);
  gsize n;

  if (!peerup_yamux_channel_can_write (self->channel))
    return fail (self, error);
  n = peerup_yamux_channel_writev (self->channel, vectors, n_vectors, get_room (self));
  self->has_turn = FALSE;
  return n > 0 ? (gssize) n : would_block (error);
}

static GIOCondition
peerup_yamux_stream_poll (PeerupStream *stream)
{
  PeerupYamuxStream *self = PEERUP_YAMUX_STREAM (stream);
  GIOCondition condition = 0;

  if (peerup_yamux_channel_get_read_state (self->channel) != PEERUP_YAMUX_READ_WAIT)
    condition |= G_IO_IN;
  if (!peerup_yamux_channel_can_write (self->channel) ||
      (peerup_yamux_channel_get_send_window (self->channel) > 0 && get_room (self) > 0))
    condition |= G_IO_OUT;
  return condition;
}

/* An empty window opens by itself; for room in the output there is a queue. */
static void
peerup_yamux_stream_interest (PeerupStream *stream, GIOCondition condition)
{
  PeerupYamuxStream *self = PEERUP_YAMUX_STREAM (stream);

  if ((condition & G_IO_OUT) != 0 && peerup_yamux_channel_get_send_window (self->channel) > 0)
    peerup_yamux_connection_wait (get_connection (self), &self->waiter);
}

static void
peerup_yamux_stream_close_write (PeerupStream *stream)
{
  peerup_yamux_channel_close_write (PEERUP_YAMUX_STREAM (stream)->channel);
  peerup_stream_notify (stream, G_IO_OUT);
}

static void
peerup_yamux_stream_close_read (PeerupStream *stream)
{
  PeerupYamuxStream *self = PEERUP_YAMUX_STREAM (stream);

  self->read_closed = TRUE;
  peerup_yamux_channel_close_read (self->channel, g_get_monotonic_time ());
  peerup_stream_notify (stream, G_IO_IN);
}

static void
peerup_yamux_stream_reset (PeerupStream *stream, guint32 code)
{
  peerup_yamux_channel_reset (PEERUP_YAMUX_STREAM (stream)->channel, code);
}

static void
peerup_yamux_stream_keep_lean (PeerupStream *stream)
{
  peerup_yamux_channel_keep_lean (PEERUP_YAMUX_STREAM (stream)->channel);
}

void
peerup_yamux_stream_readable (PeerupYamuxStream *self)
{
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN);
}

void
peerup_yamux_stream_writable (PeerupYamuxStream *self)
{
  if ((peerup_stream_get_armed (PEERUP_STREAM (self)) & G_IO_OUT) != 0)
    peerup_yamux_connection_wait (get_connection (self), &self->waiter);
}

void
peerup_yamux_stream_closed (PeerupYamuxStream *self)
{
  PeerupYamuxChannelState state = peerup_yamux_channel_get_state (self->channel);

  if (state == PEERUP_YAMUX_LOCAL_RESET || state == PEERUP_YAMUX_REMOTE_RESET)
    peerup_stream_set_reset_code (PEERUP_STREAM (self), peerup_yamux_channel_get_reset_code (self->channel));
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN | G_IO_OUT);
}

void
peerup_yamux_stream_give_turn (PeerupYamuxStream *self)
{
  self->has_turn = TRUE;
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_OUT);
}

PeerupYamuxChannel *
peerup_yamux_stream_get_channel (PeerupYamuxStream *self)
{
  return self->channel;
}

/* Both directions were ended from this side: the peer's end is awaited without us. */
static gboolean
is_left_in_order (PeerupYamuxStream *self)
{
  return peerup_yamux_channel_get_state (self->channel) == PEERUP_YAMUX_LOCAL_FIN && self->read_closed;
}

static void
peerup_yamux_stream_dispose (GObject *object)
{
  PeerupYamuxStream *self = PEERUP_YAMUX_STREAM (object);

  if (self->channel != NULL)
    {
      peerup_yamux_channel_set_user_data (self->channel, NULL);
      if (is_left_in_order (self))
        peerup_yamux_connection_leave (get_connection (self), self->channel);
      else
        peerup_yamux_channel_reset (self->channel, PEERUP_STREAM_CODE_NONE);
      peerup_yamux_connection_wait_no_more (get_connection (self), &self->waiter);
    }
  G_OBJECT_CLASS (peerup_yamux_stream_parent_class)->dispose (object);
}

/* Callers of a stream that is going still find its channel. */
static void
peerup_yamux_stream_finalize (GObject *object)
{
  g_clear_pointer (&PEERUP_YAMUX_STREAM (object)->channel, peerup_yamux_channel_unref);
  G_OBJECT_CLASS (peerup_yamux_stream_parent_class)->finalize (object);
}

static void
peerup_yamux_stream_class_init (PeerupYamuxStreamClass *klass)
{
  PeerupStreamClass *stream_class = PEERUP_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_yamux_stream_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_yamux_stream_finalize;
  stream_class->read = peerup_yamux_stream_read;
  stream_class->peek = peerup_yamux_stream_peek;
  stream_class->consume = peerup_yamux_stream_consume;
  stream_class->writev = peerup_yamux_stream_writev;
  stream_class->poll = peerup_yamux_stream_poll;
  stream_class->interest = peerup_yamux_stream_interest;
  stream_class->close_write = peerup_yamux_stream_close_write;
  stream_class->close_read = peerup_yamux_stream_close_read;
  stream_class->reset = peerup_yamux_stream_reset;
  stream_class->keep_lean = peerup_yamux_stream_keep_lean;
}

static void
peerup_yamux_stream_init (PeerupYamuxStream *self)
{
  self->waiter.link.data = self;
}

PeerupStream *
peerup_yamux_stream_new (PeerupYamuxConnection *connection, PeerupYamuxChannel *channel)
{
  PeerupYamuxStream *self = g_object_new (PEERUP_TYPE_YAMUX_STREAM, NULL);

  self->channel = peerup_yamux_channel_ref (channel);
  peerup_yamux_channel_set_user_data (channel, self);
  peerup_stream_set_connection (PEERUP_STREAM (self), PEERUP_CONNECTION (connection));
  return PEERUP_STREAM (self);
}
