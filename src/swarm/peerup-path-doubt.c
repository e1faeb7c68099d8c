/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The times of one path's doubt. A silent one is alive again with the first answer to anything that was sent since the
 * doubt began; an answer to what was sent before it is one too, for it came after. */

#include "swarm/peerup-path-doubt.h"

static gint64
time_of_doubt (const PeerupPathFacts *facts)
{
  gboolean lossy =
    facts->packets_lost >= PEERUP_PATH_LOSS_MIN && facts->packets_lost >= facts->packets_sent / PEERUP_PATH_LOSS_PART;
  gboolean far = facts->rtt >= PEERUP_PATH_WATCH_DOUBT / PEERUP_PATH_FAR_PART;

  return lossy || far ? 2 * PEERUP_PATH_WATCH_DOUBT : PEERUP_PATH_WATCH_DOUBT;
}

void
peerup_path_doubt_init (PeerupPathDoubt *self)
{
  *self = (PeerupPathDoubt) { PEERUP_PATH_QUIET, 0, G_MAXINT64 };
}

gboolean
peerup_path_doubt_begin (PeerupPathDoubt *self, gint64 now)
{
  if (self->state >= PEERUP_PATH_ASKED)
    return FALSE;
  self->state = PEERUP_PATH_ASKED;
  self->asked_at = now;
  self->deadline = now + PEERUP_PATH_ASK_INTERVAL;
  return TRUE;
}

static void
doubt_look (PeerupPathDoubt *self, const PeerupPathFacts *facts)
{
  self->state = facts->owed_since != 0 ? PEERUP_PATH_OWING : PEERUP_PATH_QUIET;
  self->deadline = facts->owed_since != 0 ? facts->owed_since + PEERUP_PATH_WATCH_PATIENCE : G_MAXINT64;
}

static gboolean
doubt_go_on (PeerupPathDoubt *self, const PeerupPathFacts *facts, gint64 now)
{
  gint64 end;

  if (now - self->deadline > PEERUP_PATH_LATE)
    self->asked_at = now;
  end = self->asked_at + time_of_doubt (facts);
  if (now >= end)
    {
      self->state = PEERUP_PATH_DEAD;
      self->deadline = now + PEERUP_PATH_ASK_AGAIN;
    }
  else
    self->deadline = MIN (now + PEERUP_PATH_ASK_INTERVAL, end);
  return TRUE;
}

gboolean
peerup_path_doubt_step (PeerupPathDoubt *self, const PeerupPathFacts *facts, gint64 now)
{
  if (self->state >= PEERUP_PATH_ASKED && facts->answered_at > self->asked_at)
    doubt_look (self, facts);
  if (self->state == PEERUP_PATH_QUIET)
    doubt_look (self, facts);
  if (now < self->deadline)
    return FALSE;
  switch (self->state)
    {
    case PEERUP_PATH_OWING:
      doubt_look (self, facts);
      return now >= self->deadline && peerup_path_doubt_begin (self, now);
    case PEERUP_PATH_ASKED:
      return doubt_go_on (self, facts, now);
    case PEERUP_PATH_DEAD:
      self->deadline = now + PEERUP_PATH_ASK_AGAIN;
      return TRUE;
    case PEERUP_PATH_QUIET:
    default:
      return FALSE;
    }
}
