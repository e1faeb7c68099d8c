/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Known attack: clients and servers made with bare GnuTLS that have one thing wrong
 * with their certificate or their hello. All are refused, in both roles. */

#include "transport-test.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "identity/peerup-certificate-parts.h"
#include "transport/peerup-tls-stream.h"

typedef enum
{
  FAULT_NONE,
  FAULT_CHAIN,
  FAULT_EXPIRED,
  FAULT_CRITICAL,
  FAULT_CORRUPT,
  FAULT_NO_EXTENSION,
  FAULT_WRONG_KEY, /* the extension signs another key */
  FAULT_NO_CERTIFICATE,
  FAULT_TLS12,
  FAULT_NO_ALPN,
} Fault;

typedef struct
{
  PeerupStream *raw;
  Fault fault;
  gboolean is_client;
  gnutls_certificate_credentials_t credentials;
  gnutls_session_t session;
  int result;
} Bad;

static ssize_t
bad_pull (gnutls_transport_ptr_t pointer, void *buffer, size_t count)
{
  Bad *bad = pointer;
  g_autoptr (GError) error = NULL;
  gssize n = peerup_stream_read (bad->raw, buffer, count, &error);

  if (n < 0)
    gnutls_transport_set_errno (bad->session,
                                g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? EAGAIN : EIO);
  return n;
}

static ssize_t
bad_push (gnutls_transport_ptr_t pointer, const void *buffer, size_t count)
{
  Bad *bad = pointer;
  gssize n = peerup_stream_write (bad->raw, buffer, count, NULL);

  if (n < 0)
    gnutls_transport_set_errno (bad->session, EIO);
  return n;
}

static int
bad_pull_timeout (gnutls_transport_ptr_t pointer, unsigned int milliseconds)
{
  return 1;
}

static int
accept_anybody (gnutls_session_t session)
{
  return 0;
}

/* The libp2p extension for @key. */
static void
set_extension (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, PeerupPrivateKey *identity)
{
  static const guint8 head[] = { 0x30, 0x68, 0x04, 0x24 };
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GByteArray) value = g_byte_array_new ();
  gnutls_pubkey_t public_key;
  gnutls_privkey_t private_key;
  gnutls_datum_t spki;
  guint8 signature[64];
  gsize length;
  const guint8 *host = peerup_public_key_get_protobuf (peerup_private_key_get_public_key (identity), &length);

  gnutls_privkey_init (&private_key);
  gnutls_pubkey_init (&public_key);
  gnutls_privkey_import_x509 (private_key, key, 0);
  gnutls_pubkey_import_privkey (public_key, private_key, 0, 0);
  g_assert_cmpint (gnutls_pubkey_export2 (public_key, GNUTLS_X509_FMT_DER, &spki), >=, 0);
  g_byte_array_append (message, (const guint8 *) PEERUP_CERTIFICATE_PREFIX, strlen (PEERUP_CERTIFICATE_PREFIX));
  g_byte_array_append (message, spki.data, spki.size);
  g_assert_true (peerup_private_key_sign (identity, message->data, message->len, signature, NULL));
  g_assert_cmpuint (length, ==, 36);
  g_byte_array_append (value, head, sizeof head);
  g_byte_array_append (value, host, length);
  g_byte_array_append (value, (const guint8 *) "\x04\x40", 2);
  g_byte_array_append (value, signature, sizeof signature);
  g_assert_cmpint (gnutls_x509_crt_set_extension_by_oid (certificate, PEERUP_CERTIFICATE_OID, value->data, value->len,
                                                         0),
                   >=, 0);
  gnutls_free (spki.data);
  gnutls_pubkey_deinit (public_key);
  gnutls_privkey_deinit (private_key);
}

static gnutls_x509_privkey_t
make_key (void)
{
  gnutls_x509_privkey_t key;

  gnutls_x509_privkey_init (&key);
  g_assert_cmpint (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                                 GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
                   >=, 0);
  return key;
}

static gnutls_x509_crt_t
make_certificate (gnutls_x509_privkey_t key, PeerupPrivateKey *identity, Fault fault)
{
  time_t now = g_get_real_time () / G_USEC_PER_SEC;
  gnutls_x509_crt_t certificate;
  gnutls_x509_privkey_t other = make_key ();
  gnutls_datum_t der;

  gnutls_x509_crt_init (&certificate);
  gnutls_x509_crt_set_version (certificate, 3);
  gnutls_x509_crt_set_serial (certificate, "\x2a", 1);
  gnutls_x509_crt_set_activation_time (certificate, now - 7200);
  gnutls_x509_crt_set_expiration_time (certificate, fault == FAULT_EXPIRED ? now - 3600 : now + 3600);
  gnutls_x509_crt_set_key (certificate, key);
  if (fault != FAULT_NO_EXTENSION)
    set_extension (certificate, fault == FAULT_WRONG_KEY ? other : key, identity);
  if (fault == FAULT_CRITICAL)
    gnutls_x509_crt_set_extension_by_oid (certificate, "1.3.6.1.4.1.53594.9.9", "\x05\x00", 2, 1);
  g_assert_cmpint (gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0), >=, 0);
  gnutls_x509_privkey_deinit (other);
  if (fault != FAULT_CORRUPT)
    return certificate;
  g_assert_cmpint (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_DER, &der), >=, 0);
  der.data[der.size - 1] ^= 1;
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_crt_init (&certificate);
  g_assert_cmpint (gnutls_x509_crt_import (certificate, &der, GNUTLS_X509_FMT_DER), >=, 0);
  gnutls_free (der.data);
  return certificate;
}

static void
bad_set_certificate (Bad *bad, PeerupPrivateKey *identity)
{
  gnutls_x509_privkey_t key = make_key ();
  gnutls_x509_crt_t chain[2] = { make_certificate (key, identity, bad->fault),
                                 make_certificate (key, identity, FAULT_NONE) };

  guint n = bad->fault == FAULT_CHAIN ? 2 : 1;
  gnutls_pcert_st list[2];
  gnutls_privkey_t private_key;

  /* By way of this type, for GnuTLS leaves out what does not belong in a chain otherwise. */
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (gnutls_pcert_import_x509 (&list[i], chain[i], 0), >=, 0);
  gnutls_privkey_init (&private_key);
  g_assert_cmpint (gnutls_privkey_import_x509 (private_key, key, GNUTLS_PRIVKEY_IMPORT_COPY), >=, 0);
  g_assert_cmpint (gnutls_certificate_set_key (bad->credentials, NULL, 0, list, n, private_key), >=, 0);
  gnutls_x509_crt_deinit (chain[0]);
  gnutls_x509_crt_deinit (chain[1]);
  gnutls_x509_privkey_deinit (key);
}

static void
bad_init (Bad *bad, PeerupPrivateKey *identity)
{
  gnutls_datum_t alpn = { (unsigned char *) "libp2p", 6 };

  gnutls_init (&bad->session, (bad->is_client ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS);
  gnutls_certificate_allocate_credentials (&bad->credentials);
  gnutls_certificate_set_verify_function (bad->credentials, accept_anybody);
  if (bad->fault != FAULT_NO_CERTIFICATE)
    bad_set_certificate (bad, identity);
  g_assert_cmpint (gnutls_priority_set_direct (bad->session,
                                               bad->fault == FAULT_TLS12 ? "NORMAL:-VERS-ALL:+VERS-TLS1.2" : "NORMAL",
                                               NULL),
                   >=, 0);
  gnutls_credentials_set (bad->session, GNUTLS_CRD_CERTIFICATE, bad->credentials);
  if (!bad->is_client)
    gnutls_certificate_server_set_request (bad->session, GNUTLS_CERT_REQUEST);
  if (bad->fault != FAULT_NO_ALPN)
    gnutls_alpn_set_protocols (bad->session, &alpn, 1, 0);
  gnutls_transport_set_ptr (bad->session, bad);
  gnutls_transport_set_pull_function (bad->session, bad_pull);
  gnutls_transport_set_push_function (bad->session, bad_push);
  gnutls_transport_set_pull_timeout_function (bad->session, bad_pull_timeout);
  gnutls_handshake_set_timeout (bad->session, GNUTLS_INDEFINITE_TIMEOUT);
}

static void
bad_clear (Bad *bad)
{
  gnutls_deinit (bad->session);
  gnutls_certificate_free_credentials (bad->credentials);
  g_clear_object (&bad->raw);
}

static DexFuture *
bad_fiber (gpointer data)
{
  Bad *bad = data;

  do
    {
      bad->result = gnutls_handshake (bad->session);
      if (bad->result == GNUTLS_E_AGAIN && !peerup_stream_await_readable (bad->raw, test_deadline (), NULL))
        break;
    }
  while (bad->result < 0 && !gnutls_error_is_fatal (bad->result));
  if (bad->result < 0)
    {
      gnutls_alert_send_appropriate (bad->session, bad->result);
      peerup_stream_close_write (bad->raw);
    }
  return dex_future_new_for_boolean (TRUE);
}

typedef struct
{
  PeerupStream *raw;
  PeerupTlsOptions options;
  PeerupStream *stream;
  GError *error;
} Good;

static DexFuture *
good_fiber (gpointer data)
{
  Good *good = data;

  g_autoptr (PeerupTlsStream) tls = peerup_tls_stream_new (good->raw, &good->options);

  if (peerup_tls_stream_handshake (tls, NULL, 0, test_deadline (), &good->error))
    good->stream = PEERUP_STREAM (g_steal_pointer (&tls));
  return dex_future_new_for_boolean (TRUE);
}

/* (transfer full): why our side refused; NULL if it did not. */
static GError *
meet (Fault fault, gboolean is_client, Bad *bad, Good *good)
{
  static const char *const alpn[] = { "/yamux/1.0.0", "libp2p", NULL };
  static const guint8 ours[32] = { 1 }, theirs[32] = { 2 };
  g_autoptr (PeerupPrivateKey) identity = peerup_private_key_new_from_seed (ours, NULL);
  g_autoptr (PeerupPrivateKey) other = peerup_private_key_new_from_seed (theirs, NULL);
  g_autoptr (PeerupCertificate) certificate = peerup_certificate_new (identity, NULL);
  DexFuture *futures[2];

  *bad = (Bad) { .fault = fault, .is_client = is_client };
  *good = (Good) { .options = { .certificate = certificate,
                                .outbound = !is_client,
                                .expected_peer = is_client ? NULL : peerup_private_key_get_peer_id (other),
                                .alpn = alpn } };
  peerup_pipe_stream_new_pair (1000000, &bad->raw, &good->raw);
  bad_init (bad, other);
  futures[0] = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, bad_fiber, bad, NULL);
  futures[1] = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, good_fiber, good, NULL);
  dex_unref (test_finish (futures[1]));
  if (good->stream == NULL)
    g_clear_object (&good->raw);
  dex_unref (test_finish (futures[0]));
  return g_steal_pointer (&good->error);
}

static void
part (Bad *bad, Good *good)
{
  bad_clear (bad);
  g_clear_object (&good->stream);
  g_clear_object (&good->raw);
}

static const struct
{
  const char *name;
  Fault fault;
  int code; /* as PeerupError */
} faults[] = {
  { "chain-of-two", FAULT_CHAIN, PEERUP_ERROR_PROTOCOL },
  { "expired", FAULT_EXPIRED, PEERUP_ERROR_PROTOCOL },
  { "unknown-critical-extension", FAULT_CRITICAL, PEERUP_ERROR_UNSUPPORTED },
  { "corrupt-self-signature", FAULT_CORRUPT, PEERUP_ERROR_CRYPTO },
  { "no-libp2p-extension", FAULT_NO_EXTENSION, PEERUP_ERROR_MALFORMED },
  { "extension-over-wrong-key", FAULT_WRONG_KEY, PEERUP_ERROR_CRYPTO },
  { "tls-1.2", FAULT_TLS12, PEERUP_ERROR_PROTOCOL },
};

static void
test_fault (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);

  for (guint is_client = 0; is_client < 2; is_client++)
    {
      Bad bad;
      Good good;
      g_autoptr (GError) error = meet (faults[i].fault, is_client, &bad, &good);

      g_test_message ("%s", error != NULL ? error->message : "taken");
      g_assert_error (error, PEERUP_ERROR, faults[i].code);
      g_assert_null (good.stream);
      part (&bad, &good);
    }
}

/* That the above fail for their faults alone. */
static void
test_none (void)
{
  for (guint is_client = 0; is_client < 2; is_client++)
    {
      Bad bad;
      Good good;
      g_autoptr (GError) error = meet (FAULT_NONE, is_client, &bad, &good);

      g_assert_no_error (error);
      g_assert_cmpint (bad.result, ==, 0);
      g_assert_cmpstr (peerup_tls_stream_get_alpn (PEERUP_TLS_STREAM (good.stream)), ==, "libp2p");
      part (&bad, &good);
    }
}

static void
test_no_certificate (void)
{
  Bad bad;
  Good good;
  g_autoptr (GError) error = meet (FAULT_NO_CERTIFICATE, TRUE, &bad, &good);

  g_test_message ("%s", error != NULL ? error->message : "taken");
  g_assert_true (error != NULL && error->domain == PEERUP_ERROR);
  g_assert_null (good.stream);
  part (&bad, &good);
}

/* TLS over TCP may do without: multistream-select has agreed on TLS already. */
static void
test_no_alpn (void)
{
  for (guint is_client = 0; is_client < 2; is_client++)
    {
      Bad bad;
      Good good;
      g_autoptr (GError) error = meet (FAULT_NO_ALPN, is_client, &bad, &good);

      g_assert_no_error (error);
      g_assert_null (peerup_tls_stream_get_alpn (PEERUP_TLS_STREAM (good.stream)));
      part (&bad, &good);
    }
}

/* A peer may have both sides' keys changed at any time. */
static void
test_key_update (void)
{
  Bad bad;
  Good good;
  g_autoptr (GError) error = meet (FAULT_NONE, TRUE, &bad, &good);
  char bytes[16];
  gssize n;

  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (gnutls_session_key_update (bad.session, GNUTLS_KU_PEER), ==, 0);
      g_assert_cmpint (gnutls_record_send (bad.session, "new", 3), ==, 3);
      test_assert_reads (good.stream, "new");
      test_assert_blocks (good.stream);
      g_assert_cmpuint (peerup_tls_stream_get_held (PEERUP_TLS_STREAM (good.stream)), ==, 0);
      test_assert_writes (good.stream, "keys");
      do
        n = gnutls_record_recv (bad.session, bytes, sizeof bytes);
      while (n == GNUTLS_E_AGAIN && peerup_pipe_stream_get_pending (PEERUP_PIPE_STREAM (bad.raw)) > 0);
      g_assert_cmpint (n, ==, 4);
    }
  part (&bad, &good);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/tls-peers/none", test_none);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tls-peers/%s", faults[i].name);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_fault);
    }
  g_test_add_func ("/tls-peers/no-client-certificate", test_no_certificate);
  g_test_add_func ("/tls-peers/no-alpn", test_no_alpn);
  g_test_add_func ("/tls-peers/key-update", test_key_update);
  return g_test_run ();
}
