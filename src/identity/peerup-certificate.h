/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gnutls/gnutls.h>

#include "identity/peerup-private-key.h"

G_BEGIN_DECLS

/* The self-signed X.509 certificate that carries a libp2p identity (tls.md):
 * ECDSA P-256, fresh per process, with the host key's signature in extension
 * 1.3.6.1.4.1.53594.1.1. One object is shared by TLS over TCP and by QUIC.
 * Immutable, reference counted. */
typedef struct _PeerupCertificate PeerupCertificate;

#define PEERUP_TYPE_CERTIFICATE (peerup_certificate_get_type ())
GType peerup_certificate_get_type (void);

PeerupCertificate *peerup_certificate_new (PeerupPrivateKey *identity, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupCertificate *peerup_certificate_ref (PeerupCertificate *self);
void peerup_certificate_unref (PeerupCertificate *self);
/* Borrowed; holds exactly this certificate and key, no trust anchors. */
gnutls_certificate_credentials_t peerup_certificate_get_credentials (PeerupCertificate *self);
GBytes *peerup_certificate_get_der (PeerupCertificate *self);

/* Checks everything tls.md asks of the one certificate of a chain: size, validity at
 * @now (seconds since 1970), its own signature, no unknown critical extension, the
 * libp2p extension exactly once, the host key's signature over the SPKI. Returns the
 * host key. GnuTLS does not do this by itself: the .c says where it stops short. */
PeerupPublicKey *
peerup_certificate_verify (gconstpointer der, gsize length, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a session whose handshake is under way or done: exactly one certificate. */
PeerupPublicKey *
peerup_certificate_verify_session (gnutls_session_t session, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupCertificate, peerup_certificate_unref)

G_END_DECLS
