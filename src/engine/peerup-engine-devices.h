/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "engine/peerup-engine.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* The devices that authorized_keys lists, for who shows them: when each was connected last, kept over restarts, and one
 * signal for what no other object tells of. There as long as its engine, at work from the start to the end of a run.
 *
 * Signals:
 *   "changed" (PeerupPeerId *peer): what is to be said of that device may be another; of any, and which relays are
 * used, where @peer is NULL. Also emitted in fibers, so handlers only take note of it. */
#define PEERUP_TYPE_ENGINE_DEVICES (peerup_engine_devices_get_type ())
G_DECLARE_FINAL_TYPE (PeerupEngineDevices, peerup_engine_devices, PEERUP, ENGINE_DEVICES, GObject)

/* @engine owns it. */
PeerupEngineDevices *peerup_engine_devices_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* The engine has its trust and its swarm: reads the file of the last run, which blocks, and follows the connections. */
void peerup_engine_devices_begin (PeerupEngineDevices *self);
/* The engine's connections are closed, its trust is still there. Resolves to TRUE when what is to be kept has been
 * written, or could not be; never rejects. */
DexFuture *peerup_engine_devices_stop (PeerupEngineDevices *self) G_GNUC_WARN_UNUSED_RESULT;
/* The entries of authorized_keys in force are others: those who are no longer listed are forgotten. */
void peerup_engine_devices_review (PeerupEngineDevices *self);
/* Emits "changed". @peer: nullable */
void peerup_engine_devices_touch (PeerupEngineDevices *self, PeerupPeerId *peer);
/* Seconds since 1970 when it was connected last, and of one that is, since when; 0: never. */
gint64 peerup_engine_devices_get_last_seen (PeerupEngineDevices *self, PeerupPeerId *peer);

G_END_DECLS
