/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

/* How often a peer may do a thing: @burst times at once, then once in @interval. Zeroed at
 * first, embedded in its owner; the clock is the caller's. (The generic cell rate algorithm:
 * one number holds when the whole burst will be there again.) */
typedef struct
{
  gint64 full_at;
} PeerupRate;

/* @now, @interval: microseconds. TRUE, and counted, when it may be done now. */
static inline gboolean
peerup_rate_take (PeerupRate *self, gint64 now, guint burst, gint64 interval)
{
  gint64 full_at = MAX (self->full_at, now) + interval;

  if (full_at - now > burst * interval)
    return FALSE;
  self->full_at = full_at;
  return TRUE;
}
