/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "tunnel/peerup-service-private.h"

G_BEGIN_DECLS

/* Microseconds that a look at one's health takes at most to be waited for. */
#define PEERUP_SERVICE_HEALTH_WAIT (1 * (gint64) G_USEC_PER_SEC)

/* Whether something answers where a service is; the result is the service's property "health". No timer looks: it is
 * done when a service is added or switched on, and when somebody asks.
 *
 * At an address of the loopback the kernel says which ports listen, and nobody is disturbed: sshd would log each
 * connection and limit them. Elsewhere a connection is made and closed. */

/* Looks now, unless that was done just so. */
void peerup_service_health_look (PeerupService *service);
/* Looks at those of @services (of PeerupService) whose health is not known or has grown old: after a second on this
 * machine, else after ten. Resolves to TRUE when that is done, or after PEERUP_SERVICE_HEALTH_WAIT; never rejects. May
 * be dropped at any time. */
DexFuture *peerup_service_health_refresh (GListModel *services) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
