/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What GetRelayService says, in words. */

/* (nullable): lines for "peerup status"; NULL for a device that relays for nobody and never has since
 * its start. @now: seconds since 1970. */
char *peerup_relay_service_format (GVariant *service, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): "4 of 128 reservations and 3 of 1024 circuits"; NULL where that is not said. */
char *peerup_relay_service_format_usage (GVariant *service) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): "12 reservations and 1 circuit"; NULL if nothing was refused. */
char *peerup_relay_service_format_refused (GVariant *service) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
