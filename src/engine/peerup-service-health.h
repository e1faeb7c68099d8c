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
 * done when a service is added or switched on, when a session does not reach it, and when somebody asks.
 *
 * At an address of the loopback the kernel says which ports listen, and nobody is disturbed: sshd would log each
 * connection and limit them. Where it names none, and elsewhere, a connection is made and closed: what listens is not
 * all that may answer. "silent" is what has refused or not answered in time; what could not be asked is "unknown". */

/* Looks now, unless that was done just so. */
void peerup_service_health_look (PeerupService *service);
/* A session has not reached it: looks now if it was thought to answer, else as look() does. */
void peerup_service_health_doubt (PeerupService *service);
/* Whether what is known at @now (monotonic µs) is not known or has grown old: after a second on this machine, elsewhere
 * after ten, or a minute where it answers, and there not as long as it has streams. */
gboolean peerup_service_health_is_due (PeerupService *service, gint64 now);
/* Looks at those of @services (of PeerupService) that are due, with one reading of the kernel's lists. */
void peerup_service_health_look_all (GListModel *services);
/* The same. Resolves to TRUE when that is done, or after
 * PEERUP_SERVICE_HEALTH_WAIT; never rejects. May be dropped at any time. */
DexFuture *peerup_service_health_refresh (GListModel *services) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
