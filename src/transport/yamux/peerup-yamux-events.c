/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a yamux session tells its user, and when: channels with news wait in a list, each
 * once, and are told in the order the news came, after the call that caused them has
 * done its work. A handler that calls back only adds to the list; when one drops the
 * session, nothing more is told.
 */
#include "transport/yamux/peerup-yamux-private.h"

/* The caller has a reference on a channel from here on. */
static void
append_pending (PeerupYamux *self, PeerupYamuxChannel *channel)
{
  if (channel->is_pending)
    return;
  channel->is_pending = TRUE;
  channel->next_pending = NULL;
  if (self->pending_head == NULL)
    self->pending_head = channel;
  else
    self->pending_tail->next_pending = channel;
  self->pending_tail = peerup_yamux_channel_ref (channel);
}

static PeerupYamuxChannel *
steal_pending (PeerupYamux *self)
{
  PeerupYamuxChannel *channel = self->pending_head;

  if (channel == NULL)
    return NULL;
  self->pending_head = g_steal_pointer (&channel->next_pending);
  channel->is_pending = FALSE;
  return channel;
}

void
peerup_yamux_queue_event (PeerupYamux *self, PeerupYamuxChannel *channel, PeerupYamuxEvent event)
{
  channel->pending |= event;
  append_pending (self, channel);
}

typedef void (*ChannelFunc) (PeerupYamuxChannel *channel, gpointer user_data);

/* A handler may have dropped the session: its user is gone then. */
static void
tell (PeerupYamux *self, ChannelFunc func, PeerupYamuxChannel *channel)
{
  if (func != NULL && self->ref_count > self->n_holds)
    func (channel, self->user_data);
}

/* What a handler undid before its turn came is not told. */
static void
deliver_channel (PeerupYamux *self, PeerupYamuxChannel *channel)
{
  guint events = channel->pending;
  PeerupYamuxReadState read_state;

  channel->pending = 0;
  if ((events & PEERUP_YAMUX_EVENT_OPENED) != 0 && !peerup_yamux_channel_is_done (channel))
    {
      channel->announced = TRUE;
      tell (self, self->events->channel_opened, channel);
    }
  if (!channel->announced)
    return;
  read_state = peerup_yamux_channel_get_read_state (channel);
  if ((events & PEERUP_YAMUX_EVENT_READABLE) != 0 && !channel->deaf &&
      (read_state == PEERUP_YAMUX_READ_DATA || read_state == PEERUP_YAMUX_READ_EOF))
    tell (self, self->events->channel_readable, channel);
  if ((events & PEERUP_YAMUX_EVENT_WRITABLE) != 0 && peerup_yamux_channel_get_send_window (channel) > 0)
    tell (self, self->events->channel_writable, channel);
  if ((events & PEERUP_YAMUX_EVENT_CLOSED) != 0)
    tell (self, self->events->channel_closed, channel);
}

static void
deliver_session (PeerupYamux *self)
{
  if (self->tell_goaway)
    {
      self->tell_goaway = FALSE;
      if (self->events->goaway_received != NULL)
        self->events->goaway_received (self->goaway_code, self->user_data);
    }
  else if (self->tell_ping)
    {
      self->tell_ping = FALSE;
      if (self->events->ping_reply != NULL)
        self->events->ping_reply (self->ping_rtt, self->user_data);
    }
  else
    {
      self->tell_can_open = FALSE;
      if (self->events->can_open != NULL && self->error == NULL)
        self->events->can_open (self->user_data);
    }
}

/* Whether something is left to tell, and somebody to tell it. */
static gboolean
has_news (PeerupYamux *self)
{
  if (self->ref_count == self->n_holds)
    return FALSE;
  return self->pending_head != NULL || self->tell_goaway || self->tell_ping || self->tell_can_open;
}

void
peerup_yamux_deliver (PeerupYamux *self)
{
  if (self->busy > 0)
    return;
  peerup_yamux_hold (self);
  self->busy++;
  while (has_news (self))
    {
      g_autoptr (PeerupYamuxChannel) channel = steal_pending (self);

      if (channel != NULL)
        deliver_channel (self, channel);
      else
        deliver_session (self);
    }
  self->busy--;
  peerup_yamux_flush_control (self);
  peerup_yamux_release (self);
}
