/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "transport/peerup-connection.h"

G_BEGIN_DECLS

/* Which connections are kept alive, and how often: those in use, those to relays of ours and from those whom we relay
 * for, and those that a forward needs, as rarely as the NAT allows. The others send nothing, and end some minutes after
 * the last thing that was sent on them. */
typedef struct _PeerupEngineKeep PeerupEngineKeep;

/* Microseconds since the last stream after which a connection is not in use, and how often that is looked at. */
#define PEERUP_ENGINE_KEEP_UNUSED (600 * (gint64) G_USEC_PER_SEC)
#define PEERUP_ENGINE_KEEP_LOOK   (300 * (gint64) G_USEC_PER_SEC)

/* Of @engine, whose swarm, relays and NAT outlive it. */
PeerupEngineKeep *peerup_engine_keep_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_keep_free (PeerupEngineKeep *self);
/* Looks now, as if it were @now (monotonic µs). */
void peerup_engine_keep_look (PeerupEngineKeep *self, gint64 now);
/* Whether @connection is to be kept at @now. */
gboolean peerup_engine_keep_wants (PeerupEngineKeep *self, PeerupConnection *connection, gint64 now);

G_END_DECLS
