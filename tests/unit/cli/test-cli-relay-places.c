/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where a relay is found: what it listens on, told at the addresses it has. */
#include <string.h>

#include "cli/peerup-relay-places.h"

static PeerupConfig *
new_config (const char *listen, const char *announce)
{
  g_autofree char *text = g_strdup_printf ("version: 1\n"
                                           "identity:\n  key_file: identity.key\n"
                                           "network:\n  listen_addresses: [%s]\n"
                                           "relay:\n  announce: [%s]\n"
                                           "security:\n  authorized_keys_file: authorized_keys\n"
                                           "  enable_connection_gating: true\n",
                                           listen, announce);
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = peerup_config_new_from_data (text, strlen (text), "/tmp/config.yaml", NULL, &error);

  g_assert_no_error (error);
  return config;
}

static void
assert_addresses (PeerupConfig *config, const char *host, const char *wanted)
{
  g_autoptr (GPtrArray) addresses = peerup_relay_addresses_at (config, host);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (addresses->pdata[i]));
  g_assert_cmpstr (text->str, ==, wanted);
}

static void
test_any_address (void)
{
  g_autoptr (PeerupConfig) config =
    new_config ("/ip4/0.0.0.0/tcp/7777, /ip4/0.0.0.0/udp/7777/quic-v1, \"/ip6/::/tcp/7777\", /ip4/0.0.0.0/tcp/443/ws",
                "");

  assert_addresses (config, "203.0.113.7",
                    "/ip4/203.0.113.7/tcp/7777 /ip4/203.0.113.7/udp/7777/quic-v1 /ip4/203.0.113.7/tcp/443/ws");
  assert_addresses (config, "2001:db8::7", "/ip6/2001:db8::7/tcp/7777");
  assert_addresses (config, "relay.example.org",
                    "/dns/relay.example.org/tcp/7777 /dns/relay.example.org/udp/7777/quic-v1 "
                    "/dns/relay.example.org/tcp/443/ws");
}

static void
test_one_address (void)
{
  g_autoptr (PeerupConfig) config = new_config ("/ip4/203.0.113.7/tcp/7777, /ip4/127.0.0.1/tcp/7777", "");

  assert_addresses (config, "203.0.113.7", "/ip4/203.0.113.7/tcp/7777");
  assert_addresses (config, "203.0.113.8", "");
  assert_addresses (config, "2001:db8::7", "");
}

static void
test_announced (void)
{
  g_autoptr (PeerupConfig) config =
    new_config ("/ip4/0.0.0.0/tcp/7777", "/ip4/203.0.113.7/tcp/7777, /ip4/203.0.113.7/udp/7777/quic-v1, "
                                         "/dns/relay.example.org/tcp/7777");
  g_auto (GStrv) hosts = peerup_relay_announced_hosts (config);

  g_assert_cmpuint (g_strv_length (hosts), ==, 2);
  g_assert_cmpstr (hosts[0], ==, "203.0.113.7");
  g_assert_cmpstr (hosts[1], ==, "relay.example.org");
}

/* Whatever this machine has: no loopback, nothing that one link alone knows, no address twice. */
static void
test_own (void)
{
  gboolean public;
  g_auto (GStrv) hosts = peerup_relay_own_hosts (&public);

  for (guint i = 0; hosts[i] != NULL; i++)
    {
      g_assert_true (g_hostname_is_ip_address (hosts[i]));
      g_assert_false (g_str_has_prefix (hosts[i], "127."));
      g_assert_false (g_str_has_prefix (hosts[i], "fe80"));
      for (guint j = 0; j < i; j++)
        g_assert_cmpstr (hosts[i], !=, hosts[j]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/relay-places/any-address", test_any_address);
  g_test_add_func ("/cli/relay-places/one-address", test_one_address);
  g_test_add_func ("/cli/relay-places/announced", test_announced);
  g_test_add_func ("/cli/relay-places/own", test_own);
  return g_test_run ();
}
