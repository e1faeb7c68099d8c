/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* g_auto() for the GnuTLS types this floor and those above use; all start as NULL or {}. */
static inline void
peerup_gnutls_datum_clear (gnutls_datum_t *datum)
{
  gnutls_free (datum->data);
  datum->data = NULL;
  datum->size = 0;
}

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_pubkey_t, gnutls_pubkey_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_privkey_t, gnutls_privkey_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_x509_crt_t, gnutls_x509_crt_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_x509_privkey_t, gnutls_x509_privkey_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (gnutls_datum_t, peerup_gnutls_datum_clear)

/* Sets @error to @code with "@what: GnuTLS's reason" if @result is negative. */
gboolean peerup_gnutls_check (int result, int code, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* TLS 1.3 as every session of ours speaks it, over TCP and in QUIC. Borrowed; never freed. */
gnutls_priority_t peerup_gnutls_get_priority (void);

G_END_DECLS
