/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When a direct path to one peer is looked for again, by value: after 30 s, 2 min, 10 min, and then every 30 min, each
 * more or less by a fifth, so that peers do not come to do it together. No clock: @now is monotonic µs, and @chance
 * a random number from 0 to 1. */
typedef struct
{
  guint n_failures; /* in a row; a path that did not last is one too */
  gint64 next_at;   /* 0: not before something happens */
  gboolean skipped; /* the time came, and nobody had a use for it */
} PeerupPathSchedule;

/* A direct path that ends sooner is no better than none. */
#define PEERUP_PATH_LASTING_TIME (30 * G_USEC_PER_SEC)

/* A search has found nothing, or what it found did not last. @hopeless: nor will the next ones, as far as anybody
 * can tell: they are as rare as can be. */
void peerup_path_schedule_fail (PeerupPathSchedule *self, gboolean hopeless, gint64 now, double chance);
/* There is a direct path. */
void peerup_path_schedule_find (PeerupPathSchedule *self);
/* The direct path is gone that was there for @age µs. TRUE: look for another at once. */
gboolean peerup_path_schedule_lose (PeerupPathSchedule *self, gint64 age, gint64 now, double chance);
/* Another network here or there: what has failed may work now. */
void peerup_path_schedule_renew (PeerupPathSchedule *self);
/* The time has come. @used: whether anybody has a use for a direct path, which is then looked for (TRUE). */
gboolean peerup_path_schedule_elapse (PeerupPathSchedule *self, gboolean used);
/* Somebody has a use for one now. TRUE: look for it at once. */
gboolean peerup_path_schedule_use (PeerupPathSchedule *self);

G_END_DECLS
