/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * GnuTLS's results as our errors. Stateless. GnuTLS's texts name no key and no bytes, so they
 * may be shown.
 */
#include "identity/peerup-gnutls.h"

gboolean
peerup_gnutls_check (int result, int code, const char *what, GError **error)
{
  if (result >= 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, code, "%s: %s", what, gnutls_strerror (result));
  return FALSE;
}
