/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A QR code as a picture in a file, of the kind that the file's name says.
 */
#include "cli/peerup-qr-file.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "identity/peerup-atomic-file.h"
#include "qr/peerup-qr.h"

static gboolean
ends_in (const char *path, const char *suffix)
{
  gsize length = strlen (path), n = strlen (suffix);

  return length > n && g_ascii_strcasecmp (path + length - n, suffix) == 0;
}

gboolean
peerup_qr_file_is_known (const char *path)
{
  return ends_in (path, ".png") || ends_in (path, ".svg");
}

gboolean
peerup_qr_file_write (const char *path, const char *text, GError **error)
{
  g_autoptr (GBytes) picture =
    ends_in (path, ".png") ? peerup_qr_to_png (text, PEERUP_QR_MODULE_SIZE) : peerup_qr_to_svg (text);

  if (picture != NULL)
    return peerup_atomic_file_replace (path, g_bytes_get_data (picture, NULL), g_bytes_get_size (picture), error);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("the code is too long for a QR code"));
  return FALSE;
}
