/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The times of one relay's reservation. What a relay grants is kept by monotonic time, so that a
 * clock that is set does not end it. It knows no stream and sends nothing. */

#include "relay/peerup-reservation.h"

#include <glib/gi18n-lib.h>

#include "wire/peerup-error.h"

#define REFRESH_LEAD  (120 * G_USEC_PER_SEC)
#define BACKOFF_FIRST (1 * G_USEC_PER_SEC)
#define BACKOFF_MAX   (60 * G_USEC_PER_SEC)
#define HURRY_FIRST   (G_USEC_PER_SEC / 4)
#define HURRY_MAX     (3 * G_USEC_PER_SEC / 4)
/* How long a restart may take to be found at once, and how soon one may follow another. */
#define HURRY_TIME     (3 * G_USEC_PER_SEC)
#define HURRY_INTERVAL (10 * G_USEC_PER_SEC)

/* From 0 to @span. */
static gint64
part_of (gint64 span, guint32 chance)
{
  return (gint64) ((double) span * chance / G_MAXUINT32);
}

static void
reservation_set_state (PeerupReservation *self, PeerupRelayState state)
{
  /* What has failed is asked again before it can be reserved. */
  g_assert (state != PEERUP_RELAY_RESERVED || self->state != PEERUP_RELAY_WAITING);
  self->state = state;
}

static void
reservation_drop (PeerupReservation *self)
{
  self->ends_at = 0;
  self->expires = 0;
}

static void
reservation_wait (PeerupReservation *self, gint64 time, gint64 now, guint32 chance)
{
  self->due_at = now + time - part_of (time / 2, chance);
}

static gboolean
is_hurried (const PeerupReservation *self, gint64 now)
{
  return self->hurried_at != 0 && now - self->hurried_at < HURRY_TIME;
}

static void
reservation_back_off (PeerupReservation *self, gint64 now, guint32 chance)
{
  gint64 backoff = BACKOFF_FIRST;

  if (is_hurried (self, now))
    {
      reservation_wait (self, MIN (HURRY_FIRST * (self->n_hurried + 1), HURRY_MAX), now, chance);
      return;
    }
  for (guint i = self->n_hurried + 1; i < self->n_failures && backoff < BACKOFF_MAX; i++)
    backoff *= 2;
  reservation_wait (self, MIN (backoff, BACKOFF_MAX), now, chance);
}

static void
reservation_hurry (PeerupReservation *self, gint64 now)
{
  if (self->hurried_at == 0 || now - self->hurried_at >= HURRY_INTERVAL)
    self->hurried_at = now;
}

static gboolean
is_over (const PeerupReservation *self, gint64 now)
{
  return self->state == PEERUP_RELAY_RESERVED && now >= self->ends_at;
}

void
peerup_reservation_init (PeerupReservation *self, gint64 now)
{
  *self = (PeerupReservation) { .state = PEERUP_RELAY_CONNECTING, .due_at = now };
}

gboolean
peerup_reservation_begin (PeerupReservation *self, gint64 now)
{
  if (is_over (self, now))
    {
      reservation_drop (self);
      reservation_set_state (self, self->asked ? PEERUP_RELAY_CONNECTING : PEERUP_RELAY_WAITING);
    }
  if (self->asked || now < self->due_at)
    return FALSE;
  if (self->state == PEERUP_RELAY_WAITING)
    reservation_set_state (self, PEERUP_RELAY_CONNECTING);
  self->asked = TRUE;
  self->due_at = G_MAXINT64;
  return TRUE;
}

static gboolean
check_expires (guint64 expires, gint64 real_now, GError **error)
{
  if (expires <= (guint64) MAX (real_now, 0))
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                         _ (
                           "the relay grants a reservation that is over already: compare the clocks of both machines"));
  else if (expires - (guint64) MAX (real_now, 0) > PEERUP_RESERVATION_MAX)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                         _ ("the relay grants a reservation for more than a year, which none can mean"));
  else
    return TRUE;
  return FALSE;
}

gboolean
peerup_reservation_granted (PeerupReservation *self, guint64 expires, gint64 real_now, gint64 now, guint32 chance,
                            GError **error)
{
  gint64 ttl, lead;

  g_assert (self->asked);
  if (!check_expires (expires, real_now, error))
    return FALSE;
  ttl = ((gint64) expires - MAX (real_now, 0)) * G_USEC_PER_SEC;
  lead = MAX (ttl / 3, MIN (REFRESH_LEAD, ttl / 2));
  self->asked = FALSE;
  self->n_failures = self->n_hurried = 0;
  self->expires = (gint64) expires;
  self->ends_at = now + ttl;
  self->due_at = self->ends_at - lead - part_of (ttl / 10, chance);
  reservation_set_state (self, PEERUP_RELAY_RESERVED);
  return TRUE;
}

void
peerup_reservation_failed (PeerupReservation *self, gint64 now, guint32 chance)
{
  g_assert (self->asked);
  self->asked = FALSE;
  if (self->n_failures < G_MAXUINT)
    self->n_failures++;
  if (is_hurried (self, now))
    self->n_hurried++;
  reservation_back_off (self, now, chance);
  if (self->state == PEERUP_RELAY_RESERVED && !is_over (self, now))
    return;
  reservation_drop (self);
  reservation_set_state (self, PEERUP_RELAY_WAITING);
}

/* Whether it waits now. An answer that is under way tells by itself that it will not come. */
static gboolean
reservation_end (PeerupReservation *self)
{
  reservation_drop (self);
  if (self->state == PEERUP_RELAY_RESERVED)
    reservation_set_state (self, self->asked ? PEERUP_RELAY_CONNECTING : PEERUP_RELAY_WAITING);
  return self->state == PEERUP_RELAY_WAITING;
}

void
peerup_reservation_lost (PeerupReservation *self, gint64 now, guint32 chance)
{
  gint64 due_at = self->due_at;

  reservation_hurry (self, now);
  if (!reservation_end (self))
    return;
  self->n_failures = self->n_hurried = 0;
  reservation_back_off (self, now, chance);
  self->due_at = MIN (self->due_at, due_at);
}

void
peerup_reservation_revoked (PeerupReservation *self, gint64 now, guint32 chance)
{
  if (self->state == PEERUP_RELAY_RESERVED && reservation_end (self))
    reservation_wait (self, BACKOFF_MAX, now, chance);
}

void
peerup_reservation_refresh (PeerupReservation *self, gint64 now)
{
  if (!self->asked)
    self->due_at = MIN (self->due_at, now);
}

void
peerup_reservation_retry (PeerupReservation *self, gint64 now)
{
  if (!self->asked && (self->state == PEERUP_RELAY_WAITING || self->n_failures > 0))
    self->due_at = MIN (self->due_at, now);
}

gint64
peerup_reservation_get_deadline (const PeerupReservation *self)
{
  return self->state == PEERUP_RELAY_RESERVED ? MIN (self->due_at, self->ends_at) : self->due_at;
}
