/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (nullable): @service, what GetRelayService says, for people; NULL for a device that is no relay and
 * has not been one. @now: seconds since 1970. */
char *peerup_relay_own_format (GVariant *service, gint64 now) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
