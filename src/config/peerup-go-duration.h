/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Durations as Go's time package writes them ("1h30m", "2m0s", "-1.5s"), the form
 * of every duration in the configuration file. Signed nanoseconds in 64 bits, so
 * about 292 years either way. */

/* An optional sign, then either "0" or one or more decimal numbers, each with an
 * optional fraction and one of the units ns, us, µs, ms, s, m, h. Digits past the
 * nanosecond are dropped. PEERUP_ERROR_MALFORMED if @text is anything else or the
 * sum does not fit. */
gboolean peerup_go_duration_parse (const char *text, gint64 *nanoseconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The form that Go prints: "0s", "1.5µs", "2m0s". */
char *peerup_go_duration_format (gint64 nanoseconds) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
