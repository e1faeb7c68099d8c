/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The relays of a configuration, put together by peer, and how one of them is meant. */
#include <string.h>

#include "cli/peerup-relay-entries.h"

#define A "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define B "12D3KooWAeqveYWGV6iDpYHQd7EnmVRiT2mXNvYEeNq62HFaFKN2"

static PeerupConfig *
new_config (const char *relays, const char *names)
{
  g_autofree char *text = g_strdup_printf ("version: 1\n"
                                           "identity:\n  key_file: identity.key\n"
                                           "network:\n  listen_addresses: [/ip4/0.0.0.0/tcp/0]\n"
                                           "relay:\n  addresses: [%s]\n"
                                           "security:\n  authorized_keys_file: authorized_keys\n"
                                           "  enable_connection_gating: true\n"
                                           "names: {%s}\n",
                                           relays, names);
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = peerup_config_new_from_data (text, strlen (text), "/tmp/config.yaml", NULL, &error);

  g_assert_no_error (error);
  return config;
}

#define TWO                                                                                                            \
  "/ip4/203.0.113.7/tcp/7777/p2p/" A ", /ip4/203.0.113.8/tcp/7000/p2p/" B ", /ip4/203.0.113.7/udp/7777/quic-v1/p2p/" A \
  ", /ip6/2001:db8::7/tcp/7000/p2p/" A

static void
test_grouped (void)
{
  g_autoptr (PeerupConfig) config = new_config (TWO, "vps: " A);
  g_autoptr (GPtrArray) entries = peerup_relay_entries_new (config);
  PeerupRelayEntry *first = entries->pdata[0], *second = entries->pdata[1];
  g_autofree char *places = peerup_relay_entry_format_places (first);

  g_assert_cmpuint (entries->len, ==, 2);
  g_assert_cmpstr (peerup_peer_id_get_string (first->peer), ==, A);
  g_assert_cmpuint (first->number, ==, 1);
  g_assert_cmpuint (first->addresses->len, ==, 3);
  g_assert_cmpstr (peerup_relay_entry_get_label (first), ==, "vps");
  g_assert_cmpstr (places, ==, "203.0.113.7, [2001:db8::7]:7000");
  g_assert_cmpuint (second->number, ==, 2);
  g_assert_cmpuint (second->addresses->len, ==, 1);
  g_assert_cmpstr (peerup_relay_entry_get_label (second), ==, B);
}

static void
test_found (void)
{
  g_autoptr (PeerupConfig) config = new_config (TWO, "vps: " A);
  g_autoptr (GPtrArray) entries = peerup_relay_entries_new (config);
  static const struct
  {
    const char *text;
    guint number;
  } cases[] = {
    { "1", 1 },
    { "2", 2 },
    { "vps", 1 },
    { A, 1 },
    { B, 2 },
    { "203.0.113.7", 1 },
    { "203.0.113.8:7000", 2 },
    { "[2001:db8::7]:7000", 1 },
    { "/ip4/203.0.113.7/udp/7777/quic-v1", 1 },
    { "/ip4/203.0.113.7/tcp/7777/p2p/" A, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      PeerupRelayEntry *entry = peerup_relay_entries_find (entries, cases[i].text, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (entry->number, ==, cases[i].number);
    }
}

static void
test_not_found (void)
{
  g_autoptr (PeerupConfig) config = new_config (TWO, "vps: " A);
  g_autoptr (GPtrArray) entries = peerup_relay_entries_new (config);
  static const char of_other[] = "/ip4/203.0.113.7/tcp/7777/p2p/" B;
  static const char *const texts[] = { "0",
                                       "3",
                                       "-1",
                                       "other",
                                       "203.0.113.9",
                                       "203.0.113.8",
                                       of_other,
                                       "12D3KooWNH6EyHNgpTWAQB6vPY8DAjYqrGUjmuuc1p7qPYYPtkmJ",
                                       "" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_relay_entries_find (entries, texts[i], &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
      g_assert_nonnull (strstr (error->message, "vps"));
    }
}

static void
test_none (void)
{
  g_autoptr (PeerupConfig) config = new_config ("", "");
  g_autoptr (GPtrArray) entries = peerup_relay_entries_new (config);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (entries->len, ==, 0);
  g_assert_null (peerup_relay_entries_find (entries, "1", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "peerup relay add"));
}

/* One place, two identities: only the ID tells which. */
static void
test_shared_address (void)
{
  g_autoptr (PeerupConfig) config =
    new_config ("/ip4/203.0.113.7/tcp/7777/p2p/" A ", /ip4/203.0.113.7/tcp/7777/p2p/" B, "");
  g_autoptr (GPtrArray) entries = peerup_relay_entries_new (config);
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("/ip4/203.0.113.7/tcp/7777");
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_relay_entries_find (entries, "203.0.113.7", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, A));
  g_assert_nonnull (strstr (error->message, B));
  g_assert_true (peerup_relay_entries_find_address (entries, address) == entries->pdata[0]);
}

static void
test_described (void)
{
  g_autoptr (PeerupConfig) config = new_config (TWO, "");
  g_autoptr (GPtrArray) entries = peerup_relay_entries_new (config);
  g_autoptr (GVariant) state =
    g_variant_ref_sink (g_variant_new_parsed ("{'id': <%s>, 'state': <'reserved'>, 'failures': <uint32 0>}", B));
  g_autoptr (GVariant) without = g_variant_ref_sink (peerup_relay_entry_describe (entries->pdata[0], NULL));
  g_autoptr (GVariant) with = g_variant_ref_sink (peerup_relay_entry_describe (entries->pdata[1], state));
  const char *text;

  g_assert_true (g_variant_lookup (with, "peer_id", "&s", &text));
  g_assert_cmpstr (text, ==, B);
  g_assert_true (g_variant_lookup (with, "state", "&s", &text));
  g_assert_false (g_variant_lookup (with, "id", "&s", &text));
  g_assert_false (g_variant_lookup (without, "state", "&s", &text));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/relay-entries/grouped", test_grouped);
  g_test_add_func ("/cli/relay-entries/found", test_found);
  g_test_add_func ("/cli/relay-entries/not-found", test_not_found);
  g_test_add_func ("/cli/relay-entries/none", test_none);
  g_test_add_func ("/cli/relay-entries/shared-address", test_shared_address);
  g_test_add_func ("/cli/relay-entries/described", test_described);
  return g_test_run ();
}
