/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "observe/peerup-metrics.h"

G_BEGIN_DECLS

/* What services and forwards carry, by the name of the service, for Prometheus: the same names
 * on both ends of a tunnel. What is gone from the lists stays counted, so that no counter goes back. */
typedef struct _PeerupTunnelMetrics PeerupTunnelMetrics;

/* @services and @forwards: of PeerupService and PeerupForward. @metrics outlives it. */
PeerupTunnelMetrics *peerup_tunnel_metrics_new (PeerupMetrics *metrics, GListModel *services,
                                                GListModel *forwards) G_GNUC_WARN_UNUSED_RESULT;
void peerup_tunnel_metrics_free (PeerupTunnelMetrics *self);
void peerup_tunnel_metrics_collect (PeerupTunnelMetrics *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupTunnelMetrics, peerup_tunnel_metrics_free)

G_END_DECLS
