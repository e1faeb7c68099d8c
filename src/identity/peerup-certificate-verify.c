/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What tls.md asks of the one certificate a peer shows. Stateless. GnuTLS stops short in
 * several places, so its chain verification is not used at all: a certificate that is its own
 * anchor passes it with a broken signature and with unknown critical extensions, and
 * name constraints take it quadratic time (CVE-2025-14831). It parses, and
 * checks single signatures over bytes that are cut here.
 * Errors: MALFORMED, TOO_LARGE, UNSUPPORTED, CRYPTO (a signature), PROTOCOL (dates, chain).
 */
#include "identity/peerup-certificate.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "identity/peerup-certificate-parts.h"
#include "identity/peerup-spki.h"

static gnutls_x509_crt_t
import_certificate (gconstpointer der, gsize length, GError **error)
{
  gnutls_datum_t datum = { (guint8 *) der, length };
  g_auto (gnutls_x509_crt_t) certificate = NULL;

  if (!peerup_gnutls_check (gnutls_x509_crt_init (&certificate), PEERUP_ERROR_LIMIT, "certificate", error) ||
      !peerup_gnutls_check (gnutls_x509_crt_import (certificate, &datum, GNUTLS_X509_FMT_DER), PEERUP_ERROR_MALFORMED,
                            "certificate", error))
    return NULL;
  return g_steal_pointer (&certificate);
}

static gboolean
check_validity (const PeerupCertificateParts *parts, gint64 now, GError **error)
{
  if (now < parts->not_before)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                           _ ("certificate is not valid yet: one of the two clocks is wrong"));
      return FALSE;
    }
  if (now > parts->not_after)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                           _ ("certificate has expired, or one of the two clocks is wrong"));
      return FALSE;
    }
  return TRUE;
}

/* The key that the host key vouched for must be the key that TLS uses. */
static gboolean
check_same_key (gnutls_x509_crt_t certificate, gnutls_pubkey_t key, GError **error)
{
  g_auto (gnutls_pubkey_t) of_certificate = NULL;
  g_auto (gnutls_datum_t) mine = { NULL, 0 };
  g_auto (gnutls_datum_t) theirs = { NULL, 0 };
  int result = gnutls_pubkey_init (&of_certificate);

  if (result >= 0)
    result = gnutls_pubkey_import_x509 (of_certificate, certificate, 0);
  if (result >= 0)
    result = gnutls_pubkey_export2 (of_certificate, GNUTLS_X509_FMT_DER, &theirs);
  if (result >= 0)
    result = gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &mine);
  if (!peerup_gnutls_check (result, PEERUP_ERROR_MALFORMED, "certificate: key", error))
    return FALSE;
  if (mine.size == theirs.size && memcmp (mine.data, theirs.data, mine.size) == 0)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("certificate: its key is ambiguous"));
  return FALSE;
}

static gboolean
check_own_signature (const PeerupCertificateParts *parts, gnutls_x509_crt_t certificate, GError **error)
{
  gnutls_datum_t tbs = { (guint8 *) parts->tbs.data, parts->tbs.left };
  gnutls_datum_t signature = { (guint8 *) parts->signature.data, parts->signature.left };
  int algorithm = gnutls_x509_crt_get_signature_algorithm (certificate);
  g_auto (gnutls_pubkey_t) key = peerup_spki_import (parts->spki.data, parts->spki.left, error);

  if (key == NULL)
    {
      g_prefix_error_literal (error, "certificate: ");
      return FALSE;
    }
  /* GnuTLS would still verify SHA-1. */
  if (algorithm <= GNUTLS_SIGN_UNKNOWN || !gnutls_sign_is_secure2 (algorithm, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                           _ ("certificate: signature algorithm is unknown or not secure any more"));
      return FALSE;
    }
  return check_same_key (certificate, key, error) &&
         peerup_gnutls_check (gnutls_pubkey_verify_data2 (key, algorithm, 0, &tbs, &signature), PEERUP_ERROR_CRYPTO,
                              "certificate: its own signature", error);
}

static gboolean
check_host_signature (const PeerupCertificateParts *parts, PeerupPublicKey *host, GError **error)
{
  const gsize prefix = strlen (PEERUP_CERTIFICATE_PREFIX);
  g_autofree guint8 *message = g_malloc (prefix + parts->spki.left);

  memcpy (message, PEERUP_CERTIFICATE_PREFIX, prefix);
  memcpy (message + prefix, parts->spki.data, parts->spki.left);
  if (peerup_public_key_verify (host, message, prefix + parts->spki.left, parts->host_signature.data,
                                parts->host_signature.left, error))
    return TRUE;
  g_prefix_error_literal (error, _ ("certificate: host key: "));
  return FALSE;
}

PeerupPublicKey *
peerup_certificate_verify (gconstpointer der, gsize length, gint64 now, GError **error)
{
  PeerupCertificateParts parts;
  g_auto (gnutls_x509_crt_t) certificate = NULL;
  g_autoptr (PeerupPublicKey) host = NULL;

  g_return_val_if_fail (der != NULL || length == 0, NULL);

  if (!peerup_certificate_parts_read (&parts, der, length, error))
    return NULL;
  host = peerup_public_key_new_from_protobuf (parts.host_key.data, parts.host_key.left, error);
  if (host == NULL)
    {
      g_prefix_error_literal (error, _ ("certificate: host key: "));
      return NULL;
    }
  certificate = import_certificate (der, length, error);
  if (certificate == NULL || !check_validity (&parts, now, error) ||
      !check_own_signature (&parts, certificate, error) || !check_host_signature (&parts, host, error))
    return NULL;
  return g_steal_pointer (&host);
}

PeerupPublicKey *
peerup_certificate_verify_session (gnutls_session_t session, gint64 now, GError **error)
{
  const gnutls_datum_t *chain = NULL;
  guint count = 0;

  g_return_val_if_fail (session != NULL, NULL);

  if (gnutls_certificate_type_get2 (session, GNUTLS_CTYPE_PEERS) == GNUTLS_CRT_X509)
    chain = gnutls_certificate_get_peers (session, &count);
  if (chain == NULL || count != 1)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, _ ("the peer showed %u certificates instead of one"),
                   chain == NULL ? 0 : count);
      return NULL;
    }
  return peerup_certificate_verify (chain[0].data, chain[0].size, now, error);
}
