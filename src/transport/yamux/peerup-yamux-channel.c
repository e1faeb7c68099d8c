/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One stream of a yamux session. The session holds it until it is done in both
 * directions; whoever else holds it can read on what had arrived. Once done it has
 * left the session and needs it no more. It buffers what was received, never what
 * is sent.
 */
#include "transport/yamux/peerup-yamux-private.h"

#define TO(state) (1u << PEERUP_YAMUX_##state)
#define TO_END    (TO (LOCAL_RESET) | TO (REMOTE_RESET) | TO (LOST))

/* The states each state may go to. */
static const guint8 edges[] = {
  [PEERUP_YAMUX_OPEN] = TO (LOCAL_FIN) | TO (REMOTE_FIN) | TO_END,
  [PEERUP_YAMUX_LOCAL_FIN] = TO (FINISHED) | TO_END,
  [PEERUP_YAMUX_REMOTE_FIN] = TO (FINISHED) | TO_END,
  [PEERUP_YAMUX_FINISHED] = 0,
  [PEERUP_YAMUX_LOCAL_RESET] = 0,
  [PEERUP_YAMUX_REMOTE_RESET] = 0,
  [PEERUP_YAMUX_LOST] = 0,
};

PeerupYamuxChannel *
peerup_yamux_channel_ref (PeerupYamuxChannel *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  self->ref_count++;
  return self;
}

void
peerup_yamux_channel_unref (PeerupYamuxChannel *self)
{
  g_return_if_fail (self != NULL && self->ref_count > 0);
  if (--self->ref_count > 0)
    return;
  g_assert (self->session == NULL && !self->is_pending && !self->is_borrowing);
  peerup_chunk_queue_clear (&self->queue);
  g_clear_error (&self->lost);
  g_free (self);
}

/* The one place where the state changes. A stream that is done leaves its session. */
void
peerup_yamux_channel_set_state (PeerupYamuxChannel *self, PeerupYamuxChannelState state)
{
  PeerupYamux *session = self->session;

  g_assert ((edges[self->state] & 1u << state) != 0);
  self->state = state;
  if (!peerup_yamux_channel_is_done (self))
    return;
  peerup_yamux_queue_event (session, self, PEERUP_YAMUX_EVENT_CLOSED);
  if (state == PEERUP_YAMUX_LOCAL_RESET || state == PEERUP_YAMUX_REMOTE_RESET)
    peerup_yamux_channel_drop_queue (self);
  if (state != PEERUP_YAMUX_LOST)
    peerup_yamux_remove_channel (session, self);
}

/* The session ends and has forgotten @self already. */
void
peerup_yamux_channel_lose (PeerupYamuxChannel *self, const GError *error)
{
  self->lost = g_error_copy (error);
  peerup_yamux_channel_set_state (self, PEERUP_YAMUX_LOST);
  self->session = NULL;
}

void
peerup_yamux_channel_drop_queue (PeerupYamuxChannel *self)
{
  peerup_yamux_set_buffered (self->session, self->session->buffered - self->queue.length);
  peerup_chunk_queue_clear (&self->queue);
}

guint32
peerup_yamux_channel_get_id (PeerupYamuxChannel *self)
{
  return self->id;
}

gboolean
peerup_yamux_channel_is_inbound (PeerupYamuxChannel *self)
{
  return self->inbound;
}

PeerupYamuxChannelState
peerup_yamux_channel_get_state (PeerupYamuxChannel *self)
{
  return self->state;
}

guint32
peerup_yamux_channel_get_reset_code (PeerupYamuxChannel *self)
{
  return self->reset_code;
}

gpointer
peerup_yamux_channel_get_user_data (PeerupYamuxChannel *self)
{
  return self->user_data;
}

void
peerup_yamux_channel_set_user_data (PeerupYamuxChannel *self, gpointer user_data)
{
  self->user_data = user_data;
}

gsize
peerup_yamux_channel_get_buffered (PeerupYamuxChannel *self)
{
  return self->queue.length;
}

void
peerup_yamux_channel_keep_lean (PeerupYamuxChannel *self)
{
  self->lean = TRUE;
}

guint32
peerup_yamux_channel_get_receive_window (PeerupYamuxChannel *self)
{
  return self->window;
}

gboolean
peerup_yamux_channel_can_write (PeerupYamuxChannel *self)
{
  return self->state == PEERUP_YAMUX_OPEN || self->state == PEERUP_YAMUX_REMOTE_FIN;
}

guint32
peerup_yamux_channel_get_send_window (PeerupYamuxChannel *self)
{
  return peerup_yamux_channel_can_write (self) ? self->send_window : 0;
}

PeerupYamuxReadState
peerup_yamux_channel_get_read_state (PeerupYamuxChannel *self)
{
  if (self->state == PEERUP_YAMUX_LOCAL_RESET || self->state == PEERUP_YAMUX_REMOTE_RESET)
    return PEERUP_YAMUX_READ_FAILED;
  if (self->queue.length > 0)
    return PEERUP_YAMUX_READ_DATA;
  if (self->eof || self->deaf)
    return PEERUP_YAMUX_READ_EOF;
  return self->state == PEERUP_YAMUX_LOST ? PEERUP_YAMUX_READ_FAILED : PEERUP_YAMUX_READ_WAIT;
}

GError *
peerup_yamux_channel_dup_error (PeerupYamuxChannel *self)
{
  if (self->lost != NULL)
    return g_error_copy (self->lost);
  if (self->state == PEERUP_YAMUX_LOCAL_RESET || self->state == PEERUP_YAMUX_REMOTE_RESET)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_RESET, "The stream was reset by %s (code 0x%x)",
                        self->state == PEERUP_YAMUX_LOCAL_RESET ? "this side" : "the peer", self->reset_code);
  return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The stream is closed for writing");
}

/* The flags the next frame carries to acknowledge the stream. */
guint
peerup_yamux_channel_take_ack (PeerupYamuxChannel *self)
{
  if (!self->inbound || !self->unacked)
    return 0;
  self->unacked = FALSE;
  self->session->n_unaccepted--;
  return PEERUP_YAMUX_ACK;
}

void
peerup_yamux_channel_accept (PeerupYamuxChannel *self)
{
  guint flags;

  g_return_if_fail (self != NULL);
  if (self->session == NULL)
    return;
  flags = peerup_yamux_channel_take_ack (self);
  if (flags != 0)
    peerup_yamux_send_control (self->session, PEERUP_YAMUX_WINDOW_UPDATE, flags, self->id, 0);
}

gsize
peerup_yamux_channel_writev (PeerupYamuxChannel *self, const GOutputVector *vectors, gsize n_vectors, gsize max)
{
  gsize n = 0;
  gsize size = 0;

  g_return_val_if_fail (self != NULL, 0);
  max = MIN (max, peerup_yamux_channel_get_send_window (self));
  for (gsize i = 0; i < n_vectors && size == 0; i++)
    size = vectors[i].size;
  if (max == 0 || size == 0)
    return 0;
  n = peerup_yamux_send_data (self->session, peerup_yamux_channel_take_ack (self), self->id, vectors, n_vectors, max);
  self->send_window -= n;
  return n;
}

gsize
peerup_yamux_channel_peek (PeerupYamuxChannel *self, GInputVector *vectors, gsize n_vectors)
{
  g_return_val_if_fail (self != NULL, 0);
  return peerup_chunk_queue_peek (&self->queue, vectors, n_vectors);
}

/* @n bytes have left the queue. */
static void
account_read (PeerupYamuxChannel *self, gsize n, gint64 now)
{
  if (self->session == NULL || n == 0)
    return;
  peerup_yamux_set_buffered (self->session, self->session->buffered - n);
  peerup_yamux_channel_give_back (self, n, now);
}

void
peerup_yamux_channel_consume (PeerupYamuxChannel *self, gsize n, gint64 now)
{
  g_return_if_fail (self != NULL && n <= self->queue.length);
  peerup_chunk_queue_consume (&self->queue, n);
  account_read (self, n, now);
}

gsize
peerup_yamux_channel_read (PeerupYamuxChannel *self, gpointer buffer, gsize length, gint64 now)
{
  gsize n;

  g_return_val_if_fail (self != NULL, 0);
  n = peerup_chunk_queue_read (&self->queue, buffer, length);
  account_read (self, n, now);
  return n;
}

void
peerup_yamux_channel_close_read (PeerupYamuxChannel *self, gint64 now)
{
  g_return_if_fail (self != NULL);
  if (self->deaf)
    return;
  self->deaf = TRUE;
  peerup_yamux_channel_consume (self, self->queue.length, now);
}

void
peerup_yamux_channel_close_write (PeerupYamuxChannel *self)
{
  PeerupYamux *session = self->session;

  g_return_if_fail (self != NULL);
  if (!peerup_yamux_channel_can_write (self))
    return;
  peerup_yamux_send_control (session, PEERUP_YAMUX_WINDOW_UPDATE,
                             PEERUP_YAMUX_FIN | peerup_yamux_channel_take_ack (self), self->id, 0);
  peerup_yamux_channel_set_state (self,
                                  self->state == PEERUP_YAMUX_OPEN ? PEERUP_YAMUX_LOCAL_FIN : PEERUP_YAMUX_FINISHED);
  peerup_yamux_deliver (session);
}

void
peerup_yamux_channel_reset (PeerupYamuxChannel *self, guint32 code)
{
  PeerupYamux *session = self->session;

  g_return_if_fail (self != NULL);
  if (peerup_yamux_channel_is_done (self))
    return;
  self->reset_code = code;
  peerup_yamux_send_control (session, PEERUP_YAMUX_WINDOW_UPDATE, PEERUP_YAMUX_RST, self->id, code);
  peerup_yamux_channel_set_state (self, PEERUP_YAMUX_LOCAL_RESET);
  peerup_yamux_deliver (session);
}
