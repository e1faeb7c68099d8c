/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Our own certificate: its contents, and TLS 1.3 between two sessions in memory.
 */
#include "identity/peerup-certificate.h"

#include "identity/peerup-gnutls.h"

#include "identity-test.h"

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE"

static gint64
now_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static PeerupCertificate *
new_certificate (guint8 filling)
{
  g_autoptr (PeerupPrivateKey) key = test_key (filling);
  g_autoptr (GError) error = NULL;
  PeerupCertificate *certificate = peerup_certificate_new (key, &error);

  g_assert_no_error (error);
  return certificate;
}

static void
test_contents (void)
{
  g_autoptr (PeerupCertificate) one = new_certificate (1);
  g_autoptr (PeerupCertificate) two = new_certificate (1);
  g_auto (gnutls_x509_crt_t) certificate = NULL;
  gsize length;
  gconstpointer der = g_bytes_get_data (peerup_certificate_get_der (one), &length);
  gnutls_datum_t datum = { (guint8 *) der, length };
  gint64 now = now_seconds ();
  guint bits;

  g_assert_cmpint (gnutls_x509_crt_init (&certificate), >=, 0);
  g_assert_cmpint (gnutls_x509_crt_import (certificate, &datum, GNUTLS_X509_FMT_DER), >=, 0);
  g_assert_cmpint (gnutls_x509_crt_get_version (certificate), ==, 3);
  g_assert_cmpint (gnutls_x509_crt_get_pk_algorithm (certificate, &bits), ==, GNUTLS_PK_ECDSA);
  g_assert_cmpuint (bits, ==, 256);
  g_assert_cmpint (gnutls_x509_crt_get_signature_algorithm (certificate), ==, GNUTLS_SIGN_ECDSA_SHA256);
  g_assert_cmpint (gnutls_x509_crt_get_activation_time (certificate), <=, now - 3600);
  g_assert_cmpint (gnutls_x509_crt_get_expiration_time (certificate), >, now + 99 * 365LL * 86400);
  g_assert_false (g_bytes_equal (peerup_certificate_get_der (one), peerup_certificate_get_der (two)));
}

/* The dates lie on both sides of 2050, where their encoding changes. */
static void
test_verifies_at_both_ends (void)
{
  g_autoptr (PeerupCertificate) certificate = new_certificate (1);
  gsize length;
  gconstpointer der = g_bytes_get_data (peerup_certificate_get_der (certificate), &length);
  const gint64 now = now_seconds ();
  const gint64 hundred_years = 100 * 365LL * 86400;
  const struct
  {
    gint64 at;
    gboolean good;
  } times[] = { { now - 3700, FALSE },
                { now - 3500, TRUE },
                { now, TRUE },
                { now + hundred_years - 60, TRUE },
                { now + hundred_years + 60, FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autoptr (PeerupPublicKey) key = peerup_certificate_verify (der, length, times[i].at, NULL);

      g_assert_true ((key != NULL) == times[i].good);
    }
}

/* One end of a session in memory. */
typedef struct
{
  gnutls_session_t session;
  GByteArray *inbox;
  GByteArray *outbox; /* the other's inbox, borrowed */
  gboolean done;
} End;

static ssize_t
pull (gnutls_transport_ptr_t pointer, void *data, size_t size)
{
  End *end = pointer;

  if (end->inbox->len == 0)
    {
      gnutls_transport_set_errno (end->session, EAGAIN);
      return -1;
    }
  size = MIN (size, end->inbox->len);
  memcpy (data, end->inbox->data, size);
  g_byte_array_remove_range (end->inbox, 0, size);
  return size;
}

static ssize_t
push (gnutls_transport_ptr_t pointer, const void *data, size_t size)
{
  End *end = pointer;

  g_byte_array_append (end->outbox, data, size);
  return size;
}

static void
end_init (End *end, guint flags, gnutls_certificate_credentials_t credentials, End *other)
{
  g_assert_cmpint (gnutls_init (&end->session, flags | GNUTLS_NO_TICKETS), >=, 0);
  g_assert_cmpint (gnutls_priority_set_direct (end->session, PRIORITY, NULL), >=, 0);
  g_assert_cmpint (gnutls_credentials_set (end->session, GNUTLS_CRD_CERTIFICATE, credentials), >=, 0);
  gnutls_certificate_server_set_request (end->session, GNUTLS_CERT_REQUEST);
  end->inbox = g_byte_array_new ();
  other->outbox = end->inbox;
  gnutls_transport_set_ptr (end->session, end);
  gnutls_transport_set_pull_function (end->session, pull);
  gnutls_transport_set_push_function (end->session, push);
}

static void
end_clear (End *end)
{
  gnutls_deinit (end->session);
  g_byte_array_unref (end->inbox);
}

static void
shake_hands (End *client, End *server)
{
  for (guint i = 0; i < 20 && !(client->done && server->done); i++)
    {
      End *end = i % 2 == 0 ? client : server;
      int result = end->done ? 0 : gnutls_handshake (end->session);

      g_assert_true (result >= 0 || !gnutls_error_is_fatal (result));
      end->done = result >= 0;
    }
  g_assert_true (client->done && server->done);
}

static void
assert_peer (End *end, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPublicKey) key = peerup_certificate_verify_session (end->session, now_seconds (), &error);
  g_autoptr (PeerupPeerId) id = NULL;

  if (expected == NULL)
    {
      g_assert_null (key);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
      return;
    }
  g_assert_no_error (error);
  id = peerup_peer_id_new_from_public_key (key);
  g_assert_cmpstr (peerup_peer_id_get_string (id), ==, expected);
}

static void
test_session (void)
{
  g_autoptr (PeerupCertificate) alice = new_certificate (1);
  g_autoptr (PeerupCertificate) bob = new_certificate (2);
  End client = { 0 }, server = { 0 };

  end_init (&client, GNUTLS_CLIENT, peerup_certificate_get_credentials (alice), &server);
  end_init (&server, GNUTLS_SERVER, peerup_certificate_get_credentials (bob), &client);
  shake_hands (&client, &server);
  assert_peer (&client, BOB_ID);
  assert_peer (&server, ALICE_ID);
  end_clear (&client);
  end_clear (&server);
}

static void
test_session_without_certificate (void)
{
  g_autoptr (PeerupCertificate) bob = new_certificate (2);
  gnutls_certificate_credentials_t nothing;
  End client = { 0 }, server = { 0 };

  g_assert_cmpint (gnutls_certificate_allocate_credentials (&nothing), >=, 0);
  end_init (&client, GNUTLS_CLIENT, nothing, &server);
  end_init (&server, GNUTLS_SERVER, peerup_certificate_get_credentials (bob), &client);
  shake_hands (&client, &server);
  assert_peer (&client, BOB_ID);
  assert_peer (&server, NULL);
  end_clear (&client);
  end_clear (&server);
  gnutls_certificate_free_credentials (nothing);
}

/* The certificates of @one and @two as a chain, with the key of @one. */
static gnutls_certificate_credentials_t
new_chain (PeerupCertificate *one, PeerupCertificate *two)
{
  gnutls_certificate_credentials_t chained;
  gnutls_x509_privkey_t key;
  gnutls_privkey_t abstract;
  gnutls_pcert_st *pcerts = gnutls_calloc (2, sizeof *pcerts);
  PeerupCertificate *both[] = { one, two };

  for (gsize i = 0; i < G_N_ELEMENTS (both); i++)
    {
      gsize length;
      gconstpointer der = g_bytes_get_data (peerup_certificate_get_der (both[i]), &length);
      gnutls_datum_t datum = { (guint8 *) der, length };

      g_assert_cmpint (gnutls_pcert_import_x509_raw (&pcerts[i], &datum, GNUTLS_X509_FMT_DER, 0), >=, 0);
    }
  g_assert_cmpint (gnutls_certificate_get_x509_key (peerup_certificate_get_credentials (one), 0, &key), >=, 0);
  g_assert_cmpint (gnutls_privkey_init (&abstract), >=, 0);
  g_assert_cmpint (gnutls_privkey_import_x509 (abstract, key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE), >=, 0);
  g_assert_cmpint (gnutls_certificate_allocate_credentials (&chained), >=, 0);
  g_assert_cmpint (gnutls_certificate_set_key (chained, NULL, 0, pcerts, 2, abstract), >=, 0);
  gnutls_free (pcerts);
  return chained;
}

/* A chain of two certificates, each of which would do. */
static void
test_session_with_chain (void)
{
  g_autoptr (PeerupCertificate) alice = new_certificate (1);
  g_autoptr (PeerupCertificate) bob = new_certificate (2);
  gnutls_certificate_credentials_t chained = new_chain (alice, bob);
  End client = { 0 }, server = { 0 };

  end_init (&client, GNUTLS_CLIENT, chained, &server);
  end_init (&server, GNUTLS_SERVER, peerup_certificate_get_credentials (bob), &client);
  shake_hands (&client, &server);
  assert_peer (&server, NULL);
  end_clear (&client);
  end_clear (&server);
  gnutls_certificate_free_credentials (chained);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/own-certificate/contents", test_contents);
  g_test_add_func ("/identity/own-certificate/verifies-at-both-ends", test_verifies_at_both_ends);
  g_test_add_func ("/identity/own-certificate/session", test_session);
  g_test_add_func ("/identity/own-certificate/session-without-certificate", test_session_without_certificate);
  g_test_add_func ("/identity/own-certificate/session-with-chain", test_session_with_chain);
  return g_test_run ();
}
