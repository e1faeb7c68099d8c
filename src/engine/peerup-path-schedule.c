/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The rule of when to look for a direct path again. Values only: it starts nothing and asks no clock.
 */
#include "engine/peerup-path-schedule.h"

#define SECOND G_USEC_PER_SEC

static const gint64 pauses[] = { 30 * SECOND, 120 * SECOND, 600 * SECOND, 1800 * SECOND };

void
peerup_path_schedule_fail (PeerupPathSchedule *self, gboolean hopeless, gint64 now, double chance)
{
  guint last = G_N_ELEMENTS (pauses) - 1;
  gint64 pause = pauses[hopeless ? last : MIN (self->n_failures, last)];

  self->n_failures++;
  self->skipped = FALSE;
  self->next_at = now + (gint64) (pause * (0.8 + 0.4 * chance));
}

void
peerup_path_schedule_find (PeerupPathSchedule *self)
{
  self->next_at = 0;
  self->skipped = FALSE;
}

gboolean
peerup_path_schedule_lose (PeerupPathSchedule *self, gint64 age, gint64 now, double chance)
{
  if (age >= PEERUP_PATH_LASTING_TIME)
    {
      peerup_path_schedule_renew (self);
      return TRUE;
    }
  peerup_path_schedule_fail (self, FALSE, now, chance);
  return FALSE;
}

void
peerup_path_schedule_renew (PeerupPathSchedule *self)
{
  *self = (PeerupPathSchedule) { 0 };
}

gboolean
peerup_path_schedule_elapse (PeerupPathSchedule *self, gboolean used)
{
  self->next_at = 0;
  self->skipped = !used;
  return used;
}

gboolean
peerup_path_schedule_use (PeerupPathSchedule *self)
{
  gboolean due = self->skipped;

  self->skipped = FALSE;
  return due;
}
