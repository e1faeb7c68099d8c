/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* Says what happens in an engine by its signal "event", which it emits from the engine's main context alone and in
 * order: much of what happens, happens inside fibers, whose stacks are too small for a stranger's handler. */
#define PEERUP_TYPE_ENGINE_EVENTS (peerup_engine_events_get_type ())
G_DECLARE_FINAL_TYPE (PeerupEngineEvents, peerup_engine_events, PEERUP, ENGINE_EVENTS, GObject)

/* Of @engine, which it does not hold, with its lists and properties; the thread's default context is the engine's. */
PeerupEngineEvents *peerup_engine_events_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* The engine has another state. */
void peerup_engine_events_tell_state (PeerupEngineEvents *self);
/* @details: a{sv}; a floating one is consumed. The same thing twice in a row is told once. */
void peerup_engine_events_add (PeerupEngineEvents *self, const char *name, GVariant *details);

G_END_DECLS
