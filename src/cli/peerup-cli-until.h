/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Ends as people write and read them; seconds since 1970, or PEERUP_EXPIRES_*. */

/* "2026-01-31T18:00:00Z" (any offset), or from @now on "1h30m" or "7d", or "forever". @option names where it was
 * written, in the error: MALFORMED, also for what is over already or after the year 9999. */
gboolean peerup_cli_parse_until (const char *text, const char *option, gint64 now, gint64 *until,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "until Sunday 18:00 (in 3 days)", "for ever", "ended 2 h ago", "ended: its end cannot be read". */
char *peerup_cli_format_until (gint64 until, gint64 now) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
