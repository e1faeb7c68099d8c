/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether @path ends in .png or .svg, in any case. */
gboolean peerup_qr_file_is_known (const char *path);
/* Draws @text as a QR code into such a file, which is replaced whole and for its owner alone to read: who sees the
 * picture has what is in it. TOO_LARGE for a text that is too long; G_FILE_ERROR. Blocking. */
gboolean peerup_qr_file_write (const char *path, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
