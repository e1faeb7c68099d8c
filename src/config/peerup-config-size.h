/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sizes as people write them: "256MiB". */

/* Decimal digits and one of B (or nothing), KiB, MiB, GiB, TiB, in any case; KB to TB mean the
 * same powers of 1024, as they do in the original's files. FALSE for all else, and for what does
 * not fit. */
gboolean peerup_config_size_parse (const char *text, guint64 *bytes);
/* In the largest unit that says it exactly. */
char *peerup_config_size_format (guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
