/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-gnutls.h"

G_BEGIN_DECLS

/* Sizes of an RSA modulus that are taken, in bits (go-libp2p's limits). */
#define PEERUP_RSA_BITS_MIN 2048
#define PEERUP_RSA_BITS_MAX 8192

/* The whole of @data is one SubjectPublicKeyInfo: RSA, elliptic curve or Ed25519. An RSA
 * modulus is measured in the DER first, so that no size of it costs arithmetic.
 * MALFORMED; TOO_LARGE (RSA above the maximum); UNSUPPORTED (other algorithms, RSA below the
 * minimum, curves GnuTLS does not know). */
gnutls_pubkey_t peerup_spki_import (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
