/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Streams that wait. Each is in its set from when it is added until its future settles or it is reset; a future that
 * settles later finds it marked as gone.
 */
#include "tunnel/peerup-held.h"

struct _PeerupHeldStreams
{
  PeerupHeldFunc func;
  gpointer owner;
  GQueue held; /* linked through them */
};

typedef struct
{
  PeerupHeldStreams *set; /* NULL once it waits no longer */
  PeerupConnection *connection;
  PeerupStream *stream;
  DexFuture *waiting;
  GList link;
  grefcount refs;
} Held;

static void
held_unref (gpointer data)
{
  Held *held = data;

  if (!g_ref_count_dec (&held->refs))
    return;
  g_assert (held->set == NULL);
  g_free (held);
}

/* (transfer full): it waits no longer. */
static PeerupStream *
held_take (Held *held)
{
  PeerupStream *stream = g_steal_pointer (&held->stream);

  g_queue_unlink (&held->set->held, &held->link);
  held->set = NULL;
  g_clear_object (&held->connection);
  dex_clear (&held->waiting);
  held_unref (held);
  return stream;
}

static DexFuture *
on_settled (DexFuture *future, gpointer data)
{
  Held *held = data;
  PeerupHeldStreams *set = held->set;
  g_autoptr (PeerupConnection) connection = NULL;

  if (set == NULL)
    return dex_future_new_true ();
  connection = g_object_ref (held->connection);
  set->func (connection, held_take (held), set->owner);
  return dex_future_new_true ();
}

PeerupHeldStreams *
peerup_held_streams_new (PeerupHeldFunc func, gpointer owner)
{
  PeerupHeldStreams *self = g_new0 (PeerupHeldStreams, 1);

  self->func = func;
  self->owner = owner;
  g_queue_init (&self->held);
  return self;
}

void
peerup_held_streams_free (PeerupHeldStreams *self)
{
  peerup_held_streams_reset (self, PEERUP_STREAM_CODE_NONE);
  g_free (self);
}

guint
peerup_held_streams_get_count (PeerupHeldStreams *self)
{
  return self->held.length;
}

void
peerup_held_streams_add (PeerupHeldStreams *self, PeerupConnection *connection, PeerupStream *stream, DexFuture *until)
{
  Held *held = g_new0 (Held, 1);
  g_autoptr (DexFuture) waiting = NULL;

  g_ref_count_init (&held->refs);
  held->link.data = held;
  held->set = self;
  held->connection = g_object_ref (connection);
  held->stream = stream;
  g_queue_push_tail_link (&self->held, &held->link);
  g_ref_count_inc (&held->refs);
  waiting = dex_future_finally (until, on_settled, held, held_unref);
  if (dex_future_is_pending (waiting))
    held->waiting = g_steal_pointer (&waiting);
}

void
peerup_held_streams_reset (PeerupHeldStreams *self, guint32 code)
{
  while (self->held.head != NULL)
    {
      g_autoptr (PeerupStream) stream = held_take (self->held.head->data);

      peerup_stream_reset (stream, code);
    }
}
