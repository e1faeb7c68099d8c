/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The life of one tunneled connection, and the set of those of one service or forward. A
 * session is in its set from peerup_sessions_add() until it ends; a future that answers
 * later finds it marked as ended. What a session cannot carry it resets: nothing here
 * turns a failure into an end of stream. */

#include "tunnel/peerup-session.h"

#include "transport/peerup-socket-stream.h"

struct _PeerupSessions
{
  const PeerupSessionFuncs *funcs;
  GObject *owner;
  GQueue sessions; /* linked through them */
  guint n_joined;
  guint64 near_to_far; /* of sessions that have ended */
  guint64 far_to_near;
  DexPromise *drained; /* while it drains */
};

PeerupSessions *
peerup_sessions_new (const PeerupSessionFuncs *funcs, GObject *owner)
{
  PeerupSessions *self = g_new0 (PeerupSessions, 1);

  self->funcs = funcs;
  self->owner = owner;
  g_queue_init (&self->sessions);
  return self;
}

void
peerup_sessions_free (PeerupSessions *self)
{
  g_assert (self->sessions.length == 0 && self->drained == NULL);
  g_free (self);
}

guint
peerup_sessions_get_count (PeerupSessions *self)
{
  return self->sessions.length;
}

guint
peerup_sessions_get_n_joined (PeerupSessions *self)
{
  return self->n_joined;
}

void
peerup_sessions_get_bytes (PeerupSessions *self, guint64 *near_to_far, guint64 *far_to_near)
{
  *near_to_far = self->near_to_far;
  *far_to_near = self->far_to_near;
  for (GList *l = self->sessions.head; l != NULL; l = l->next)
    {
      guint64 there;
      guint64 back;

      peerup_session_get_bytes (l->data, &there, &back);
      *near_to_far += there;
      *far_to_near += back;
    }
}

void
peerup_session_get_bytes (PeerupSession *session, guint64 *near_to_far, guint64 *far_to_near)
{
  *near_to_far = *far_to_near = 0;
  if (session->splice != NULL)
    peerup_splice_get_bytes (session->splice, near_to_far, far_to_near);
  *near_to_far += session->ahead;
}

PeerupSession *
peerup_sessions_add (PeerupSessions *self, PeerupPeerId *peer, PeerupStream *near)
{
  PeerupSession *session = g_new0 (PeerupSession, 1);

  g_ref_count_init (&session->refs);
  session->link.data = session;
  session->set = self;
  session->peer = peerup_peer_id_ref (peer);
  session->near = near;
  g_queue_push_tail_link (&self->sessions, &session->link);
  return session;
}

static void
session_unref (gpointer data)
{
  PeerupSession *session = data;

  if (!g_ref_count_dec (&session->refs))
    return;
  g_assert (session->set == NULL);
  peerup_peer_id_unref (session->peer);
  g_free (session);
}

/* The owner stays, and its handlers wait, while something happens to a session. */
static GObject *
owner_hold (PeerupSessions *self)
{
  g_object_freeze_notify (self->owner);
  return g_object_ref (self->owner);
}

static void
owner_release (GObject *owner)
{
  g_object_thaw_notify (owner);
  g_object_unref (owner);
}

void
peerup_sessions_stop_draining (PeerupSessions *self)
{
  g_autoptr (DexPromise) drained = g_steal_pointer (&self->drained);

  if (drained != NULL)
    dex_promise_resolve_boolean (drained, TRUE);
}

/* What is not closed is reset by the drop. */
static void
session_remove (PeerupSession *session)
{
  PeerupSessions *self = session->set;
  gint64 carried = session->splice != NULL ? g_get_monotonic_time () - session->joined_at : -1;
  guint64 there;
  guint64 back;

  peerup_session_get_bytes (session, &there, &back);
  self->near_to_far += there;
  self->far_to_near += back;
  self->n_joined -= session->splice != NULL;
  g_queue_unlink (&self->sessions, &session->link);
  session->set = NULL;
  g_clear_pointer (&session->splice, peerup_splice_free);
  g_clear_object (&session->near);
  g_clear_object (&session->far);
  dex_clear (&session->waiting);
  session_unref (session);

  if (self->sessions.length == 0)
    peerup_sessions_stop_draining (self);
  self->funcs->removed (carried, self->owner);
}

void
peerup_session_reset (PeerupSession *session, guint32 code)
{
  GObject *owner = owner_hold (session->set);

  if (session->splice != NULL)
    peerup_splice_cancel (session->splice, code);
  else
    peerup_stream_reset (session->near, code);
  session_remove (session);
  owner_release (owner);
}

static void
on_splice_ended (PeerupSplice *splice, PeerupStream *failed, const GError *error, gpointer data)
{
  PeerupSession *session = data;
  PeerupSessions *self = session->set;
  GObject *owner = owner_hold (self);

  self->funcs->ended (session, failed, error, owner);
  session_remove (session);
  owner_release (owner);
}

static void
session_join (PeerupSession *session, PeerupStream *far)
{
  session->far = g_object_ref (far);
  if (PEERUP_IS_SOCKET_STREAM (session->near))
    session->ahead = peerup_socket_stream_take_shown (PEERUP_SOCKET_STREAM (session->near));
  session->splice = peerup_splice_new (session->near, far, on_splice_ended, session);
  session->joined_at = g_get_monotonic_time ();
  session->set->n_joined++;
  session->set->funcs->joined (session, session->set->owner);
}

static DexFuture *
on_answer (DexFuture *future, gpointer data)
{
  PeerupSession *session = data;
  g_autoptr (GError) error = NULL;
  const GValue *value;
  GObject *owner;

  if (session->set == NULL)
    return dex_future_new_true ();

  owner = owner_hold (session->set);
  dex_clear (&session->waiting);
  value = dex_future_get_value (future, &error);
  if (value != NULL)
    session_join (session, g_value_get_object (value));
  else
    session->set->funcs->refused (session, error, owner);
  owner_release (owner);
  return dex_future_new_true ();
}

void
peerup_session_await (PeerupSession *session, DexFuture *far)
{
  g_autoptr (DexFuture) waiting = NULL;

  g_assert (session->waiting == NULL && session->splice == NULL);

  g_ref_count_inc (&session->refs);
  waiting = dex_future_finally (far, on_answer, session, session_unref);
  if (dex_future_is_pending (waiting))
    session->waiting = g_steal_pointer (&waiting);
}

void
peerup_sessions_reset (PeerupSessions *self, PeerupSessionFilter keep, guint32 code)
{
  GObject *owner = owner_hold (self);

  for (GList *l = self->sessions.head, *next; l != NULL; l = next)
    {
      next = l->next;
      if (keep == NULL || !keep (l->data, owner))
        peerup_session_reset (l->data, code);
    }
  owner_release (owner);
}

typedef struct
{
  PeerupSessions *set;
  GObject *owner; /* keeps the set */
} Drain;

static void
drain_free (gpointer data)
{
  Drain *drain = data;

  g_object_unref (drain->owner);
  g_free (drain);
}

static DexFuture *
on_drained (DexFuture *future, gpointer data)
{
  Drain *drain = data;

  if (dex_future_is_rejected (future) && drain->set->drained != NULL)
    peerup_sessions_reset (drain->set, NULL, PEERUP_STREAM_CODE_SHUTDOWN);
  return dex_future_new_true ();
}

DexFuture *
peerup_sessions_drain (PeerupSessions *self, gint64 deadline)
{
  DexFuture *first;
  Drain *drain;

  if (self->sessions.length == 0)
    return dex_future_new_true ();
  if (self->drained == NULL)
    self->drained = dex_promise_new ();
  drain = g_new (Drain, 1);
  *drain = (Drain) { self, g_object_ref (self->owner) };
  first = dex_future_first (dex_ref (DEX_FUTURE (self->drained)), dex_timeout_new_deadline (deadline), NULL);
  return dex_future_finally (first, on_drained, drain, drain_free);
}
