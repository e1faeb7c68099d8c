/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The files that "peerup relay setup" makes, as texts: what is put in, and what is refused. */
#include <string.h>

#include "cli/peerup-relay-texts.h"
#include "config/peerup-config.h"
#include "wire/peerup-error.h"

static const PeerupRelayPlan plain = {
  .directory = "/etc/peerup",
  .program = "/usr/bin/peerup",
  .user = "peerup",
  .port = 7777,
};

static PeerupConfig *
load (const PeerupRelayPlan *plan)
{
  g_autofree char *text = peerup_relay_text_config (plan);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;
  PeerupConfig *config =
    peerup_config_new_from_data (text, strlen (text), "/etc/peerup/relay-server.yaml", &warnings, &error);

  g_assert_no_error (error);
  g_assert_true (warnings == NULL || warnings->len == 0);
  return config;
}

static char *
join (GPtrArray *addresses)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (addresses->pdata[i]));
  return g_string_free_and_steal (out);
}

static void
test_config (void)
{
  g_autoptr (PeerupConfig) config = load (&plain);
  g_autofree char *listening = join (peerup_config_get_listen_addresses (config));

  g_assert_cmpstr (listening, ==,
                   "/ip4/0.0.0.0/tcp/7777 /ip4/0.0.0.0/udp/7777/quic-v1 /ip6/::/tcp/7777 /ip6/::/udp/7777/quic-v1");
  g_assert_cmpuint (peerup_config_get_relay_announce (config)->len, ==, 0);
  g_assert_true (peerup_config_get_relay_serve (config));
  g_assert_true (peerup_config_get_connection_gating (config));
  g_assert_cmpstr (peerup_config_get_key_file (config), ==, "/etc/peerup/relay.key");
  g_assert_cmpstr (peerup_config_get_authorized_keys_file (config), ==, "/etc/peerup/authorized_keys");
  g_assert_false (peerup_config_get_health_enabled (config));
  g_assert_false (peerup_config_get_metrics_enabled (config));
}

static void
test_config_with_all (void)
{
  static const char *const public[] = { "203.0.113.7", "2001:db8::7", NULL };
  PeerupRelayPlan plan = plain;
  g_autoptr (PeerupConfig) config = NULL;
  g_autofree char *listening = NULL;
  g_autofree char *announced = NULL;

  plan.port = 8000;
  plan.websocket_port = 443;
  plan.public_addresses = public;
  config = load (&plan);
  listening = join (peerup_config_get_listen_addresses (config));
  announced = join (peerup_config_get_relay_announce (config));
  g_assert_cmpstr (listening, ==,
                   "/ip4/0.0.0.0/tcp/8000 /ip4/0.0.0.0/udp/8000/quic-v1 /ip4/0.0.0.0/tcp/443/ws /ip6/::/tcp/8000 "
                   "/ip6/::/udp/8000/quic-v1 /ip6/::/tcp/443/ws");
  g_assert_cmpstr (announced, ==,
                   "/ip4/203.0.113.7/tcp/8000 /ip4/203.0.113.7/udp/8000/quic-v1 /ip4/203.0.113.7/tcp/443/ws "
                   "/ip6/2001:db8::7/tcp/8000 /ip6/2001:db8::7/udp/8000/quic-v1 /ip6/2001:db8::7/tcp/443/ws");
}

/* What the comments promise as defaults is what holds without the section. */
static void
test_config_comments (void)
{
  g_autofree char *text = peerup_relay_text_config (&plain);
  g_autoptr (PeerupConfig) config = load (&plain);
  const PeerupConfigResources *resources = peerup_config_get_resources (config);
  g_autofree char *reservations = g_strdup_printf ("#   max_reservations: %u ", resources->max_reservations);
  g_autofree char *circuits = g_strdup_printf ("#   max_circuits: %u ", resources->max_circuits);
  g_autofree char *total = g_strdup_printf ("#   max_circuits_total: %u\n", resources->max_circuits_total);
  g_autofree char *per_ip = g_strdup_printf ("#   max_reservations_per_ip: %u\n", resources->max_reservations_per_ip);

  g_assert_nonnull (strstr (text, reservations));
  g_assert_nonnull (strstr (text, circuits));
  g_assert_nonnull (strstr (text, total));
  g_assert_nonnull (strstr (text, per_ip));
  g_assert_cmpint (resources->authorized_session_duration, ==, 0);
  g_assert_cmpuint (resources->authorized_session_data_limit, ==, 0);
}

static void
assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("no “%s” in\n%s", part, text);
}

static void
test_nft (void)
{
  PeerupRelayPlan plan = plain;
  g_autofree char *text = peerup_relay_text_nft (&plain);
  g_autofree char *both = NULL;

  assert_has (text, "tcp dport { 7777 } tcp flags");
  assert_has (text, "udp dport 7777 @th,64,4 0xc");
  assert_has (text, "nft -f /etc/peerup/relay.nft\n");
  g_assert_null (strstr (text, "@file@"));
  g_assert_null (strstr (text, "_port@"));
  g_assert_null (strstr (text, "_ports@"));
  plan.port = 8000;
  plan.websocket_port = 443;
  plan.directory = "/srv/relay";
  both = peerup_relay_text_nft (&plan);
  assert_has (both, "tcp dport { 8000, 443 } tcp flags");
  assert_has (both, "nft -f /srv/relay/relay.nft\n");
  g_assert_null (strstr (both, "7777"));
}

static void
test_unit (void)
{
  PeerupRelayPlan plan = plain;
  g_autofree char *text = peerup_relay_text_unit (&plain);
  g_autofree char *other = NULL;

  assert_has (text, "\nUser=peerup\nGroup=peerup\n");
  assert_has (text, "\nExecStart=/usr/bin/peerup relay serve --config /etc/peerup/relay-server.yaml\n");
  g_assert_null (strstr (text, "@bindir@"));
  plan.user = "relay";
  plan.directory = "/srv/relay";
  plan.program = "/opt/peerup/bin/peerup";
  other = peerup_relay_text_unit (&plan);
  assert_has (other, "\nUser=relay\nGroup=relay\n");
  assert_has (other, "\nExecStart=/opt/peerup/bin/peerup relay serve --config /srv/relay/relay-server.yaml\n");
  assert_has (
    other,
    "\nConditionPathExists=|/srv/relay/relay-server.yaml\nConditionPathExists=|/srv/relay/.relay-server.pending\n");
  assert_has (other, "\nReadWritePaths=-/srv/relay/\n");
  g_assert_null (strstr (other, "/etc/peerup"));
}

static void
test_low_ports (void)
{
  PeerupRelayPlan plan = plain;
  g_autofree char *text = peerup_relay_text_drop_in ();

  g_assert_false (peerup_relay_plan_has_low_port (&plan));
  plan.port = 1023;
  g_assert_true (peerup_relay_plan_has_low_port (&plan));
  plan.port = 1024;
  g_assert_false (peerup_relay_plan_has_low_port (&plan));
  plan.websocket_port = 443;
  g_assert_true (peerup_relay_plan_has_low_port (&plan));
  assert_has (text, "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n");
  assert_has (text, "\nPrivateUsers=no\n");
}

static void
assert_refused (const PeerupRelayPlan *plan, const char *what)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_relay_plan_check (plan, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  assert_has (error->message, what);
}

static void
test_refused (void)
{
  static const char *const users[] = {
    "", "-x", "1st", "a b", "a\nUser=root", "peerup:", "a-name-that-is-far-too-long-for-it"
  };
  static const char *const directories[] = { "", "relative", "/a b", "/a%n", "/a\nUser=root", "/a$b", "/a\"b" };
  static const char *const addresses[] = {
    "", "relay.example.org", "203.0.113.7:7777", "203.0.113.7/24", "fe80::1%eth0", "1.2.3.4\"\n  serve: true"
  };
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_relay_plan_check (&plain, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    {
      PeerupRelayPlan plan = plain;

      plan.user = users[i];
      assert_refused (&plan, "user");
    }
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      PeerupRelayPlan plan = plain;

      plan.directory = directories[i];
      assert_refused (&plan, "directory");
      plan.directory = plain.directory;
      plan.program = directories[i];
      assert_refused (&plan, "program");
    }
  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      const char *const list[] = { "203.0.113.7", addresses[i], NULL };
      PeerupRelayPlan plan = plain;

      plan.public_addresses = list;
      assert_refused (&plan, "--public-address");
    }
}

static void
test_equal_ports (void)
{
  PeerupRelayPlan plan = plain;

  plan.websocket_port = plan.port;
  assert_refused (&plan, "--websocket-port");
}

static void
test_compare (void)
{
  g_autofree char *same = peerup_relay_text_compare ("a\nb\n", "a\nb\n");
  g_autofree char *changed = peerup_relay_text_compare ("a\nb\nc\n", "a\nx\nc\n");
  g_autofree char *added = peerup_relay_text_compare ("a\nb\nc\n", "a\nc\n");
  g_autofree char *removed = peerup_relay_text_compare ("a\n", "a\nb\n");
  g_autofree char *empty = peerup_relay_text_compare ("", "a\n");
  g_autofree char *end = peerup_relay_text_compare ("a\nb", "a\nb\n");

  g_assert_null (same);
  g_assert_cmpstr (changed, ==, "- b\n+ x");
  g_assert_cmpstr (added, ==, "- b");
  g_assert_cmpstr (removed, ==, "+ b");
  g_assert_nonnull (empty);
  g_assert_cmpstr (end, ==, "+ ");
}

static void
test_compare_is_bounded (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *difference = NULL;
  g_auto (GStrv) lines = NULL;

  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, "line %u\n", i);
  difference = peerup_relay_text_compare (text->str, "x\n");
  lines = g_strsplit (difference, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 12);
  assert_has (difference, "- … and 90 lines more");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/relay-texts/config", test_config);
  g_test_add_func ("/cli/relay-texts/config-with-all", test_config_with_all);
  g_test_add_func ("/cli/relay-texts/config-comments", test_config_comments);
  g_test_add_func ("/cli/relay-texts/nft", test_nft);
  g_test_add_func ("/cli/relay-texts/unit", test_unit);
  g_test_add_func ("/cli/relay-texts/low-ports", test_low_ports);
  g_test_add_func ("/cli/relay-texts/refused", test_refused);
  g_test_add_func ("/cli/relay-texts/equal-ports", test_equal_ports);
  g_test_add_func ("/cli/relay-texts/compare", test_compare);
  g_test_add_func ("/cli/relay-texts/compare-is-bounded", test_compare_is_bounded);
  return g_test_run ();
}
