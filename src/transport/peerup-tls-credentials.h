/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>

G_BEGIN_DECLS

/* A certificate that the web understands, with its key: what a secure WebSocket shows outside. It
 * says nothing about a peer ID. Immutable, reference counted (atomic). */
typedef struct _PeerupTlsCredentials PeerupTlsCredentials;

/* Blocking, two small files, both PEM: the certificate, with those that lead to its authority
 * behind it, and the key, without a password. NOT_FOUND, PERMISSION, TOO_LARGE, MALFORMED; the
 * message names the file. */
PeerupTlsCredentials *peerup_tls_credentials_new_from_files (const char *certificate_file, const char *key_file,
                                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupTlsCredentials *peerup_tls_credentials_ref (PeerupTlsCredentials *self);
void peerup_tls_credentials_unref (PeerupTlsCredentials *self);
/* Borrowed, for a session that holds @self. */
gnutls_certificate_credentials_t peerup_tls_credentials_get (PeerupTlsCredentials *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupTlsCredentials, peerup_tls_credentials_unref)

G_END_DECLS
