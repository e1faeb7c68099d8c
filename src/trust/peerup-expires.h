/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Values of an expiry next to seconds since 1970. */
#define PEERUP_EXPIRES_NEVER     G_MAXINT64
#define PEERUP_EXPIRES_MALFORMED G_MININT64 /* cannot be read, so it is in the past */

/* RFC 3339 ("2026-01-31T18:00:00Z", any offset; a fraction of a second is cut off) to seconds since 1970. */
gboolean peerup_expires_parse (const char *text, gint64 *seconds) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): the UTC form; NULL outside the years 1 to 9999. */
char *peerup_expires_format (gint64 seconds) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
