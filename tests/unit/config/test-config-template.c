/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "config/peerup-config-template.h"

#include "fixture.h"

#include <string.h>

#include "config/peerup-config-edit.h"

static PeerupConfig *
load (const char *text)
{
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = peerup_config_new_from_data (text, strlen (text), "/d/config.yaml", &warnings, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (warnings->len, ==, 0);
  return config;
}

static void
test_plain (void)
{
  g_autofree char *text = peerup_config_template_new (0, NULL);
  g_autoptr (PeerupConfig) config = load (text);
  GPtrArray *addresses = peerup_config_get_listen_addresses (config);

  g_assert_cmpstr (peerup_config_get_key_file (config), ==, "/d/identity.key");
  g_assert_cmpstr (peerup_config_get_authorized_keys_file (config), ==, "/d/authorized_keys");
  g_assert_true (peerup_config_get_connection_gating (config));
  g_assert_true (peerup_config_get_ping_pong_enabled (config));
  g_assert_cmpuint (addresses->len, ==, 4);
  g_assert_cmpstr (peerup_multiaddr_get_string (g_ptr_array_index (addresses, 0)), ==, "/ip4/0.0.0.0/tcp/0");
  g_assert_cmpint (peerup_config_get_congestion (config), ==, PEERUP_CONFIG_BBR);
  g_assert_cmpuint (peerup_config_get_relay_addresses (config)->len, ==, 0);
  g_assert_cmpint (peerup_config_get_reservation_interval (config), ==, 2 * 60 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpstr (peerup_config_get_rendezvous (config), ==, "peerup-default-network");
}

static void
test_filled (void)
{
  static const char *const relays[] = { RELAY_A, RELAY_B, NULL };
  g_autofree char *text = peerup_config_template_new (41234, relays);
  g_autoptr (PeerupConfig) config = load (text);
  GPtrArray *addresses = peerup_config_get_listen_addresses (config);

  static const char *const expected[] = { "/ip4/0.0.0.0/tcp/41234", "/ip4/0.0.0.0/udp/41234/quic-v1",
                                          "/ip6/::/tcp/41234", "/ip6/::/udp/41234/quic-v1" };

  g_assert_cmpuint (addresses->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < addresses->len; i++)
    g_assert_cmpstr (peerup_multiaddr_get_string (g_ptr_array_index (addresses, i)), ==, expected[i]);
  g_assert_cmpuint (peerup_config_get_relay_addresses (config)->len, ==, 2);
}

/* Lines that fit a terminal, none with blanks at its end. */
static void
test_form (void)
{
  g_autofree char *text = peerup_config_template_new (41234, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_assert_cmpint (g_utf8_strlen (lines[i], -1), <=, 100);
      g_assert_false (g_str_has_suffix (lines[i], " "));
      g_assert_null (strchr (lines[i], '\t'));
    }
  g_assert_true (g_str_has_suffix (text, "\n"));
}

/* The first things a person does with it. */
static void
test_edits (void)
{
  g_autofree char *text = peerup_config_template_new (0, NULL);
  g_autoptr (PeerupConfigEdit) edit = peerup_config_edit_new_from_data (text, strlen (text), "/d/config.yaml", NULL);
  g_autoptr (PeerupMultiaddr) relay = peerup_multiaddr_new_from_string (RELAY_A, NULL);
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (PEER_A, NULL);
  g_autoptr (GError) error = NULL;
  const char *after;

  g_assert_true (peerup_config_edit_add_service (edit, "ssh", "localhost:22", &error));
  g_assert_true (peerup_config_edit_add_name (edit, "home", peer, &error));
  g_assert_true (peerup_config_edit_add_relay (edit, relay, &error));
  g_assert_true (peerup_config_edit_commit (edit, &error));
  g_assert_no_error (error);
  after = peerup_config_edit_get_text (edit, NULL);
  g_assert_nonnull (
    strstr (after, "\nservices:\n  ssh:\n    enabled: true\n    local_address: \"localhost:22\"\n\n# Names"));
  g_assert_nonnull (strstr (after, "\nnames:\n  home: \"" PEER_A "\"\n\n"));
  g_assert_nonnull (strstr (after, "\n  addresses:\n    - \"" RELAY_A "\"\n  reservation_interval:"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/template/plain", test_plain);
  g_test_add_func ("/config/template/filled", test_filled);
  g_test_add_func ("/config/template/form", test_form);
  g_test_add_func ("/config/template/edits", test_edits);
  return g_test_run ();
}
