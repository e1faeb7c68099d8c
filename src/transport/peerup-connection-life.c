/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Signs of life of a connection's peer: what its transport notes, and what it tells who watches. Nothing is
 * judged here, and no clock is read: a silence is an answer that is owed for too long, and how long that is
 * the watch knows. */

#include "transport/peerup-connection-private.h"

static void
life_tell (PeerupConnection *self)
{
  PeerupConnectionLife *life = peerup_connection_get_life (self);

  if (life->func != NULL)
    life->func (self, life->data);
}

void
peerup_connection_note_sent (PeerupConnection *self, gint64 now)
{
  PeerupConnectionLife *life = peerup_connection_get_life (self);

  if (life->owed_since != 0)
    return;
  life->owed_since = now;
  life_tell (self);
}

void
peerup_connection_note_heard (PeerupConnection *self, gint64 now)
{
  peerup_connection_get_life (self)->heard_at = now;
}

void
peerup_connection_note_answered (PeerupConnection *self, gint64 now, gboolean owes, gint64 since)
{
  PeerupConnectionLife *life = peerup_connection_get_life (self);
  gboolean owed = life->owed_since != 0;

  life->heard_at = life->answered_at = now;
  life->owed_since = owes ? since : 0;
  if (life->attentive || (owes && !owed))
    life_tell (self);
}

void
peerup_connection_note_settled (PeerupConnection *self)
{
  peerup_connection_get_life (self)->owed_since = 0;
}

void
peerup_connection_set_life_func (PeerupConnection *self, PeerupConnectionLifeFunc func, gpointer data)
{
  PeerupConnectionLife *life = peerup_connection_get_life (self);

  life->func = func;
  life->data = data;
}

void
peerup_connection_set_attentive (PeerupConnection *self, gboolean attentive)
{
  peerup_connection_get_life (self)->attentive = attentive;
}

static void
life_check (PeerupConnection *self)
{
  PeerupConnectionClass *klass = PEERUP_CONNECTION_GET_CLASS (self);

  if (klass->check_life != NULL && !peerup_connection_is_closed (self))
    klass->check_life (self);
}

gint64
peerup_connection_get_heard_at (PeerupConnection *self)
{
  return peerup_connection_get_life (self)->heard_at;
}

gint64
peerup_connection_get_answered_at (PeerupConnection *self)
{
  life_check (self);
  return peerup_connection_get_life (self)->answered_at;
}

gint64
peerup_connection_get_owed_since (PeerupConnection *self)
{
  life_check (self);
  return peerup_connection_get_life (self)->owed_since;
}

void
peerup_connection_note_use (PeerupConnection *self)
{
  peerup_connection_get_life (self)->used_at = g_get_monotonic_time ();
}

gint64
peerup_connection_get_used_at (PeerupConnection *self)
{
  return peerup_connection_get_life (self)->used_at;
}
