/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Cuts a libp2p certificate (RFC 5280, 4.1; tls.md) into the parts whose exact bytes
 * are signed, and walks its extensions, one linear pass. Proves nothing: the signatures are checked, and the dates
 * compared, in peerup-certificate-verify.c. Refuses extensions that are critical and not understood, which GnuTLS lets
 * pass when a certificate is its own anchor.
 */
#include "identity/peerup-certificate-parts.h"

#include <glib/gi18n-lib.h>

#include "wire/peerup-error.h"

static const guint8 oid_libp2p[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xa2, 0x5a, 0x01, 0x01 };
/* TLS itself enforces the key's usage; what a certificate authority may do says nothing about
 * a certificate that is trusted for its own extension. */
static const guint8 oid_key_usage[] = { 0x55, 0x1d, 0x0f };
static const guint8 oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };

static gboolean
malformed (GError **error, const char *text)
{
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "certificate: %s", text);
  return FALSE;
}

/* SignedKey ::= SEQUENCE { publicKey OCTET STRING, signature OCTET STRING } */
static gboolean
read_signed_key (PeerupCertificateParts *self, PeerupReader value, GError **error)
{
  PeerupReader fields;

  if (self->host_key.data != NULL)
    return malformed (error, "the libp2p extension stands in it twice");
  if (!peerup_der_read (&value, PEERUP_DER_SEQUENCE, &fields, NULL) || value.left != 0 ||
      !peerup_der_read (&fields, PEERUP_DER_OCTET_STRING, &self->host_key, NULL) ||
      !peerup_der_read (&fields, PEERUP_DER_OCTET_STRING, &self->host_signature, NULL) || fields.left != 0)
    return malformed (error, "the libp2p extension is not a key and a signature");
  return TRUE;
}

static gboolean
read_critical (PeerupReader *extension, gboolean *critical)
{
  PeerupReader value;

  if (!peerup_der_read_optional (extension, PEERUP_DER_BOOLEAN, &value))
    return FALSE;
  *critical = value.data != NULL && value.left == 1 && value.data[0] != 0;
  return value.data == NULL || value.left == 1;
}

static gboolean
read_extension (PeerupCertificateParts *self, PeerupReader extension, GError **error)
{
  PeerupReader oid, value;
  gboolean critical;
  g_autofree char *name = NULL;

  if (!peerup_der_read (&extension, PEERUP_DER_OID, &oid, NULL) || !read_critical (&extension, &critical) ||
      !peerup_der_read (&extension, PEERUP_DER_OCTET_STRING, &value, NULL) || extension.left != 0)
    return malformed (error, "an extension is not valid DER");
  if (peerup_der_equal (&oid, oid_libp2p, sizeof oid_libp2p))
    return read_signed_key (self, value, error);
  if (!critical || peerup_der_equal (&oid, oid_key_usage, sizeof oid_key_usage) ||
      peerup_der_equal (&oid, oid_basic_constraints, sizeof oid_basic_constraints))
    return TRUE;
  name = peerup_der_oid_to_string (&oid);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
               _ ("certificate: critical extension %s is not understood"), name);
  return FALSE;
}

static gboolean
read_extensions (PeerupCertificateParts *self, PeerupReader extensions, GError **error)
{
  PeerupReader list, extension;

  if (!peerup_der_read (&extensions, PEERUP_DER_SEQUENCE, &list, NULL) || extensions.left != 0)
    return malformed (error, "the extensions are not valid DER");
  while (list.left > 0)
    {
      if (!peerup_der_read (&list, PEERUP_DER_SEQUENCE, &extension, NULL))
        return malformed (error, "the extensions are not valid DER");
      if (!read_extension (self, extension, error))
        return FALSE;
    }
  if (self->host_key.data == NULL)
    return malformed (error, "it has no libp2p extension");
  return TRUE;
}

static gboolean
read_validity (PeerupCertificateParts *self, PeerupReader *tbs)
{
  PeerupReader validity;

  return peerup_der_read (tbs, PEERUP_DER_SEQUENCE, &validity, NULL) &&
         peerup_der_read_time (&validity, &self->not_before) && peerup_der_read_time (&validity, &self->not_after) &&
         validity.left == 0;
}

/* Serial number, algorithm, issuer, validity, subject, key, the two unique identifiers. */
static gboolean
read_before_extensions (PeerupCertificateParts *self, PeerupReader *tbs)
{
  PeerupReader skipped;

  return peerup_der_read (tbs, PEERUP_DER_INTEGER, NULL, NULL) &&
         peerup_der_read (tbs, PEERUP_DER_SEQUENCE, NULL, NULL) &&
         peerup_der_read (tbs, PEERUP_DER_SEQUENCE, NULL, NULL) && read_validity (self, tbs) &&
         peerup_der_read (tbs, PEERUP_DER_SEQUENCE, NULL, NULL) &&
         peerup_der_read (tbs, PEERUP_DER_SEQUENCE, NULL, &self->spki) &&
         peerup_der_read_optional (tbs, PEERUP_DER_CONTEXT_1_PRIMITIVE, &skipped) &&
         peerup_der_read_optional (tbs, PEERUP_DER_CONTEXT_2_PRIMITIVE, &skipped);
}

static gboolean
read_tbs (PeerupCertificateParts *self, PeerupReader tbs, GError **error)
{
  PeerupReader version, extensions;

  if (!peerup_der_read (&tbs, PEERUP_DER_CONTEXT_0, &version, NULL) || !peerup_der_equal (&version, "\x02\x01\x02", 3))
    return malformed (error, "it is not of version 3");
  if (!read_before_extensions (self, &tbs) || !peerup_der_read_optional (&tbs, PEERUP_DER_CONTEXT_3, &extensions) ||
      tbs.left != 0)
    return malformed (error, "it is not valid DER, or a date is not valid");
  if (extensions.data == NULL)
    return malformed (error, "it has no libp2p extension");
  return read_extensions (self, extensions, error);
}

gboolean
peerup_certificate_parts_read (PeerupCertificateParts *self, gconstpointer der, gsize length, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (der, length);
  PeerupReader certificate, tbs;

  *self = (PeerupCertificateParts) { 0 };
  if (length > PEERUP_CERTIFICATE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("certificate of %zu bytes, at most %d are taken"),
                   length, PEERUP_CERTIFICATE_MAX);
      return FALSE;
    }
  if (!peerup_der_read (&reader, PEERUP_DER_SEQUENCE, &certificate, NULL) || reader.left != 0 ||
      !peerup_der_read (&certificate, PEERUP_DER_SEQUENCE, &tbs, &self->tbs) ||
      !peerup_der_read (&certificate, PEERUP_DER_SEQUENCE, NULL, NULL) ||
      !peerup_der_read_bits (&certificate, &self->signature) || certificate.left != 0)
    return malformed (error, "it is not valid DER");
  return read_tbs (self, tbs, error);
}
