/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-connection.h"

G_BEGIN_DECLS

/* Whether relays still answer, found out by use: an idle connection is not asked anything here, because its
 * own keep-alive does that and each question wakes somebody's radio. What waits for an answer says so, and
 * when it has waited for the watch's patience the relay itself is asked for a sign of life. Without
 * any in the time of doubt it counts as silent, until there is one. Nothing is closed: the
 * transport does that in its own time, and a relay that comes back has lost no circuit. */
typedef struct _PeerupRelayWatch PeerupRelayWatch;

/* What to use, in microseconds; together less than the 5 s in which another relay is to take over. */
#define PEERUP_RELAY_WATCH_PATIENCE (2 * G_USEC_PER_SEC)
#define PEERUP_RELAY_WATCH_DOUBT    (2 * G_USEC_PER_SEC)

/* @relay has fallen silent, or is heard again. */
typedef void (*PeerupRelayWatchFunc) (PeerupPeerId *relay, gpointer data);

/* @patience, @doubt: µs. */
PeerupRelayWatch *peerup_relay_watch_new (gint64 patience, gint64 doubt, PeerupRelayWatchFunc changed,
                                          gpointer data) G_GNUC_WARN_UNUSED_RESULT;
PeerupRelayWatch *peerup_relay_watch_ref (PeerupRelayWatch *self);
void peerup_relay_watch_unref (PeerupRelayWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRelayWatch, peerup_relay_watch_unref)
/* The function is not called any more. */
void peerup_relay_watch_stop (PeerupRelayWatch *self);
gboolean peerup_relay_watch_is_silent (PeerupRelayWatch *self, PeerupConnection *connection);

/* One that waits for an answer on @connection, until it is freed. */
typedef struct _PeerupRelayWait PeerupRelayWait;
PeerupRelayWait *
peerup_relay_wait_new (PeerupRelayWatch *watch, PeerupConnection *connection) G_GNUC_WARN_UNUSED_RESULT;
/* Something else was faster: how it stands with the relay is asked at once. */
void peerup_relay_wait_give_up (PeerupRelayWait *self);
void peerup_relay_wait_free (PeerupRelayWait *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRelayWait, peerup_relay_wait_free)

G_END_DECLS
