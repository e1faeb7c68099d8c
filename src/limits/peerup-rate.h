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

/* @now, @interval: microseconds. Whether it may be done now. */
static inline gboolean
peerup_rate_allows (const PeerupRate *self, gint64 now, guint burst, gint64 interval)
{
  return MAX (self->full_at, now) + interval - now <= burst * interval;
}

/* TRUE, and counted, when it may be done now. */
static inline gboolean
peerup_rate_take (PeerupRate *self, gint64 now, guint burst, gint64 interval)
{
  if (!peerup_rate_allows (self, now, burst, interval))
    return FALSE;
  self->full_at = MAX (self->full_at, now) + interval;
  return TRUE;
}

/* From when on it may be done again. */
static inline gint64
peerup_rate_get_next (const PeerupRate *self, guint burst, gint64 interval)
{
  return self->full_at + interval - burst * interval;
}

/* The whole burst is there: a rate that was never used would say the same. */
static inline gboolean
peerup_rate_is_full (const PeerupRate *self, gint64 now)
{
  return self->full_at <= now;
}
