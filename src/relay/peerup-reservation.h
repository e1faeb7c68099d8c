/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When to reserve at one relay, in which three things meet: the end of what it granted, how often it
 * failed, and chance, so that the many peers of a relay do not come back together. It holds no clock
 * and no randomness: @now is monotonic microseconds, @real_now seconds since 1970, @chance any
 * random number. */

typedef enum
{
  PEERUP_RELAY_CONNECTING,
  PEERUP_RELAY_RESERVED, /* we can be reached through it */
  PEERUP_RELAY_WAITING,  /* it failed; tried again at retry_at */
} PeerupRelayState;

/* Seconds that a reservation may last at most; no relay means more. */
#define PEERUP_RESERVATION_MAX (366 * 24 * 3600)

/* To be read by anybody, written by the functions below. */
typedef struct
{
  PeerupRelayState state;
  gboolean asked;    /* an answer is under way */
  gint64 due_at;     /* when to ask next; G_MAXINT64 while asked */
  gint64 ends_at;    /* monotonic: of what was granted; 0: nothing is */
  gint64 expires;    /* the same as the relay said it; 0 */
  guint n_failures;  /* in a row */
  gint64 hurried_at; /* when the connection was lost last, so that the relay may be back soon; 0: not yet */
  guint n_hurried;   /* failures in a row while it was hurried */
} PeerupReservation;

/* Due at once. */
void peerup_reservation_init (PeerupReservation *self, gint64 now);
/* Whether to ask now, which counts as done: granted or failed follows, or lost. Ends what is over. */
gboolean peerup_reservation_begin (PeerupReservation *self, gint64 now);
/* The relay says until when: due again when a third of the time is left, or 2 min if that is more,
 * but not before half of it has passed; up to a tenth of it sooner by @chance. PROTOCOL, and nothing
 * has changed, for an end in the past or more than PEERUP_RESERVATION_MAX away: fail it then. */
gboolean peerup_reservation_granted (PeerupReservation *self, guint64 expires, gint64 real_now, gint64 now,
                                     guint32 chance, GError **error);
/* No answer, or a bad one: due again in 1 s, 2 s, 4 s ... 60 s, up to half of that sooner by @chance.
 * What was granted before stands until its end. */
void peerup_reservation_failed (PeerupReservation *self, gint64 now, guint32 chance);
/* The connection is gone, and with it what was granted. A relay that is started anew is back in a moment:
 * due again in 250 ms, 500 ms, 750 ms, 750 ms ... for 3 s, up to half of that sooner by @chance, and only then as
 * after a first failure. Once in 10 s; at once as after a first failure when it is lost again before. */
void peerup_reservation_lost (PeerupReservation *self, gint64 now, guint32 chance);
/* The relay serves no more and would say if it did: what was granted is void, due again in 60 s. */
void peerup_reservation_revoked (PeerupReservation *self, gint64 now, guint32 chance);
/* Due now: the relay may have forgotten what it granted. */
void peerup_reservation_refresh (PeerupReservation *self, gint64 now);
/* One that failed is due now. */
void peerup_reservation_retry (PeerupReservation *self, gint64 now);
/* When begin() is to be called next; G_MAXINT64: not before something else is. */
gint64 peerup_reservation_get_deadline (const PeerupReservation *self);

G_END_DECLS
