/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Receive windows: what a reader has taken is given back to the peer once it is half the
 * window, and a window that is used up within a few round trips doubles, so that one
 * stream can fill its path. What the peer was allowed is never taken back; a lean channel
 * shrinks by not giving back.
 */
#include "transport/yamux/peerup-yamux-private.h"

/* A window given back faster than this many round trips may be what limits the peer. */
#define GROW_RTTS 4
/* Older round trips say little of the path as it is now. */
#define RTT_MAX_AGE (10 * G_USEC_PER_SEC)

/* Whoever receives much needs to know the round trip. */
static void
measure (PeerupYamux *session)
{
  if (session->rtt == 0 || session->now - session->ping_time > RTT_MAX_AGE)
    peerup_yamux_ping (session, session->now);
}

/* How much @self's window grows now. A stream may take half of what is left of the
 * budget, so that those which come later can grow too. */
static guint32
growth (PeerupYamuxChannel *self)
{
  PeerupYamux *session = self->session;
  const PeerupYamuxLimits *limits = &session->limits;
  guint32 most = self->lean ? MIN (limits->max_window, PEERUP_YAMUX_LEAN_WINDOW_MAX) : limits->max_window;
  guint32 more = self->window < most ? MIN (self->window, most - self->window) : 0;

  if (more == 0 || self->deaf || (self->lean && self->queue.length > PEERUP_YAMUX_LEAN_KEPT) || session->rtt == 0 ||
      session->now - self->window_time >= GROW_RTTS * session->rtt)
    return 0;
  if (session->window_sum > limits->window_budget || more > (limits->window_budget - session->window_sum) / 2)
    return 0;
  return more;
}

/* What waits beyond a little is no use to the reader: the window goes without as much. */
static void
shrink (PeerupYamuxChannel *self)
{
  gsize behind = self->queue.length;
  guint32 less;

  if (!self->lean || behind <= PEERUP_YAMUX_LEAN_KEPT || self->window <= PEERUP_YAMUX_LEAN_WINDOW)
    return;
  less = MIN (MIN (self->consumed, self->window - PEERUP_YAMUX_LEAN_WINDOW), behind - PEERUP_YAMUX_LEAN_KEPT);
  self->consumed -= less;
  self->window -= less;
  self->session->window_sum -= less;
}

/* The reader took @n bytes. */
void
peerup_yamux_channel_give_back (PeerupYamuxChannel *self, gsize n, gint64 now)
{
  PeerupYamux *session = self->session;
  guint32 more;

  if (session == NULL || self->eof)
    return;
  g_assert (n <= self->window - self->allowed - self->consumed);
  self->consumed += n;
  shrink (self);
  if (self->consumed < self->window / 2)
    return;

  peerup_yamux_set_now (session, now);
  measure (session);
  more = growth (self);
  peerup_yamux_send_control (session, PEERUP_YAMUX_WINDOW_UPDATE, peerup_yamux_channel_take_ack (self), self->id,
                             self->consumed + more);
  self->allowed += self->consumed + more;
  self->window += more;
  session->window_sum += more;
  self->consumed = 0;
  self->window_time = session->now;
}
