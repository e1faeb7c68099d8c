/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "fixture.h"

#include <string.h>

static PeerupConfig *
load_text (const char *text, GPtrArray **warnings)
{
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = peerup_config_new_from_data (text, strlen (text), "/home/ada/c.yaml", warnings, &error);

  g_assert_no_error (error);
  return config;
}

static void
assert_address (GPtrArray *list, guint index, const char *text)
{
  g_assert_cmpuint (index, <, list->len);
  g_assert_cmpstr (peerup_multiaddr_get_string (g_ptr_array_index (list, index)), ==, text);
}

static void
assert_peer (PeerupPeerId *peer, const char *text)
{
  g_assert_nonnull (peer);
  g_assert_cmpstr (peerup_peer_id_get_string (peer), ==, text);
}

static void
test_everything (void)
{
  g_autofree char *text = read_fixture ("everything.yaml", NULL);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config = load_text (text, &warnings);
  const PeerupConfigService *service;

  g_assert_cmpuint (warnings->len, ==, 0);
  g_assert_cmpstr (peerup_config_get_path (config), ==, "/home/ada/c.yaml");
  g_assert_cmpuint (peerup_config_get_version (config), ==, 1);
  g_assert_cmpstr (peerup_config_get_key_file (config), ==, "/home/ada/identity.key");
  g_assert_cmpuint (peerup_config_get_listen_addresses (config)->len, ==, 4);
  assert_address (peerup_config_get_listen_addresses (config), 0, "/ip4/0.0.0.0/tcp/0");
  assert_address (peerup_config_get_listen_addresses (config), 3, "/ip6/::/udp/0/quic-v1");
  g_assert_true (peerup_config_get_force_private_reachability (config));
  g_assert_cmpint (peerup_config_get_congestion (config), ==, PEERUP_CONFIG_CUBIC);
  g_assert_true (peerup_config_get_resource_limits_enabled (config));
  g_assert_cmpstr (peerup_config_get_websocket_certificate_file (config), ==, "/home/ada/web/fullchain.pem");
  g_assert_cmpstr (peerup_config_get_websocket_key_file (config), ==, "/etc/letsencrypt/live/relay/privkey.pem");
  g_assert_cmpuint (peerup_config_get_relay_addresses (config)->len, ==, 2);
  assert_address (peerup_config_get_relay_addresses (config), 0, RELAY_A);
  assert_address (peerup_config_get_relay_addresses (config), 1, RELAY_B);
  g_assert_cmpint (peerup_config_get_reservation_interval (config), ==, 90 * G_USEC_PER_SEC);
  g_assert_cmpstr (peerup_config_get_rendezvous (config), ==, "my-private-network");
  g_assert_cmpstr (peerup_config_get_network (config), ==, "my-crew");
  g_assert_cmpuint (peerup_config_get_bootstrap_peers (config)->len, ==, 1);
  g_assert_cmpstr (peerup_config_get_authorized_keys_file (config), ==, "/home/keys/authorized_keys");
  g_assert_true (peerup_config_get_connection_gating (config));
  g_assert_true (peerup_config_get_ping_pong_enabled (config));
  g_assert_cmpstr (peerup_config_get_ping_pong_id (config), ==, "/pingpong/1.0.0");
  g_assert_true (peerup_config_get_metrics_enabled (config));
  g_assert_cmpstr (peerup_config_get_metrics_address (config), ==, "127.0.0.1:9191");
  g_assert_true (peerup_config_get_audit_enabled (config));
  g_assert_true (g_str_has_suffix (peerup_config_get_audit_file (config), "/logs/audit.json"));
  g_assert_true (g_path_is_absolute (peerup_config_get_audit_file (config)));
  g_assert_cmpuint (peerup_config_get_audit_max_size (config), ==, 1024 * 1024);
  g_assert_cmpuint (peerup_config_get_audit_keep (config), ==, 3);

  g_assert_cmpuint (peerup_config_get_services (config)->len, ==, 3);
  service = g_ptr_array_index (peerup_config_get_services (config), 0);
  g_assert_cmpstr (service->name, ==, "ssh");
  g_assert_true (service->enabled);
  g_assert_cmpstr (service->host, ==, "localhost");
  g_assert_cmpuint (service->port, ==, 22);
  g_assert_null (service->allowed_peers);
  service = peerup_config_find_service (config, "gateway-web");
  g_assert_true (service->enabled);
  g_assert_cmpstr (service->local_address, ==, "192.168.1.1:80");
  g_assert_cmpuint (service->allowed_peers->len, ==, 2);
  assert_peer (g_ptr_array_index (service->allowed_peers, 0), PEER_A);
  assert_peer (g_ptr_array_index (service->allowed_peers, 1), PEER_B);
  service = peerup_config_find_service (config, "xrdp");
  g_assert_false (service->enabled);
  g_assert_cmpstr (service->host, ==, "::1");
  g_assert_cmpuint (service->port, ==, 3389);
  g_assert_null (peerup_config_find_service (config, "vnc"));

  g_assert_cmpuint (peerup_config_get_names (config)->len, ==, 2);
  assert_peer (peerup_config_lookup_name (config, "home"), PEER_A);
  assert_peer (peerup_config_lookup_name (config, "my.laptop"), PEER_B);
  g_assert_null (peerup_config_lookup_name (config, "Home"));
}

static void
test_minimal (void)
{
  g_autofree char *text = read_fixture ("minimal.yaml", NULL);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config = load_text (text, &warnings);

  g_assert_cmpuint (warnings->len, ==, 0);
  g_assert_cmpuint (peerup_config_get_version (config), ==, 1);
  g_assert_cmpint (peerup_config_get_reservation_interval (config), ==, 120 * G_USEC_PER_SEC);
  g_assert_cmpuint (peerup_config_get_services (config)->len, ==, 0);
  g_assert_cmpuint (peerup_config_get_names (config)->len, ==, 0);
}

/* What a newcomer need not write. */
static void
test_defaults (void)
{
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config = load_text (HEAD, &warnings);

  g_assert_cmpuint (warnings->len, ==, 0);
  g_assert_false (peerup_config_get_force_private_reachability (config));
  g_assert_cmpint (peerup_config_get_congestion (config), ==, PEERUP_CONFIG_BBR);
  g_assert_null (peerup_config_get_websocket_certificate_file (config));
  g_assert_null (peerup_config_get_websocket_key_file (config));
  g_assert_true (peerup_config_get_resource_limits_enabled (config));
  g_assert_cmpuint (peerup_config_get_relay_addresses (config)->len, ==, 0);
  g_assert_cmpint (peerup_config_get_reservation_interval (config), ==, 120 * G_USEC_PER_SEC);
  g_assert_cmpstr (peerup_config_get_rendezvous (config), ==, "peerup-default-network");
  g_assert_null (peerup_config_get_network (config));
  g_assert_cmpuint (peerup_config_get_bootstrap_peers (config)->len, ==, 0);
  g_assert_true (peerup_config_get_ping_pong_enabled (config));
  g_assert_cmpstr (peerup_config_get_ping_pong_id (config), ==, "/pingpong/1.0.0");
  g_assert_false (peerup_config_get_metrics_enabled (config));
  g_assert_cmpstr (peerup_config_get_metrics_address (config), ==, "127.0.0.1:9091");
  g_assert_false (peerup_config_get_audit_enabled (config));
  g_assert_null (peerup_config_get_audit_file (config));
  g_assert_cmpuint (peerup_config_get_audit_max_size (config), ==, 10 * 1024 * 1024);
  g_assert_cmpuint (peerup_config_get_audit_keep (config), ==, 5);
}

/* Sections and values that are there in name only are as good as absent. */
static void
test_null_values (void)
{
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config = load_text (HEAD "relay:\n"
                                                    "  addresses:\n"
                                                    "discovery: ~\n"
                                                    "services:\n"
                                                    "  ssh:\n"
                                                    "names: null\n"
                                                    "telemetry:\n"
                                                    "  metrics:\n"
                                                    "    listen_address: \"\"\n",
                                               &warnings);
  const PeerupConfigService *service = peerup_config_find_service (config, "ssh");

  g_assert_cmpuint (warnings->len, ==, 0);
  g_assert_false (service->enabled);
  g_assert_null (service->local_address);
  g_assert_null (service->host);
  g_assert_cmpstr (peerup_config_get_metrics_address (config), ==, "127.0.0.1:9091");
}

static void
test_version (void)
{
  g_autoptr (PeerupConfig) config = load_text ("version: 0\n"
                                               "identity: {key_file: k}\n"
                                               "network: {listen_addresses: [/ip4/0.0.0.0/tcp/0]}\n"
                                               "security: {enable_connection_gating: false}\n",
                                               NULL);

  g_assert_cmpuint (peerup_config_get_version (config), ==, 1);
  g_assert_false (peerup_config_get_connection_gating (config));
  g_assert_null (peerup_config_get_authorized_keys_file (config));
}

static void
test_paths (void)
{
  g_autoptr (PeerupConfig) config =
    load_text ("identity: {key_file: /etc/keys/../k}\n"
               "network: {listen_addresses: [/ip4/0.0.0.0/tcp/0]}\n"
               "security: {enable_connection_gating: true, authorized_keys_file: ./a/b}\n",
               NULL);
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *expected = g_build_filename (here, "sub", "identity.key", NULL);
  g_autoptr (PeerupConfig) relative = peerup_config_new_from_data (HEAD, strlen (HEAD), "sub/c.yaml", NULL, NULL);

  g_assert_cmpstr (peerup_config_get_key_file (config), ==, "/etc/k");
  g_assert_cmpstr (peerup_config_get_authorized_keys_file (config), ==, "/home/ada/a/b");
  g_assert_cmpstr (peerup_config_get_key_file (relative), ==, expected);
}

/* Nothing that is left out lets anybody in. */
static void
test_gating_unsaid (void)
{
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config = load_text ("identity: {key_file: k}\n"
                                               "network: {listen_addresses: [/ip4/0.0.0.0/tcp/0]}\n",
                                               &warnings);

  g_assert_true (peerup_config_get_connection_gating (config));
  g_assert_cmpstr (peerup_config_get_authorized_keys_file (config), ==, "/home/ada/authorized_keys");
  g_assert_cmpuint (warnings->len, ==, 1);
  g_assert_cmpstr (
    g_ptr_array_index (warnings, 0), ==,
    "/home/ada/c.yaml:1:1: security.enable_connection_gating is not set: only the peers in authorized_keys may "
    "connect; write true under “security:” to say so, or false to let every peer in");
}

static void
test_allowed_peers (void)
{
  static const struct
  {
    const char *text;
    int count; /* -1: everyone */
    guint warnings;
  } cases[] = {
    { "", -1, 0 },
    { "    allowed_peers: [" PEER_A ", " PEER_B "]\n", 2, 0 },
    { "    allowed_peers: [" PEER_A ", " PEER_A_CID "]\n", 1, 0 },
    { "    allowed_peers: [" PEER_A ", nonsense]\n", 1, 1 },
    { "    allowed_peers: [nonsense, " PEER_A "x, home]\n", 0, 4 },
    { "    allowed_peers: []\n", 0, 1 },
    { "    allowed_peers:\n", 0, 1 },
    { "    allowed_peers:\n    # - " PEER_A "\n", 0, 1 },
    { "    allowed_peers: ~\n", 0, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
        g_strconcat (HEAD, "services:\n  ssh:\n    enabled: true\n    local_address: localhost:22\n", cases[i].text,
                     NULL);
      g_autoptr (GPtrArray) warnings = NULL;
      g_autoptr (PeerupConfig) config = load_text (text, &warnings);
      const PeerupConfigService *service = peerup_config_find_service (config, "ssh");

      g_test_message ("%s", cases[i].text);
      g_assert_cmpuint (warnings->len, ==, cases[i].warnings);
      if (cases[i].count < 0)
        g_assert_null (service->allowed_peers);
      else
        g_assert_cmpuint (service->allowed_peers->len, ==, cases[i].count);
    }
}

static void
test_flags (void)
{
  static const struct
  {
    const char *text;
    gboolean value;
  } cases[] = {
    { "true", TRUE }, { "True", TRUE },   { "TRUE", TRUE }, { "yes", TRUE }, { "on", TRUE },   { "y", TRUE },
    { "no", FALSE },  { "False", FALSE }, { "off", FALSE }, { "n", FALSE },  { "Off", FALSE }, { "~", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf (HEAD "telemetry: {audit: {enabled: %s}}\n", cases[i].text);
      g_autoptr (PeerupConfig) config = load_text (text, NULL);

      g_assert_cmpint (peerup_config_get_audit_enabled (config), ==, cases[i].value);
    }
}

/* Section 6 item 14: a line that begins with a known word is not that key. */
static void
test_row_30_lookalikes (void)
{
  g_autoptr (PeerupConfig) config = load_text (HEAD "# names:\n"
                                                    "#   ghost: " PEER_A "\n"
                                                    "discovery:\n"
                                                    "  rendezvous: |-\n"
                                                    "    names:\n"
                                                    "      ghost: x\n"
                                                    "  names:\n"
                                                    "    ghost: " PEER_A "\n"
                                                    "names: {real: " PEER_B "}\n",
                                               NULL);

  g_assert_null (peerup_config_lookup_name (config, "ghost"));
  assert_peer (peerup_config_lookup_name (config, "real"), PEER_B);
  g_assert_cmpstr (peerup_config_get_rendezvous (config), ==, "names:\n  ghost: x");
}

static void
test_crlf (void)
{
  g_autofree char *text = read_fixture ("everything.yaml", NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *crlf = g_strjoinv ("\r\n", lines);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) unix_ends = load_text (text, NULL);
  g_autoptr (PeerupConfig) config = load_text (crlf, &warnings);
  g_autofree char *a = peerup_config_to_yaml (unix_ends);
  g_autofree char *b = peerup_config_to_yaml (config);

  g_assert_cmpuint (warnings->len, ==, 0);
  g_assert_cmpstr (a, ==, b);
}

static void
test_host_port (void)
{
  static const struct
  {
    const char *text;
    const char *host; /* NULL: refused */
    guint16 port;
  } cases[] = {
    { "localhost:22", "localhost", 22 },
    { "192.168.1.5:65535", "192.168.1.5", 65535 },
    { "nas_1.lan:1", "nas_1.lan", 1 },
    { "[::1]:22", "::1", 22 },
    { "[fe80::1%eth0]:22", "fe80::1%eth0", 22 },
    { ":22", "", 22 },
    { "", NULL },
    { ":", NULL },
    { "localhost", NULL },
    { "localhost:", NULL },
    { "localhost:0", NULL },
    { "localhost:65536", NULL },
    { "localhost:99999999999999999999", NULL },
    { "localhost:-1", NULL },
    { "localhost:+22", NULL },
    { "localhost: 22", NULL },
    { "localhost:22 ", NULL },
    { "localhost:ssh", NULL },
    { "::1:22", NULL },
    { "[::1]", NULL },
    { "[]:22", NULL },
    { "[127.0.0.1]:22", NULL },
    { "[localhost]:22", NULL },
    { "local host:22", NULL },
    { "http://localhost:80", NULL },
    { "h\303\266st:22", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *host = NULL;
      g_autoptr (GError) error = NULL;
      guint16 port = 0;
      gboolean ok = peerup_config_parse_host_port (cases[i].text, &host, &port, &error);

      g_test_message ("%s", cases[i].text);
      g_assert_cmpstr (host, ==, cases[i].host);
      g_assert_cmpuint (port, ==, cases[i].port);
      g_assert_cmpint (ok, ==, cases[i].host != NULL);
      if (!ok)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
test_service_names (void)
{
  static const char sixty_three[] = "a23456789-123456789-123456789-123456789-123456789-123456789-123";
  static const char *const good[] = { "a", "0", "ssh", "x-y", "a--b", "0-9", sixty_three };
  static const char *const bad[] = { "", "-", "-a", "a-", "A", "a_b", "a.b", "a b", "\303\244", "ssh\n", "a/b" };
  g_autofree char *sixty_four = g_strconcat (sixty_three, "4", NULL);

  g_assert_cmpuint (strlen (sixty_three), ==, 63);
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (peerup_config_is_service_name (good[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (peerup_config_is_service_name (bad[i]));
  g_assert_false (peerup_config_is_service_name (sixty_four));
}

/* Every prefix of a whole file loads or fails, from a copy of exactly its size. */
static void
test_prefixes (void)
{
  gsize size;
  g_autofree char *whole = read_fixture ("everything.yaml", &size);
  guint loaded = 0;

  for (gsize length = 0; length <= size; length++)
    {
      g_autofree char *text = g_memdup2 (whole, length);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupConfig) config = peerup_config_new_from_data (text, length, "c.yaml", NULL, &error);

      if (config == NULL)
        {
          g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
          g_assert_true (g_str_has_prefix (error->message, "c.yaml:"));
        }
      loaded += config != NULL;
    }
  g_assert_cmpuint (loaded, >, 0);
}

#define LIMITS(text)                                                                               \
  "identity: {key_file: k}\nsecurity: {authorized_keys_file: a, enable_connection_gating: true}\n" \
  "network:\n  listen_addresses: [/ip4/0.0.0.0/tcp/0]\n" text

/* What is written counts, be the rest of the limits on or not. */
static void
test_limits (void)
{
  const PeerupLimitsMachine machine = { G_GUINT64_CONSTANT (4) << 30, 65536, 2 };
  g_autoptr (PeerupConfig) none = load_text (HEAD, NULL);
  g_autoptr (PeerupConfig) some =
    load_text (LIMITS ("  limits: {connections_per_peer: 3, memory: 2gib, streams: ~}\n"), NULL);
  g_autoptr (PeerupConfig) off =
    load_text (LIMITS ("  resource_limits_enabled: false\n  limits: {connections_per_peer: 3}\n"), NULL);
  PeerupLimitsSettings defaults, relaxed, settings;

  peerup_limits_settings_init (&defaults, &machine);
  peerup_limits_settings_init_relaxed (&relaxed, &machine);
  peerup_config_get_limits (none, &machine, &settings);
  g_assert_cmpmem (&settings, sizeof settings, &defaults, sizeof defaults);

  peerup_config_get_limits (some, &machine, &settings);
  defaults.values[PEERUP_LIMIT_CONNECTIONS_PER_PEER] = 3;
  defaults.values[PEERUP_LIMIT_MEMORY] = G_GUINT64_CONSTANT (2) << 30;
  g_assert_cmpmem (&settings, sizeof settings, &defaults, sizeof defaults);

  g_assert_false (peerup_config_get_resource_limits_enabled (off));
  peerup_config_get_limits (off, &machine, &settings);
  relaxed.values[PEERUP_LIMIT_CONNECTIONS_PER_PEER] = 3;
  g_assert_cmpmem (&settings, sizeof settings, &relaxed, sizeof relaxed);
}

static void
test_references (void)
{
  g_autoptr (PeerupConfig) config = load_text (HEAD, NULL);
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, PEERUP_TYPE_CONFIG);
  g_value_set_boxed (&value, config);
  g_assert_true (g_value_get_boxed (&value) == config);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/config/everything", test_everything);
  g_test_add_func ("/config/config/minimal", test_minimal);
  g_test_add_func ("/config/config/defaults", test_defaults);
  g_test_add_func ("/config/config/null-values", test_null_values);
  g_test_add_func ("/config/config/version", test_version);
  g_test_add_func ("/config/config/paths", test_paths);
  g_test_add_func ("/config/config/gating-unsaid", test_gating_unsaid);
  g_test_add_func ("/config/config/allowed-peers", test_allowed_peers);
  g_test_add_func ("/config/config/flags", test_flags);
  g_test_add_func ("/config/config/row-30/lookalikes", test_row_30_lookalikes);
  g_test_add_func ("/config/config/row-30/crlf", test_crlf);
  g_test_add_func ("/config/config/host-port", test_host_port);
  g_test_add_func ("/config/config/service-names", test_service_names);
  g_test_add_func ("/config/config/prefixes", test_prefixes);
  g_test_add_func ("/config/config/limits", test_limits);
  g_test_add_func ("/config/config/references", test_references);
  return g_test_run ();
}
