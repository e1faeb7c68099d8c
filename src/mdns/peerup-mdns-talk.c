/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The times of questions and answers (RFC 6762 5.2, 6, 8.3), as a rule over numbers: it sends nothing, asks no clock,
 * and does not know what is said. */

#include "mdns/peerup-mdns-talk.h"

#define ASK_FACTOR 3

void
peerup_mdns_talk_say (PeerupMdnsTalk *self, guint says, gint64 at)
{
  if (self->said_at != 0)
    at = MAX (at, self->said_at + PEERUP_MDNS_PAUSE);
  if (self->say_at == 0 || at < self->say_at)
    self->say_at = at;
  self->says |= says;
}

void
peerup_mdns_talk_announce (PeerupMdnsTalk *self, guint says, gint64 at)
{
  self->bye = FALSE;
  self->n_more = 1;
  self->asker.any.sa_family = AF_UNSPEC;
  peerup_mdns_talk_say (self, says, at);
}

void
peerup_mdns_talk_be_silent (PeerupMdnsTalk *self)
{
  self->say_at = 0;
  self->says = 0;
  self->n_more = 0;
  self->bye = FALSE;
  self->asker.any.sa_family = AF_UNSPEC;
}

void
peerup_mdns_talk_take_back (PeerupMdnsTalk *self, guint says, gint64 now)
{
  peerup_mdns_talk_be_silent (self);
  if (self->said_at == 0)
    return;
  self->bye = TRUE;
  self->says = says;
  self->say_at = now;
}

void
peerup_mdns_talk_begin_asking (PeerupMdnsTalk *self, gint64 at)
{
  self->ask_pause = 0;
  self->ask_at = self->asked_at != 0 ? MAX (at, self->asked_at + PEERUP_MDNS_PAUSE) : at;
}

void
peerup_mdns_talk_go_on_asking (PeerupMdnsTalk *self, gboolean waiting, gint64 now, double chance)
{
  gint64 most = waiting ? PEERUP_MDNS_WAIT_PAUSE : PEERUP_MDNS_ASK_PAUSE;
  gint64 pause = self->ask_pause == 0 ? PEERUP_MDNS_PAUSE : self->ask_pause * ASK_FACTOR;

  self->ask_pause = MIN (pause, most);
  self->ask_at = now + self->ask_pause;
  if (peerup_mdns_talk_asks_rarely (self))
    self->ask_at += (gint64) (chance * PEERUP_MDNS_ASK_PAUSE / 5);
}

gboolean
peerup_mdns_talk_asks_rarely (const PeerupMdnsTalk *self)
{
  return self->ask_at != 0 && self->ask_pause == PEERUP_MDNS_ASK_PAUSE;
}

gint64
peerup_mdns_talk_get_deadline (const PeerupMdnsTalk *self)
{
  gint64 say_at = self->say_at != 0 ? self->say_at : G_MAXINT64;
  gint64 ask_at = self->ask_at != 0 ? self->ask_at : G_MAXINT64;

  return MIN (say_at, ask_at);
}
