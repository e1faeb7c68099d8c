/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-relay.h"
#include "engine/peerup-engine-stun.h"
#include "observe/peerup-metrics.h"

G_BEGIN_DECLS

/* What a relay gives to others, for Prometheus. */
typedef struct _PeerupRelayMetrics PeerupRelayMetrics;

/* @metrics outlives it. */
PeerupRelayMetrics *peerup_relay_metrics_new (PeerupMetrics *metrics) G_GNUC_WARN_UNUSED_RESULT;
void peerup_relay_metrics_free (PeerupRelayMetrics *self);
/* Nothing for an engine that has never relayed for anybody. */
void peerup_relay_metrics_collect (PeerupRelayMetrics *self, PeerupEngineRelay *relay, PeerupEngineStun *stun);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRelayMetrics, peerup_relay_metrics_free)

G_END_DECLS
