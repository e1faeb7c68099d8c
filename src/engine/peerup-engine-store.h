/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "config/peerup-config-store.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* Changes of the configuration by the running engine: written in a worker thread, one after the other, taken into use
 * as soon as they are there, and taken back if they are not confirmed in time. Whatever else changes the file, once it
 * is in use it is archived. Belongs to the engine's thread, from the start to the end of a run. */
typedef struct _PeerupEngineStore PeerupEngineStore;

/* Before the configuration is read: takes back what was not confirmed. What it did, or could not, becomes a problem;
 * a configuration that cannot be read is told by who reads it. */
void peerup_engine_store_recover (PeerupEngine *engine);

/* A start by what waits to be confirmed has failed: takes it back at once, lest whoever starts the daemon again gives
 * up before its time is over. Nothing where nothing waits. */
void peerup_engine_store_give_up (PeerupEngine *engine);

PeerupEngineStore *peerup_engine_store_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* From now on, when @engine has this one: follows what waits to be confirmed, and archives what was started with. */
void peerup_engine_store_begin (PeerupEngineStore *self);
/* Rejects what is queued, and what comes, with CLOSED. Resolves to TRUE when what is being written has been; never
 * rejects. */
DexFuture *peerup_engine_store_stop (PeerupEngineStore *self) G_GNUC_WARN_UNUSED_RESULT;
/* Once it has stopped. */
void peerup_engine_store_free (PeerupEngineStore *self);

/* The file was changed by an operation of @engine: takes it into use at once, and archives it as changed by @who for
 * @cause. */
void peerup_engine_store_reload (PeerupEngine *engine, const char *who, const char *cause);
/* The engine has taken a configuration into use. */
void peerup_engine_store_took (PeerupEngineStore *self);

/* @timeout: microseconds to confirm it, 0 for none; @who, @cause: see PeerupConfigChange. Resolves to whether the file
 * has another text (boolean) when it is in use. Rejects as peerup_config_store_apply(), and with CLOSED if the engine
 * stops. */
DexFuture *peerup_engine_store_apply (PeerupEngineStore *self, const char *text, gint64 timeout, const char *who,
                                      const char *cause) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to TRUE. Rejects as peerup_config_store_confirm(). */
DexFuture *peerup_engine_store_confirm (PeerupEngineStore *self, const char *who) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to TRUE when the old one is in use. Rejects as peerup_config_store_rollback(). */
DexFuture *
peerup_engine_store_rollback (PeerupEngineStore *self, guint number, const char *who) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer none): for what only looks at the files. */
PeerupConfigStore *peerup_engine_store_get_files (PeerupEngineStore *self);
/* Seconds since 1970 when what waits to be confirmed is taken back; 0 if nothing waits. */
gint64 peerup_engine_store_get_deadline (PeerupEngineStore *self);

/* For tests: another clock, and what happens when the time may be over. */
typedef void (*PeerupEngineStoreClock) (PeerupConfigNow *now, gpointer data);
void peerup_engine_store_set_clock (PeerupEngineStore *self, PeerupEngineStoreClock clock, gpointer data);
void peerup_engine_store_review (PeerupEngineStore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupEngineStore, peerup_engine_store_free)

G_END_DECLS
