/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Makes the certificate that carries our identity (tls.md): one fresh ECDSA P-256 key a
 * process, in the shape go-libp2p gives it: a serial number as subject, the
 * extension not critical, valid from an hour ago for a hundred years. Alive as long
 * as a transport holds it. The new certificate must pass the checks we make on
 * others before it is handed out.
 */
#include "identity/peerup-certificate.h"

#include <string.h>

#include "identity/peerup-certificate-parts.h"
#include "identity/peerup-gnutls.h"

#define SERIAL_SIZE       8
#define BACKDATED_SECONDS 3600
#define VALID_SECONDS     (G_GINT64_CONSTANT (100) * 365 * 24 * 3600)
#define HOST_KEY_SIZE     36
#define OID_SERIAL_NUMBER "2.5.4.5" /* an attribute of a name, X.520 */

struct _PeerupCertificate
{
  gatomicrefcount ref_count;
  gnutls_certificate_credentials_t credentials;
  GBytes *der;
};

G_DEFINE_BOXED_TYPE (PeerupCertificate, peerup_certificate, peerup_certificate_ref, peerup_certificate_unref)

/* The public key as it will stand in the certificate, behind the prefix. */
static GByteArray *
dup_signed_message (gnutls_x509_crt_t certificate, GError **error)
{
  g_auto (gnutls_pubkey_t) key = NULL;
  g_auto (gnutls_datum_t) spki = { NULL, 0 };
  GByteArray *message;
  int result = gnutls_pubkey_init (&key);

  if (result >= 0)
    result = gnutls_pubkey_import_x509 (key, certificate, 0);
  if (result >= 0)
    result = gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &spki);
  if (!peerup_gnutls_check (result, PEERUP_ERROR_CRYPTO, "new certificate: key", error))
    return NULL;
  message = g_byte_array_new ();
  g_byte_array_append (message, (const guint8 *) PEERUP_CERTIFICATE_PREFIX, strlen (PEERUP_CERTIFICATE_PREFIX));
  return g_byte_array_append (message, spki.data, spki.size);
}

/* SignedKey of read_signed_key(); with an Ed25519 identity all its sizes are fixed. */
static gboolean
add_signed_key (gnutls_x509_crt_t certificate, PeerupPrivateKey *identity, GError **error)
{
  static const guint8 head[] = { 0x30, 4 + HOST_KEY_SIZE + PEERUP_ED25519_SIGNATURE_SIZE, 0x04, HOST_KEY_SIZE };
  static const guint8 middle[] = { 0x04, PEERUP_ED25519_SIGNATURE_SIZE };
  guint8 value[sizeof head + HOST_KEY_SIZE + sizeof middle + PEERUP_ED25519_SIGNATURE_SIZE];
  guint8 *at = value;
  gsize length;
  const guint8 *host_key = peerup_public_key_get_protobuf (peerup_private_key_get_public_key (identity), &length);
  g_autoptr (GByteArray) message = dup_signed_message (certificate, error);

  g_assert (length == HOST_KEY_SIZE);
  if (message == NULL)
    return FALSE;
  at = (guint8 *) mempcpy (at, head, sizeof head);
  at = (guint8 *) mempcpy (at, host_key, HOST_KEY_SIZE);
  at = (guint8 *) mempcpy (at, middle, sizeof middle);
  return peerup_private_key_sign (identity, message->data, message->len, at, error) &&
         peerup_gnutls_check (gnutls_x509_crt_set_extension_by_oid (certificate, PEERUP_CERTIFICATE_OID, value,
                                                                    sizeof value, 0),
                              PEERUP_ERROR_CRYPTO, "new certificate: extension", error);
}

static gboolean
describe (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, gint64 now, GError **error)
{
  guint8 serial[SERIAL_SIZE];
  g_autofree char *subject = NULL;
  int result = gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial);

  /* Positive, and of eight bytes: neither sign bit nor leading zero. */
  serial[0] = (serial[0] & 0x7f) | 0x40;
  subject = g_strdup_printf ("%" G_GUINT64_FORMAT, (guint64) g_random_int () << 32 | g_random_int ());
  if (result >= 0)
    result = gnutls_x509_crt_set_version (certificate, 3);
  if (result >= 0)
    result = gnutls_x509_crt_set_serial (certificate, serial, sizeof serial);
  if (result >= 0)
    result = gnutls_x509_crt_set_dn_by_oid (certificate, OID_SERIAL_NUMBER, 0, subject, strlen (subject));
  if (result >= 0)
    result = gnutls_x509_crt_set_activation_time (certificate, now - BACKDATED_SECONDS);
  if (result >= 0)
    result = gnutls_x509_crt_set_expiration_time (certificate, now + VALID_SECONDS);
  if (result >= 0)
    result = gnutls_x509_crt_set_key (certificate, key);
  return peerup_gnutls_check (result, PEERUP_ERROR_CRYPTO, "new certificate", error);
}

static gnutls_x509_privkey_t
generate_key (GError **error)
{
  g_auto (gnutls_x509_privkey_t) key = NULL;
  int result = gnutls_x509_privkey_init (&key);

  if (result >= 0)
    result = gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
  if (!peerup_gnutls_check (result, PEERUP_ERROR_CRYPTO, "new certificate: key", error))
    return NULL;
  return g_steal_pointer (&key);
}

/* Signs it with its own key and keeps both in @self. */
static gboolean
finish (PeerupCertificate *self, gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, GError **error)
{
  g_auto (gnutls_datum_t) der = { NULL, 0 };
  int result = gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0);

  if (result >= 0)
    result = gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_DER, &der);
  if (result >= 0)
    result = gnutls_certificate_allocate_credentials (&self->credentials);
  if (result >= 0)
    result = gnutls_certificate_set_x509_key (self->credentials, &certificate, 1, key);
  if (!peerup_gnutls_check (result, PEERUP_ERROR_CRYPTO, "new certificate", error))
    return FALSE;
  self->der = g_bytes_new (der.data, der.size);
  return TRUE;
}

static gboolean
check_own (PeerupCertificate *self, gint64 now, GError **error)
{
  gsize length;
  gconstpointer der = g_bytes_get_data (self->der, &length);
  g_autoptr (PeerupPublicKey) host = peerup_certificate_verify (der, length, now, error);

  return host != NULL;
}

PeerupCertificate *
peerup_certificate_new (PeerupPrivateKey *identity, GError **error)
{
  g_autoptr (PeerupCertificate) self = NULL;
  g_auto (gnutls_x509_crt_t) certificate = NULL;
  g_auto (gnutls_x509_privkey_t) key = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  g_return_val_if_fail (identity != NULL, NULL);

  self = g_new0 (PeerupCertificate, 1);
  g_atomic_ref_count_init (&self->ref_count);
  key = generate_key (error);
  if (key == NULL ||
      !peerup_gnutls_check (gnutls_x509_crt_init (&certificate), PEERUP_ERROR_LIMIT, "new certificate", error) ||
      !describe (certificate, key, now, error) || !add_signed_key (certificate, identity, error) ||
      !finish (self, certificate, key, error) || !check_own (self, now, error))
    return NULL;
  return g_steal_pointer (&self);
}

PeerupCertificate *
peerup_certificate_ref (PeerupCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_certificate_unref (PeerupCertificate *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->credentials, gnutls_certificate_free_credentials);
  g_clear_pointer (&self->der, g_bytes_unref);
  g_free (self);
}

gnutls_certificate_credentials_t
peerup_certificate_get_credentials (PeerupCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->credentials;
}

GBytes *
peerup_certificate_get_der (PeerupCertificate *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->der;
}
