/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Certificate and key of a secure WebSocket, read from files that somebody else keeps: certbot,
 * or openssl by hand. They are read once, whole, and not followed. Whether anybody trusts the
 * certificate, and for how long, is not judged here. */

#include "transport/peerup-tls-credentials.h"

#include <gio/gio.h>
#include <gnutls/x509.h>

#include "wire/peerup-error.h"

/* A chain of a few certificates has some 10 KiB. */
#define FILE_MAX (1024 * 1024)

struct _PeerupTlsCredentials
{
  gatomicrefcount ref_count;
  gnutls_certificate_credentials_t credentials;
};

PeerupTlsCredentials *
peerup_tls_credentials_ref (PeerupTlsCredentials *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_tls_credentials_unref (PeerupTlsCredentials *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  gnutls_certificate_free_credentials (self->credentials);
  g_free (self);
}

gnutls_certificate_credentials_t
peerup_tls_credentials_get (PeerupTlsCredentials *self)
{
  return self->credentials;
}

static gboolean
explain_unreadable (const char *path, const GError *local, GError **error)
{
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, "%s is not there", path);
  else if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
                 "%s may not be read by this user: change its owner, or its group and mode", path);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%s cannot be read: %s", path, local->message);
  return FALSE;
}

/* As a string, which a key never stays in longer than it has to. */
static gboolean
read_file (const char *path, gnutls_datum_t *text, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) local = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, &local);
  gsize size = 0;

  text->data = g_malloc (FILE_MAX);
  if (stream == NULL || !g_input_stream_read_all (G_INPUT_STREAM (stream), text->data, FILE_MAX, &size, NULL, &local))
    return explain_unreadable (path, local, error);
  text->size = size;
  if (size < FILE_MAX)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, "%s is not a certificate or key: it is too large", path);
  return FALSE;
}

static void
forget (gnutls_datum_t *text)
{
  if (text->data != NULL)
    gnutls_memset (text->data, 0, FILE_MAX);
  g_clear_pointer (&text->data, g_free);
}

/* GnuTLS says one thing for both files, so that each is looked at by itself first. */
static gboolean
check_certificate (const char *path, const gnutls_datum_t *text, GError **error)
{
  gnutls_x509_crt_t *chain = NULL;
  unsigned int n = 0;
  int result = gnutls_x509_crt_list_import2 (&chain, &n, text, GNUTLS_X509_FMT_PEM, 0);

  for (unsigned int i = 0; result >= 0 && i < n; i++)
    gnutls_x509_crt_deinit (chain[i]);
  gnutls_free (chain);
  if (result >= 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%s has no certificate in PEM form: %s", path,
               gnutls_strerror (result));
  return FALSE;
}

static gboolean
check_key (const char *path, const gnutls_datum_t *text, GError **error)
{
  gnutls_x509_privkey_t key = NULL;
  int result = gnutls_x509_privkey_init (&key);

  if (result >= 0)
    result = gnutls_x509_privkey_import2 (key, text, GNUTLS_X509_FMT_PEM, NULL, 0);
  gnutls_x509_privkey_deinit (key);
  if (result >= 0)
    return TRUE;
  if (result == GNUTLS_E_DECRYPTION_FAILED)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%s has a password: write the key without one", path);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%s has no private key in PEM form: %s", path,
                 gnutls_strerror (result));
  return FALSE;
}

static PeerupTlsCredentials *
credentials_new (const gnutls_datum_t *certificate, const gnutls_datum_t *key, int *result)
{
  g_autoptr (PeerupTlsCredentials) self = g_new0 (PeerupTlsCredentials, 1);

  g_atomic_ref_count_init (&self->ref_count);
  if (gnutls_certificate_allocate_credentials (&self->credentials) < 0)
    g_error ("GnuTLS cannot allocate credentials");
  *result = gnutls_certificate_set_x509_key_mem2 (self->credentials, certificate, key, GNUTLS_X509_FMT_PEM, NULL, 0);
  return *result >= 0 ? g_steal_pointer (&self) : NULL;
}

PeerupTlsCredentials *
peerup_tls_credentials_new_from_files (const char *certificate_file, const char *key_file, GError **error)
{
  gnutls_datum_t certificate = { NULL, 0 }, key = { NULL, 0 };
  PeerupTlsCredentials *self = NULL;
  int result;

  g_return_val_if_fail (certificate_file != NULL && key_file != NULL, NULL);
  if (read_file (certificate_file, &certificate, error) && check_certificate (certificate_file, &certificate, error) &&
      read_file (key_file, &key, error) && check_key (key_file, &key, error))
    {
      self = credentials_new (&certificate, &key, &result);
      if (self == NULL)
        g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "the key in %s does not belong to %s: %s", key_file,
                     certificate_file, gnutls_strerror (result));
    }
  forget (&certificate);
  forget (&key);
  return self;
}
