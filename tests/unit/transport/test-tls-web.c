/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* TLS as the web has it: certificates from files, and streams that ask for no proof. */

#include <unistd.h>

#include "transport-test.h"
#include "transport/peerup-tls-stream.h"
#include "web-certificate.h"

typedef struct
{
  PeerupStream *raw;
  PeerupTlsWebOptions options;
} Side;

static DexFuture *
side_fiber (gpointer data)
{
  Side *self = data;
  g_autoptr (GError) error = NULL;
  PeerupStream *stream;

  self->options.deadline = test_deadline ();
  stream = peerup_tls_stream_handshake_web (self->raw, &self->options, &error);
  return stream != NULL ? dex_future_new_take_object (stream) : dex_future_new_for_error (g_steal_pointer (&error));
}

static DexFuture *
start (Side *side)
{
  return dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, side_fiber, side, NULL);
}

static PeerupTlsCredentials *
load (const WebCertificate *certificate)
{
  g_autoptr (GError) error = NULL;
  PeerupTlsCredentials *credentials =
    peerup_tls_credentials_new_from_files (certificate->certificate_file, certificate->key_file, &error);

  g_assert_no_error (error);
  return credentials;
}

/* With and without a name to ask for; what is no name is not asked for. */
static void
test_streams (void)
{
  static const char *const names[] = { NULL, "relay.example", "", "x..y" };
  g_auto (WebCertificate) certificate = { 0 };
  g_autoptr (PeerupTlsCredentials) credentials = NULL;

  web_certificate_init (&certificate);
  credentials = load (&certificate);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (PeerupStream) a = NULL;
      g_autoptr (PeerupStream) b = NULL;
      g_autoptr (PeerupStream) client = NULL;
      g_autoptr (PeerupStream) server = NULL;
      Side sides[2] = { { .options.server_name = names[i] }, { .options.credentials = credentials } };
      DexFuture *futures[2];

      peerup_pipe_stream_new_pair (1000, &a, &b);
      sides[0].raw = a;
      sides[1].raw = b;
      futures[0] = start (&sides[0]);
      futures[1] = start (&sides[1]);
      client = test_take_object (futures[0], NULL);
      server = test_take_object (futures[1], NULL);
      g_assert_nonnull (client);
      g_assert_nonnull (server);
      test_assert_writes (client, "hello");
      test_spin ();
      test_assert_reads (server, "hello");
      test_assert_writes (server, "you");
      test_spin ();
      test_assert_reads (client, "you");
    }
}

/* Neither side of libp2p's TLS takes it for that: a client of the web shows no certificate. */
static DexFuture *
peer_fiber (gpointer data)
{
  static const char *const alpn[] = { "libp2p", NULL };
  guint8 seed[32] = { 1 };
  g_autoptr (PeerupPrivateKey) identity = peerup_private_key_new_from_seed (seed, NULL);
  g_autoptr (PeerupCertificate) certificate = peerup_certificate_new (identity, NULL);
  const PeerupTlsOptions options = { .certificate = certificate, .alpn = alpn };
  g_autoptr (PeerupTlsStream) tls = peerup_tls_stream_new (data, &options);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_tls_stream_handshake (tls, NULL, 0, test_deadline (), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  peerup_stream_reset (data, 0);
  return dex_future_new_for_boolean (TRUE);
}

static void
test_not_a_peer (void)
{
  g_autoptr (PeerupStream) a = NULL;
  g_autoptr (PeerupStream) b = NULL;
  g_autoptr (GError) error = NULL;
  Side side = { 0 };
  DexFuture *client;

  peerup_pipe_stream_new_pair (100000, &a, &b);
  side.raw = a;
  client = start (&side);
  test_run_fiber (peer_fiber, b);
  error = test_take_error (client);
  g_assert_nonnull (error);
}

/* Files */

static void
assert_bad_files (const char *certificate_file, const char *key_file, int code, const char *culprit)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_tls_credentials_new_from_files (certificate_file, key_file, &error));
  g_assert_error (error, PEERUP_ERROR, code);
  g_assert_nonnull (strstr (error->message, culprit));
}

static void
test_files (void)
{
  g_auto (WebCertificate) one = { 0 };
  g_auto (WebCertificate) other = { 0 };
  g_autofree char *large = g_strnfill (1024 * 1024, '\n');

  web_certificate_init (&one);
  web_certificate_init (&other);
  assert_bad_files ("/absent.pem", one.key_file, PEERUP_ERROR_NOT_FOUND, "/absent.pem is not there");
  assert_bad_files (one.certificate_file, "/absent.pem", PEERUP_ERROR_NOT_FOUND, "/absent.pem is not there");
  assert_bad_files (one.key_file, one.key_file, PEERUP_ERROR_MALFORMED, "no certificate");
  assert_bad_files (one.certificate_file, one.certificate_file, PEERUP_ERROR_MALFORMED, "no private key");
  assert_bad_files (one.certificate_file, other.key_file, PEERUP_ERROR_MALFORMED, "does not belong");
  assert_bad_files (one.folder, one.key_file, PEERUP_ERROR_MALFORMED, one.folder);
  g_assert_true (g_file_set_contents (other.key_file, large, 1024 * 1024, NULL));
  assert_bad_files (one.certificate_file, other.key_file, PEERUP_ERROR_TOO_LARGE, other.key_file);
  g_assert_true (g_file_set_contents (other.key_file, "", 0, NULL));
  assert_bad_files (one.certificate_file, other.key_file, PEERUP_ERROR_MALFORMED, other.key_file);
}

/* What may not be read says so: not to root, who may. */
static void
test_unreadable (void)
{
  g_auto (WebCertificate) certificate = { 0 };

  if (geteuid () == 0)
    {
      g_test_skip ("root may read every file");
      return;
    }
  web_certificate_init (&certificate);
  g_assert_cmpint (g_chmod (certificate.key_file, 0), ==, 0);
  assert_bad_files (certificate.certificate_file, certificate.key_file, PEERUP_ERROR_PERMISSION, "may not be read");
}

static void
test_encrypted_key (void)
{
  static const char key[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                            "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg=\n"
                            "-----END ENCRYPTED PRIVATE KEY-----\n";
  g_auto (WebCertificate) certificate = { 0 };

  web_certificate_init (&certificate);
  g_assert_true (g_file_set_contents (certificate.key_file, key, -1, NULL));
  assert_bad_files (certificate.certificate_file, certificate.key_file, PEERUP_ERROR_MALFORMED, certificate.key_file);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/tls-web/streams", test_streams);
  g_test_add_func ("/tls-web/not-a-peer", test_not_a_peer);
  g_test_add_func ("/tls-web/files", test_files);
  g_test_add_func ("/tls-web/unreadable", test_unreadable);
  g_test_add_func ("/tls-web/encrypted-key", test_encrypted_key);
  return g_test_run ();
}
