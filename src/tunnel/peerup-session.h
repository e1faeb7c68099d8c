/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"
#include "transport/peerup-splice.h"

G_BEGIN_DECLS

/* What a service and a forward have in common: sessions, each of which begins with one
 * stream (near), waits for another (far), joins the two, and ends. The set belongs to a
 * GObject, whose notifications are frozen around every call below, so that no handler
 * runs while a session is being worked on. */
typedef struct _PeerupSessions PeerupSessions;
typedef struct _PeerupSession PeerupSession;

struct _PeerupSession
{
  PeerupSessions *set; /* borrowed; NULL once it has ended */
  PeerupPeerId *peer;
  PeerupStream *near;
  PeerupStream *far; /* NULL until it is joined */
  guint n_retries;   /* the owner's */

  /*< private >*/
  PeerupSplice *splice;
  guint64 ahead;    /* bytes that went before the two were joined */
  gint64 joined_at; /* monotonic µs */
  DexFuture *waiting;
  GList link;
  grefcount refs;
};

typedef struct
{
  /* The far stream is there, and bytes flow from now on. */
  void (*joined) (PeerupSession *session, gpointer owner);
  /* The far stream cannot be had: await another, or reset the session. */
  void (*refused) (PeerupSession *session, const GError *error, gpointer owner);
  /* Both directions have ended; @failed and @error as PeerupSpliceFunc has them. */
  void (*ended) (PeerupSession *session, PeerupStream *failed, const GError *error, gpointer owner);
  /* One session less, whatever ended it. @carried: microseconds that it was joined, -1 if it never was. */
  void (*removed) (gint64 carried, gpointer owner);
} PeerupSessionFuncs;

/* @funcs is static. @owner is borrowed. */
PeerupSessions *peerup_sessions_new (const PeerupSessionFuncs *funcs, GObject *owner) G_GNUC_WARN_UNUSED_RESULT;
/* There must be no session left. */
void peerup_sessions_free (PeerupSessions *self);
guint peerup_sessions_get_count (PeerupSessions *self);
/* Those that are joined. */
guint peerup_sessions_get_n_joined (PeerupSessions *self);
/* Bytes of all sessions, ended ones included. */
void peerup_sessions_get_bytes (PeerupSessions *self, guint64 *near_to_far, guint64 *far_to_near);
/* Resets those that @keep (nullable) does not want. */
typedef gboolean (*PeerupSessionFilter) (PeerupSession *session, gpointer owner);
void peerup_sessions_reset (PeerupSessions *self, PeerupSessionFilter keep, guint32 code);
/* Resolves to TRUE when no session is left; at @deadline (monotonic µs) those that are there
 * are reset with SHUTDOWN. Never rejects. Holds the owner. */
DexFuture *peerup_sessions_drain (PeerupSessions *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Sessions may stay: whoever waits for them to be drained is told that it is over. */
void peerup_sessions_stop_draining (PeerupSessions *self);

/* Takes @near. */
PeerupSession *peerup_sessions_add (PeerupSessions *self, PeerupPeerId *peer, PeerupStream *near);
/* Takes @far, a future of the far PeerupStream. The answer may come before this returns, and
 * the session be gone then. */
void peerup_session_await (PeerupSession *session, DexFuture *far);
/* Resets both streams with @code and forgets the session; "ended" is not called. */
void peerup_session_reset (PeerupSession *session, guint32 code);
/* Of this session: near to far, and back. */
void peerup_session_get_bytes (PeerupSession *session, guint64 *near_to_far, guint64 *far_to_near);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupSessions, peerup_sessions_free)

G_END_DECLS
