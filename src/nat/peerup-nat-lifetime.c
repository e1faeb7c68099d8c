/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The search for a mapping's lifetime. It lives as long as its owner may meet NATs; one search is for one of them. A
 * mapping counts as gone only when the same way worked without a pause, and the server still answers: whatever else
 * can go wrong leaves the question open. */

#include "nat/peerup-nat-lifetime.h"

#include "limits/peerup-rate.h"

typedef enum
{
  STEP_IDLE,
  STEP_BEGIN,   /* waiting for the round */
  STEP_MAP,     /* asked: the mapping is made */
  STEP_SETTLE,  /* waiting to ask again */
  STEP_MAP_TWO, /* asked again */
  STEP_CONTROL, /* probed without a pause: does that work at all? */
  STEP_SILENCE, /* waiting */
  STEP_PROBE,   /* probed */
  STEP_CHECK,   /* asked, because nothing came: is the server there? */
  STEP_KNOWN,
} Step;

struct _PeerupNatLifetime
{
  Step step;
  gint64 at;         /* when a step that waits is over */
  gboolean is_asked; /* one that asks has been handed out */
  gboolean works;    /* the control has */
  guint16 port;
  gint64 tried;  /* this round's time */
  gint64 proven; /* 0: none */
  gint64 failed; /* 0: none */
  PeerupRate rounds;
};

static void
lifetime_go (PeerupNatLifetime *self, Step step, gint64 at)
{
  self->step = step;
  self->at = at;
  self->is_asked = FALSE;
}

static gint64
get_precision (gint64 proven)
{
  return MAX (proven / 8, 8 * (gint64) G_USEC_PER_SEC);
}

/* FALSE: what is known is enough. */
static gboolean
lifetime_choose (PeerupNatLifetime *self)
{
  if (self->proven == 0 && self->failed == 0)
    self->tried = PEERUP_NAT_LIFETIME_FIRST;
  else if (self->failed == 0)
    self->tried = PEERUP_NAT_LIFETIME_MAX;
  else
    self->tried = (self->proven + self->failed) / 2;
  if (self->failed == 0)
    return self->proven < PEERUP_NAT_LIFETIME_MAX;
  return self->failed - self->proven > get_precision (self->proven) && self->failed > PEERUP_NAT_KEEP_ALIVE_MIN;
}

static void
lifetime_begin_round (PeerupNatLifetime *self, gint64 now)
{
  if (!lifetime_choose (self))
    {
      lifetime_go (self, STEP_KNOWN, G_MAXINT64);
      return;
    }
  lifetime_go (self, STEP_BEGIN, now);
}

static void
lifetime_give_up (PeerupNatLifetime *self, gint64 now)
{
  lifetime_go (self, STEP_BEGIN, now + PEERUP_NAT_LIFETIME_RETRY);
}

static gboolean
waits (Step step)
{
  return step == STEP_BEGIN || step == STEP_SETTLE || step == STEP_SILENCE;
}

/* The time of a step that waits has come. */
static void
lifetime_wake (PeerupNatLifetime *self, gint64 now)
{
  static const Step next[] = { [STEP_BEGIN] = STEP_MAP, [STEP_SETTLE] = STEP_MAP_TWO, [STEP_SILENCE] = STEP_PROBE };

  if (self->step == STEP_BEGIN &&
      !peerup_rate_take (&self->rounds, now, PEERUP_NAT_LIFETIME_ROUNDS, PEERUP_NAT_LIFETIME_ROUND_INTERVAL))
    self->at = now + PEERUP_NAT_LIFETIME_ROUND_INTERVAL;
  else
    lifetime_go (self, next[self->step], G_MAXINT64);
}

PeerupNatLifetimeAction
peerup_nat_lifetime_next (PeerupNatLifetime *self, gint64 now, guint16 *port)
{
  g_return_val_if_fail (self != NULL && port != NULL, PEERUP_NAT_LIFETIME_NOTHING);

  if (waits (self->step) && self->at <= now)
    lifetime_wake (self, now);
  if (self->step == STEP_IDLE || self->step == STEP_KNOWN || waits (self->step) || self->is_asked)
    return PEERUP_NAT_LIFETIME_NOTHING;
  self->is_asked = TRUE;
  *port = self->port;
  return self->step == STEP_CONTROL || self->step == STEP_PROBE ? PEERUP_NAT_LIFETIME_PROBE : PEERUP_NAT_LIFETIME_ASK;
}

/* The mapping is in use from now on. */
static void
lifetime_mapped (PeerupNatLifetime *self, const PeerupSocketAddress *mapped, gint64 now)
{
  self->port = peerup_socket_address_get_port (mapped);
  if (self->step == STEP_MAP)
    lifetime_go (self, STEP_SETTLE, now + PEERUP_NAT_LIFETIME_SETTLE);
  else if (!self->works)
    lifetime_go (self, STEP_CONTROL, G_MAXINT64);
  else
    lifetime_go (self, STEP_SILENCE, now + self->tried);
}

void
peerup_nat_lifetime_answered (PeerupNatLifetime *self, const PeerupSocketAddress *mapped, gint64 now)
{
  g_return_if_fail (self != NULL && mapped != NULL);

  if (!self->is_asked)
    return;
  if (self->step == STEP_MAP || self->step == STEP_MAP_TWO)
    lifetime_mapped (self, mapped, now);
  else if (self->step == STEP_CONTROL)
    {
      self->works = TRUE;
      lifetime_go (self, STEP_SILENCE, now + self->tried);
    }
  else if (self->step == STEP_PROBE)
    {
      self->proven = MAX (self->proven, self->tried);
      lifetime_begin_round (self, now);
    }
  else if (self->step == STEP_CHECK)
    {
      self->failed = self->tried;
      lifetime_begin_round (self, now);
    }
}

void
peerup_nat_lifetime_failed (PeerupNatLifetime *self, gint64 now)
{
  g_return_if_fail (self != NULL);

  if (!self->is_asked)
    return;
  if (self->step == STEP_PROBE)
    lifetime_go (self, STEP_CHECK, G_MAXINT64);
  else
    lifetime_give_up (self, now);
}

gint64
peerup_nat_lifetime_get_deadline (PeerupNatLifetime *self)
{
  g_return_val_if_fail (self != NULL, G_MAXINT64);

  if (waits (self->step))
    return self->at;
  return self->step == STEP_IDLE || self->step == STEP_KNOWN || self->is_asked ? G_MAXINT64 : 0;
}

gboolean
peerup_nat_lifetime_is_known (PeerupNatLifetime *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->step == STEP_KNOWN;
}

gint64
peerup_nat_lifetime_get (PeerupNatLifetime *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->proven;
}

gint64
peerup_nat_lifetime_get_keep_alive (PeerupNatLifetime *self)
{
  g_return_val_if_fail (self != NULL, 0);

  if (self->step != STEP_KNOWN)
    return 0;
  return CLAMP (self->proven / 4 * 3, PEERUP_NAT_KEEP_ALIVE_MIN, PEERUP_NAT_KEEP_ALIVE_MAX);
}

void
peerup_nat_lifetime_start (PeerupNatLifetime *self, gint64 at)
{
  g_return_if_fail (self != NULL);

  self->proven = 0;
  self->failed = 0;
  self->works = FALSE;
  lifetime_begin_round (self, at);
}

void
peerup_nat_lifetime_stop (PeerupNatLifetime *self)
{
  g_return_if_fail (self != NULL);

  if (self->step != STEP_KNOWN)
    lifetime_go (self, STEP_IDLE, G_MAXINT64);
}

PeerupNatLifetime *
peerup_nat_lifetime_new (void)
{
  PeerupNatLifetime *self = g_new0 (PeerupNatLifetime, 1);

  self->at = G_MAXINT64;
  return self;
}

void
peerup_nat_lifetime_free (PeerupNatLifetime *self)
{
  g_return_if_fail (self != NULL);

  g_free (self);
}
