/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>
#include <gnutls/x509.h>

/* A self-signed certificate and its key as a person would make them, in files of a folder that
 * goes with them. */
typedef struct
{
  char *folder;
  char *certificate_file;
  char *key_file;
} WebCertificate;

static inline void
web_certificate_write (const char *path, const gnutls_datum_t *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, (const char *) text->data, text->size, &error);
  g_assert_no_error (error);
  gnutls_free (text->data);
}

static inline void
web_certificate_init (WebCertificate *self)
{
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gnutls_datum_t text;
  time_t now = g_get_real_time () / G_USEC_PER_SEC;

  self->folder = g_dir_make_tmp ("peerup-web-XXXXXX", NULL);
  self->certificate_file = g_build_filename (self->folder, "certificate.pem", NULL);
  self->key_file = g_build_filename (self->folder, "key.pem", NULL);
  g_assert_cmpint (gnutls_x509_privkey_init (&key), ==, 0);
  g_assert_cmpint (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                                 GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
                   ==, 0);
  g_assert_cmpint (gnutls_x509_crt_init (&certificate), ==, 0);
  gnutls_x509_crt_set_version (certificate, 3);
  gnutls_x509_crt_set_serial (certificate, "\x01", 1);
  gnutls_x509_crt_set_activation_time (certificate, now - 3600);
  gnutls_x509_crt_set_expiration_time (certificate, now + 86400);
  gnutls_x509_crt_set_dn (certificate, "CN=relay.example", NULL);
  gnutls_x509_crt_set_key (certificate, key);
  g_assert_cmpint (gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &text), ==, 0);
  web_certificate_write (self->certificate_file, &text);
  g_assert_cmpint (gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, 0, &text), ==, 0);
  web_certificate_write (self->key_file, &text);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);
}

static inline void
web_certificate_clear (WebCertificate *self)
{
  if (self->folder == NULL)
    return;
  g_unlink (self->certificate_file);
  g_unlink (self->key_file);
  g_rmdir (self->folder);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->certificate_file, g_free);
  g_clear_pointer (&self->key_file, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WebCertificate, web_certificate_clear)
