/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Ends of grants in words. Times are seconds since 1970. Pure. */

/* "Until 18:00", "Until 18:00 tomorrow", "Until Sunday, 18:00", "Until 3 May 2027, 18:00"; "Always" for 0. @zone: in
 * which people read it. (transfer full) */
char *peerup_until_format (gint64 until, gint64 now, GTimeZone *zone) G_GNUC_WARN_UNUSED_RESULT;
/* When the day that is so many @days after @now is over, but a minute. */
gint64 peerup_until_end_of_day (gint64 now, int days, GTimeZone *zone);

G_END_DECLS
