/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-der.h"

G_BEGIN_DECLS

/* Certificates above this are refused before they are parsed. */
#define PEERUP_CERTIFICATE_MAX (16 * 1024)

/* tls.md, "libp2p Public Key Extension". */
#define PEERUP_CERTIFICATE_OID    "1.3.6.1.4.1.53594.1.1"
#define PEERUP_CERTIFICATE_PREFIX "libp2p-tls-handshake:"

/* The parts of a certificate that are signed or signed over, exactly as they were
 * encoded; borrowed from the certificate's DER. */
typedef struct
{
  PeerupReader tbs;       /* with tag and length: what the certificate's own signature covers */
  PeerupReader spki;      /* with tag and length: what the host key signed, behind the prefix */
  PeerupReader signature; /* the certificate's own */
  PeerupReader host_key;  /* the libp2p extension's public key protobuf */
  PeerupReader host_signature;
  gint64 not_before; /* seconds since 1970, both ends valid */
  gint64 not_after;
} PeerupCertificateParts;

/* The whole of @der is one certificate of version 3 with the libp2p extension exactly
 * once and no critical extension that is not understood. MALFORMED, TOO_LARGE, UNSUPPORTED
 * (a critical extension, by its OID). */
gboolean peerup_certificate_parts_read (PeerupCertificateParts *self, gconstpointer der, gsize length,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
