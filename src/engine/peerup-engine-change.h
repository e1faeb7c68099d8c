/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "engine/peerup-sleep-monitor.h"

G_BEGIN_DECLS

/* What is done when something has changed around an engine: another network, a sleep, a clock that was set. The
 * cheapest comes first: QUIC moves (the swarm sees to that by itself), each path is asked for a sign of life, relays
 * that are not reached are tried again, the NAT is measured anew, and better paths are looked for. Each step may be
 * done again without harm. One for an engine that runs. */
typedef struct _PeerupEngineChange PeerupEngineChange;

/* Microseconds between two times that all of it is done: the first change is answered at once, those that follow
 * it together. */
#define PEERUP_ENGINE_CHANGE_INTERVAL G_USEC_PER_SEC
/* Microseconds asleep after which no peer has kept its end of a connection: QUIC's idle time, and more than any has
 * with streams. What is there then ends at once, so that what needs it connects anew rather than waits for answers. */
#define PEERUP_ENGINE_CHANGE_LONG_SLEEP (60 * (gint64) G_USEC_PER_SEC)

/* Of @engine, whose swarm, paths, NAT and relay client outlive it. */
PeerupEngineChange *peerup_engine_change_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_change_free (PeerupEngineChange *self);

/* PeerupSleepFunc, with the object as data: what its monitor tells, and who else knows. */
void peerup_engine_change_take (PeerupSleepEvent event, gint64 time, gpointer self);
/* How often everything was done; for tests. */
guint peerup_engine_change_get_n_healed (PeerupEngineChange *self);

G_END_DECLS
