/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Frames that arrive at a yamux session. Each header is judged against the session and
 * its stream before a byte of its payload is kept; frames of streams that are
 * gone are skipped without an answer, since both sides may have closed at once.
 * The first frame that breaks the rules ends the session.
 */
#include "transport/yamux/peerup-yamux-private.h"

#include <string.h>

/* Smaller pieces are copied at once: a view would cost about as much. */
#define MIN_VIEW 2048u

/* Always FALSE. */
static gboolean
break_rules (PeerupYamux *self, guint32 id, const char *what)
{
  peerup_yamux_fail (self, PEERUP_YAMUX_GOAWAY_PROTOCOL,
                     g_error_new (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "yamux: the peer %s (stream %u)", what, id));
  return FALSE;
}

/* Why one more inbound stream is not taken, as a reset code; 0 if it is. */
static guint32
refuse_stream (PeerupYamux *self)
{
  if (self->goaway_sent)
    return PEERUP_YAMUX_RESET_SHUTDOWN;
  if (self->n_inbound >= self->limits.max_inbound || self->n_unaccepted >= self->limits.max_backlog)
    return PEERUP_YAMUX_RESET_RESOURCE_LIMIT;
  return 0;
}

/* A frame with SYN. @channel: NULL after a refusal. */
static gboolean
handle_syn (PeerupYamux *self, const PeerupYamuxFrame *frame, PeerupYamuxChannel **channel)
{
  guint32 refused;

  *channel = NULL;
  if ((frame->id & 1) == self->id_parity)
    return break_rules (self, frame->id, "opened a stream with an id of our side");
  if (peerup_yamux_lookup (self, frame->id) != NULL)
    return break_rules (self, frame->id, "opened a stream twice");
  if ((frame->flags & PEERUP_YAMUX_RST) != 0)
    return TRUE;
  refused = refuse_stream (self);
  if (refused != 0)
    {
      peerup_yamux_send_control (self, PEERUP_YAMUX_WINDOW_UPDATE, PEERUP_YAMUX_RST, frame->id, refused);
      return TRUE;
    }
  *channel = peerup_yamux_add_channel (self, frame->id, TRUE);
  peerup_yamux_queue_event (self, *channel, PEERUP_YAMUX_EVENT_OPENED);
  return TRUE;
}

/* Whether so much payload is allowed. */
static gboolean
check_payload (PeerupYamux *self, PeerupYamuxChannel *channel, const PeerupYamuxFrame *frame)
{
  guint32 allowed = channel != NULL ? channel->allowed : self->limits.max_window;

  if (frame->length > allowed)
    return break_rules (self, frame->id, "sent more than its window allows");
  if (channel != NULL && channel->eof && frame->length > 0)
    return break_rules (self, frame->id, "sent data after the end of the stream");
  return TRUE;
}

/* Any frame but a reset shows that the peer took our stream. */
static void
note_ack (PeerupYamux *self, PeerupYamuxChannel *channel)
{
  if (channel->inbound || !channel->unacked)
    return;
  channel->unacked = FALSE;
  self->n_unacked--;
  peerup_yamux_note_room (self);
}

static void
handle_fin (PeerupYamux *self, PeerupYamuxChannel *channel)
{
  if (channel->eof)
    return;
  channel->eof = TRUE;
  peerup_yamux_queue_event (self, channel, PEERUP_YAMUX_EVENT_READABLE);
  peerup_yamux_channel_set_state (channel, channel->state == PEERUP_YAMUX_OPEN ? PEERUP_YAMUX_REMOTE_FIN
                                                                               : PEERUP_YAMUX_FINISHED);
}

static gboolean
handle_window_update (PeerupYamux *self, PeerupYamuxChannel *channel, const PeerupYamuxFrame *frame)
{
  if (frame->length > G_MAXUINT32 - channel->send_window)
    return break_rules (self, frame->id, "opened its window beyond 32 bits");
  if (channel->send_window == 0 && frame->length > 0)
    peerup_yamux_queue_event (self, channel, PEERUP_YAMUX_EVENT_WRITABLE);
  channel->send_window += frame->length;
  if ((frame->flags & PEERUP_YAMUX_FIN) != 0)
    handle_fin (self, channel);
  return TRUE;
}

/* The length of a window update with RST is the code; a data frame has none. */
static void
handle_rst (PeerupYamux *self, PeerupYamuxChannel *channel, const PeerupYamuxFrame *frame)
{
  channel->reset_code = frame->type == PEERUP_YAMUX_WINDOW_UPDATE ? frame->length : 0;
  peerup_yamux_channel_set_state (channel, PEERUP_YAMUX_REMOTE_RESET);
}

/* A data or window update frame. */
static gboolean
handle_stream_frame (PeerupYamux *self, const PeerupYamuxFrame *frame)
{
  PeerupYamuxChannel *channel;
  gboolean is_data = frame->type == PEERUP_YAMUX_DATA;

  if ((frame->flags & PEERUP_YAMUX_SYN) == 0)
    channel = peerup_yamux_lookup (self, frame->id);
  else if (!handle_syn (self, frame, &channel))
    return FALSE;
  if (is_data && !check_payload (self, channel, frame))
    return FALSE;
  if (is_data)
    self->body_left = frame->length;
  if (channel == NULL)
    return TRUE;
  if ((frame->flags & PEERUP_YAMUX_RST) != 0)
    {
      handle_rst (self, channel, frame);
      return TRUE;
    }
  note_ack (self, channel);
  if (!is_data)
    return handle_window_update (self, channel, frame);
  if (frame->length > 0)
    {
      self->body_channel = channel;
      self->body_fin = (frame->flags & PEERUP_YAMUX_FIN) != 0;
    }
  else if ((frame->flags & PEERUP_YAMUX_FIN) != 0)
    {
      handle_fin (self, channel);
    }
  return TRUE;
}

/* An answer that we do not wait for is ignored. */
static void
handle_ping (PeerupYamux *self, const PeerupYamuxFrame *frame)
{
  if (frame->flags == PEERUP_YAMUX_SYN)
    {
      peerup_yamux_send_control (self, PEERUP_YAMUX_PING, PEERUP_YAMUX_ACK, 0, frame->length);
      return;
    }
  if (self->ping_sent == G_MININT64 || frame->length != self->ping_opaque)
    return;
  self->ping_rtt = MAX (self->now - self->ping_sent, 1);
  self->ping_sent = G_MININT64;
  self->ping_time = self->now;
  self->rtt = self->rtt == 0 ? self->ping_rtt : MAX ((self->rtt + self->ping_rtt) / 2, 1);
  self->tell_ping = TRUE;
}

static gboolean
handle_frame (PeerupYamux *self, const PeerupYamuxFrame *frame)
{
  switch (frame->type)
    {
    case PEERUP_YAMUX_DATA:
    case PEERUP_YAMUX_WINDOW_UPDATE:
      return handle_stream_frame (self, frame);
    case PEERUP_YAMUX_PING:
      handle_ping (self, frame);
      return TRUE;
    case PEERUP_YAMUX_GOAWAY:
      self->goaway_received = self->tell_goaway = TRUE;
      self->goaway_code = frame->length;
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

/* Takes header bytes from @data; returns how many, 0 when the session died. */
static gsize
feed_header (PeerupYamux *self, const guint8 *data, gsize length)
{
  PeerupYamuxFrame frame;
  GError *error = NULL;
  gsize n = MIN (length, PEERUP_YAMUX_HEADER_SIZE - self->header_fill);

  if (n < PEERUP_YAMUX_HEADER_SIZE)
    {
      memcpy (self->header + self->header_fill, data, n);
      self->header_fill += n;
      if (self->header_fill < PEERUP_YAMUX_HEADER_SIZE)
        return n;
      data = self->header;
      self->header_fill = 0;
    }
  if (!peerup_yamux_frame_decode (&frame, data, PEERUP_YAMUX_HEADER_SIZE, &error))
    {
      peerup_yamux_fail (self, PEERUP_YAMUX_GOAWAY_PROTOCOL, error);
      return 0;
    }
  return handle_frame (self, &frame) ? n : 0;
}

/* Bytes for a reader, @n of them allowed by the window and counted. */
static void
keep (PeerupYamux *self, PeerupYamuxChannel *channel, const guint8 *data, gsize n)
{
  if (n < MIN_VIEW)
    {
      peerup_chunk_queue_append (&channel->queue, data, n);
    }
  else
    {
      peerup_chunk_queue_append_view (&channel->queue, data, n);
      if (!channel->is_borrowing)
        {
          channel->is_borrowing = TRUE;
          channel->next_borrowing = self->borrowing;
          self->borrowing = peerup_yamux_channel_ref (channel);
        }
    }
  peerup_yamux_queue_event (self, channel, PEERUP_YAMUX_EVENT_READABLE);
}

/* Takes payload from @data; returns how many bytes. A stream that takes too much memory
 * goes; the session lives. */
static gsize
feed_body (PeerupYamux *self, const guint8 *data, gsize length)
{
  PeerupYamuxChannel *channel = self->body_channel;
  gsize n = MIN (length, self->body_left);

  self->body_left -= n;
  if (channel == NULL)
    return n;
  channel->allowed -= n;
  if (channel->deaf)
    peerup_yamux_channel_give_back (channel, n, self->now);
  else if (self->buffered + n > self->limits.max_buffered || !peerup_yamux_set_buffered (self, self->buffered + n))
    peerup_yamux_channel_reset (channel, PEERUP_YAMUX_RESET_RESOURCE_LIMIT);
  else
    keep (self, channel, data, n);
  if (self->body_left > 0 || self->body_channel == NULL)
    return n;
  self->body_channel = NULL;
  if (self->body_fin)
    handle_fin (self, channel);
  return n;
}

/* A peer that leaves too many of our answers unread makes us keep them. */
static gboolean
check_answers (PeerupYamux *self)
{
  if (peerup_yamux_get_n_control (self) <= self->limits.max_control)
    return TRUE;
  peerup_yamux_fail (self, PEERUP_YAMUX_GOAWAY_RATE_LIMITED,
                     g_error_new (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "yamux: the peer left %u answers unread",
                                  self->limits.max_control));
  return FALSE;
}

static void
parse (PeerupYamux *self, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      gsize n = self->body_left > 0 ? feed_body (self, data, length) : feed_header (self, data, length);

      if (n == 0 || !check_answers (self))
        return;
      data += n;
      length -= n;
    }
}

void
peerup_yamux_settle (PeerupYamux *self)
{
  g_return_if_fail (self != NULL);
  while (self->borrowing != NULL)
    {
      PeerupYamuxChannel *channel = self->borrowing;

      self->borrowing = g_steal_pointer (&channel->next_borrowing);
      channel->is_borrowing = FALSE;
      peerup_chunk_queue_settle (&channel->queue);
      peerup_yamux_channel_unref (channel);
    }
}

static gboolean
feed (PeerupYamux *self, const guint8 *data, gsize length, gint64 now, gboolean borrow, GError **error)
{
  gboolean alive;

  peerup_yamux_hold (self);
  peerup_yamux_set_now (self, now);
  if (self->error == NULL && length > 0)
    {
      self->last_received = self->now;
      self->busy++;
      parse (self, data, length);
      self->busy--;
      peerup_yamux_flush_control (self);
      peerup_yamux_deliver (self);
    }
  if (!borrow)
    peerup_yamux_settle (self);
  alive = self->error == NULL;
  if (!alive && error != NULL)
    *error = g_error_copy (self->error);
  peerup_yamux_release (self);
  return alive;
}

gboolean
peerup_yamux_feed (PeerupYamux *self, const guint8 *data, gsize length, gint64 now, GError **error)
{
  g_return_val_if_fail (self != NULL && self->busy == 0, FALSE);
  return feed (self, data, length, now, FALSE, error);
}

gboolean
peerup_yamux_feed_borrowed (PeerupYamux *self, const guint8 *data, gsize length, gint64 now, GError **error)
{
  g_return_val_if_fail (self != NULL && self->busy == 0, FALSE);
  return feed (self, data, length, now, TRUE, error);
}
