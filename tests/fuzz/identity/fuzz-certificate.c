/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Certificates as a peer sends them. No signature will fit after a change, so the parts
 * behind the signatures are fed by themselves too.
 */
#include "identity/peerup-certificate-parts.h"
#include "identity/peerup-certificate.h"
#include "identity/peerup-spki.h"

#define NOW G_GINT64_CONSTANT (1795219200)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupPublicKey) host = peerup_certificate_verify (data, size, NOW, NULL);
  PeerupCertificateParts parts;

  if (!peerup_certificate_parts_read (&parts, data, size, NULL))
    {
      g_assert_null (host);
      return 0;
    }
  if (host == NULL)
    {
      g_auto (gnutls_pubkey_t) key = peerup_spki_import (parts.spki.data, parts.spki.left, NULL);

      host = peerup_public_key_new_from_protobuf (parts.host_key.data, parts.host_key.left, NULL);
      if (host != NULL &&
          peerup_public_key_verify (host, data, size, parts.host_signature.data, parts.host_signature.left, NULL))
        g_assert_not_reached ();
    }
  return 0;
}
