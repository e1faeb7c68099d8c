/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* What programs see that watch an engine: GET /healthz and GET /metrics, each where the
 * configuration wants it, and one port for both where that is the same. There is none of this while
 * neither is on. */
typedef struct _PeerupEngineObserver PeerupEngineObserver;

/* Makes the pages of @engine, which has its swarm, those that @config wants; NULL: none. A port
 * that cannot be had is a problem of the engine, and is tried again from time to time. */
void peerup_engine_observe (PeerupEngine *engine, PeerupConfig *config);

G_END_DECLS
