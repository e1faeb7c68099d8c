/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-reactor.h"

G_BEGIN_DECLS

/* Tells when this machine's addresses or routes have changed (rtnetlink), so that what
 * depends on them looks again. Owned by whoever made it, in its thread. */
typedef struct _PeerupRouteMonitor PeerupRouteMonitor;

/* Called from the reactor, once for changes that follow each other within PEERUP_ROUTE_SETTLE, also when
 * nothing more than a lease was renewed. May free the monitor. */
typedef void (*PeerupRouteFunc) (gpointer data);

/* Microseconds of quiet after a change before it is told, */
#define PEERUP_ROUTE_SETTLE (50 * 1000)
/* or since the first one when there is no quiet. */
#define PEERUP_ROUTE_SETTLE_MAX (500 * 1000)

/* NULL where the system has no rtnetlink: G_IO_ERROR. */
PeerupRouteMonitor *
peerup_route_monitor_new (PeerupRouteFunc func, gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_route_monitor_free (PeerupRouteMonitor *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRouteMonitor, peerup_route_monitor_free)

G_END_DECLS
