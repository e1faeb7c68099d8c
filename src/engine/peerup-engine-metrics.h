/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "observe/peerup-metrics.h"

G_BEGIN_DECLS

/* The figures of an engine for Prometheus; there while the configuration wants them. Nearly all are read
 * when they are asked for; the rest is counted by what happens from the beginning of this object on. No
 * peer is ever a label. */
typedef struct _PeerupEngineMetrics PeerupEngineMetrics;

/* Of @engine, which has its swarm and outlives it. */
PeerupEngineMetrics *peerup_engine_metrics_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_metrics_free (PeerupEngineMetrics *self);
/* (transfer full): what peerup_metrics_write() says now. */
char *peerup_engine_metrics_write (PeerupEngineMetrics *self, PeerupMetricsFormat format) G_GNUC_WARN_UNUSED_RESULT;
/* A request of another program was answered. @method: how it came ("DBUS"); @path: what was asked for; @status:
 * "ok", or what was wrong. @duration: microseconds. */
void peerup_engine_metrics_count_request (PeerupEngineMetrics *self, const char *method, const char *path,
                                          const char *status, gint64 duration);

/* (nullable) (transfer none): NULL while the engine is stopped, or nobody wants figures. */
PeerupEngineMetrics *peerup_engine_get_metrics (PeerupEngine *engine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupEngineMetrics, peerup_engine_metrics_free)

G_END_DECLS
