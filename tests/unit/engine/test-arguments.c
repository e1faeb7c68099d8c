/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What people write for a peer and for a place to listen.
 */
#include "engine/peerup-arguments.h"

#include <string.h>

#define ID "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define CONFIG                                                            \
  "identity: {key_file: k}\n"                                             \
  "network: {listen_addresses: [/ip4/0.0.0.0/tcp/0]}\n"                   \
  "security: {enable_connection_gating: true, authorized_keys_file: a}\n" \
  "names: {nas: " ID "}\n"

static PeerupConfig *
make_config (void)
{
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = peerup_config_new_from_data (CONFIG, strlen (CONFIG), "/c/config.yaml", NULL, &error);

  g_assert_no_error (error);
  return config;
}

static void
assert_peer (const char *text, PeerupConfig *config, const char *expected_address)
{
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (GError) error = NULL;

  peer = peerup_peer_argument_parse (text, config, &address, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (peerup_peer_id_get_string (peer), ==, ID);
  g_assert_cmpstr (address != NULL ? peerup_multiaddr_get_string (address) : NULL, ==, expected_address);
}

static void
test_peer_forms (void)
{
  g_autoptr (PeerupConfig) config = make_config ();
  g_autoptr (PeerupPeerId) peer = peerup_peer_argument_parse (ID, NULL, NULL, NULL);

  assert_peer ("nas", config, NULL);
  assert_peer (ID, config, NULL);
  assert_peer (ID, NULL, NULL);
  assert_peer ("/p2p/" ID, NULL, NULL);
  assert_peer ("/ip4/192.0.2.1/tcp/4001/p2p/" ID, config, "/ip4/192.0.2.1/tcp/4001");
  g_assert_cmpstr (peerup_config_name_of_peer (config, peer), ==, "nas");
  g_assert_null (peerup_config_name_of_peer (NULL, peer));
}

static void
assert_no_peer (const char *text, PeerupConfig *config, PeerupError code, const char *words)
{
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_peer_argument_parse (text, config, &address, &error));
  g_assert_error (error, PEERUP_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (address);
}

static void
test_peer_errors (void)
{
  g_autoptr (PeerupConfig) config = make_config ();

  assert_no_peer ("sofa", config, PEERUP_ERROR_NOT_FOUND, "nas");
  assert_no_peer ("sofa", NULL, PEERUP_ERROR_NOT_FOUND, "--name");
  assert_no_peer ("", config, PEERUP_ERROR_NOT_FOUND, "");
  assert_no_peer (" " ID, config, PEERUP_ERROR_NOT_FOUND, ID);
  assert_no_peer ("/ip4/192.0.2.1/tcp/4001", config, PEERUP_ERROR_MALFORMED, "/p2p/");
  assert_no_peer ("/ip4/nonsense", config, PEERUP_ERROR_MALFORMED, "/ip4/nonsense");
}

static void
test_describe (void)
{
  g_autoptr (PeerupConfig) config = make_config ();
  g_autoptr (PeerupPeerId) peer = peerup_peer_argument_parse (ID, NULL, NULL, NULL);
  g_autofree char *named = peerup_peer_describe (config, peer);
  g_autofree char *bare = peerup_peer_describe (NULL, peer);

  g_assert_cmpstr (named, ==, "nas (" ID ")");
  g_assert_cmpstr (bare, ==, ID);
}

static void
assert_listen (const char *text, const char *address, guint port, gboolean loopback)
{
  g_autofree char *host = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_loopback;
  guint number;

  g_assert_true (peerup_listen_argument_parse (text, &host, &number, &is_loopback, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (host, ==, address);
  g_assert_cmpuint (number, ==, port);
  g_assert_cmpint (is_loopback, ==, loopback);
}

static void
test_listen_forms (void)
{
  assert_listen ("2222", NULL, 2222, TRUE);
  assert_listen ("0", NULL, 0, TRUE);
  assert_listen ("65535", NULL, 65535, TRUE);
  assert_listen ("localhost:80", NULL, 80, TRUE);
  assert_listen ("127.0.0.1:80", "127.0.0.1", 80, TRUE);
  assert_listen ("127.9.9.9:80", "127.9.9.9", 80, TRUE);
  assert_listen ("[::1]:80", "::1", 80, TRUE);
  assert_listen ("0.0.0.0:80", "0.0.0.0", 80, FALSE);
  assert_listen ("[::]:80", "::", 80, FALSE);
  assert_listen ("192.0.2.7:80", "192.0.2.7", 80, FALSE);
}

static void
test_listen_errors (void)
{
  const char *const bad[] = { "",          "65536",      "-1",        "+1",    "1x",        "0x50",
                              "host:80",   ":",          ":80",       "[::1]", "[::1]80",   "[::1:80",
                              "::1:80",    "127.0.0.1:", "[]:80",     "1 ",    " 1",        "127.0.0.1:99999",
                              "[::1]x:80", "a.b.c.d:80", "[1.2.3]:1", "::",    "127.0.0.1", "999999999999999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *host = NULL;
      g_autoptr (GError) error = NULL;
      gboolean loopback;
      guint port;

      g_assert_false (peerup_listen_argument_parse (bad[i], &host, &port, &loopback, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_nonnull (strstr (error->message, "127.0.0.1:2222"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/arguments/peer/forms", test_peer_forms);
  g_test_add_func ("/arguments/peer/errors", test_peer_errors);
  g_test_add_func ("/arguments/peer/describe", test_describe);
  g_test_add_func ("/arguments/listen/forms", test_listen_forms);
  g_test_add_func ("/arguments/listen/errors", test_listen_errors);
  return g_test_run ();
}
