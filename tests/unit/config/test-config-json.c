/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "fixture.h"

#include <string.h>

#define LIMITED                                                           \
  "identity: {key_file: k}\n"                                             \
  "security: {authorized_keys_file: a, enable_connection_gating: true}\n" \
  "network:\n"                                                            \
  "  listen_addresses: [\"/ip4/0.0.0.0/tcp/0\"]\n"                        \
  "  resource_limits_enabled: false\n"                                    \
  "  limits: {memory: 1536MB, stream_rate_per_peer: 5, connections: 4294967295}\n"

static PeerupConfig *
load (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = peerup_config_new_from_data (text, strlen (text), "/d/config.yaml", NULL, &error);

  g_assert_no_error (error);
  return config;
}

static void
test_json (void)
{
  g_autoptr (PeerupConfig) config =
    load (HEAD "services:\n"
               "  a: {enabled: true, local_address: \"h:1\", kind: ssh, tags: [x], allowed_peers: [bad]}\n"
               "  b: {}\n"
               "names: {home: " PEER_A ", lost: x}\n");
  g_autoptr (JsonNode) node = peerup_config_to_json (config);
  g_autofree char *text = json_to_string (node, FALSE);

  g_assert_cmpstr (
    text, ==,
    "{\"version\":1,\"identity\":{\"key_file\":\"/d/"
    "identity.key\",\"key_store\":\"file\"},\"network\":{\"listen_addresses\":"
    "[\"/ip4/0.0.0.0/tcp/"
    "0\"],\"force_private_reachability\":false,\"port_mapping\":true,\"congestion\":\"bbr\",\"resource_limits_"
    "enabled\":true},\"relay\":"
    "{\"addresses\":[],\"reservation_interval\":\"2m0s\",\"serve\":false,\"serve_peers\":true,\"sponsor\":true,\"drain_"
    "time\":\"30s\","
    "\"announce\":[]},\"discovery\":{\"rendezvous\":\"peerup-default-network\","
    "\"mdns\":true,\"bootstrap_peers\":[]},\"security\":{\"authorized_keys_file\":\"/d/"
    "authorized_keys\",\"enable_connection_gating\":"
    "true},\"protocols\":{\"ping_pong\":{\"enabled\":true,\"id\":\"/pingpong/"
    "1.0.0\"}},\"services\":{\"a\":{\"enabled\":"
    "true,\"local_address\":\"h:1\",\"kind\":\"ssh\",\"tags\":[\"x\"],\"allowed_peers\":[]},\"b\":{\"enabled\":false}},"
    "\"names\":{\"home\":\"" PEER_A
    "\"},\"resources\":{\"max_reservations\":128,\"max_circuits\":16,\"max_circuits_total\":1024,\"max_reservations_"
    "per_ip\":8,\"max_reservations_per_asn\":32,\"buffer_size\":\"64KiB\",\"reservation_ttl\":\"1h0m0s\",\"session_"
    "duration\":\"10m0s\",\"session_data_limit\":\"64MiB\",\"authorized_session_duration\":\"0s\",\"authorized_session_"
    "data_limit\":\"0B\"},\"telemetry\":{\"metrics\":{\"enabled\":false,\"listen_address\":\"127.0.0.1:9091\"},"
    "\"audit\":{\"enabled\":"
    "false,\"max_size\":\"10MiB\",\"keep\":5}},\"health\":{\"enabled\":false,\"listen_address\":\"127.0.0.1:9090\"}}");
}

/* What is shown can be loaded, and is shown the same again. */
static void
test_yaml (void)
{
  g_autofree char *everything = read_fixture ("everything.yaml", NULL);
  g_autofree char *names = g_strconcat (HEAD,
                                        "names: {\"\\\"\\\\ \\u2028\\U0001f600\": " PEER_A ", \"null\": " PEER_B
                                        ", '12': " PEER_C ", a b: " PEER_A "}\n",
                                        NULL);
  const char *texts[] = { everything, names, HEAD, LIMITED,
                          HEAD "services: {a: {allowed_peers: [x]}, \"1\": {local_address: x}}\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (PeerupConfig) config = load (texts[i]);
      g_autofree char *yaml = peerup_config_to_yaml (config);
      g_autoptr (PeerupConfig) again = load (yaml);
      g_autofree char *same = peerup_config_to_yaml (again);

      g_assert_cmpstr (yaml, ==, same);
    }
}

static void
test_limits (void)
{
  g_autoptr (PeerupConfig) config = load (LIMITED);
  g_autofree char *yaml = peerup_config_to_yaml (config);

  g_assert_nonnull (strstr (yaml, "  resource_limits_enabled: false\n"
                                  "  limits:\n"
                                  "    connections: 4294967295\n"
                                  "    stream_rate_per_peer: 5\n"
                                  "    memory: \"1536MiB\"\n"));
}

static void
test_yaml_form (void)
{
  g_autoptr (PeerupConfig) config = load (HEAD "names: {home: " PEER_A "}\n");
  g_autofree char *yaml = peerup_config_to_yaml (config);

  g_assert_cmpstr (yaml, ==,
                   "version: 1\n"
                   "identity:\n"
                   "  key_file: \"/d/identity.key\"\n"
                   "  key_store: \"file\"\n"
                   "network:\n"
                   "  listen_addresses:\n"
                   "    - \"/ip4/0.0.0.0/tcp/0\"\n"
                   "  force_private_reachability: false\n"
                   "  port_mapping: true\n"
                   "  congestion: \"bbr\"\n"
                   "  resource_limits_enabled: true\n"
                   "relay:\n"
                   "  addresses: []\n"
                   "  reservation_interval: \"2m0s\"\n"
                   "  serve: false\n"
                   "  serve_peers: true\n"
                   "  sponsor: true\n"
                   "  drain_time: \"30s\"\n"
                   "  announce: []\n"
                   "discovery:\n"
                   "  rendezvous: \"peerup-default-network\"\n"
                   "  mdns: true\n"
                   "  bootstrap_peers: []\n"
                   "security:\n"
                   "  authorized_keys_file: \"/d/authorized_keys\"\n"
                   "  enable_connection_gating: true\n"
                   "protocols:\n"
                   "  ping_pong:\n"
                   "    enabled: true\n"
                   "    id: \"/pingpong/1.0.0\"\n"
                   "services: {}\n"
                   "names:\n"
                   "  home: \"" PEER_A "\"\n"
                   "resources:\n"
                   "  max_reservations: 128\n"
                   "  max_circuits: 16\n"
                   "  max_circuits_total: 1024\n"
                   "  max_reservations_per_ip: 8\n"
                   "  max_reservations_per_asn: 32\n"
                   "  buffer_size: \"64KiB\"\n"
                   "  reservation_ttl: \"1h0m0s\"\n"
                   "  session_duration: \"10m0s\"\n"
                   "  session_data_limit: \"64MiB\"\n"
                   "  authorized_session_duration: \"0s\"\n"
                   "  authorized_session_data_limit: \"0B\"\n"
                   "telemetry:\n"
                   "  metrics:\n"
                   "    enabled: false\n"
                   "    listen_address: \"127.0.0.1:9091\"\n"
                   "  audit:\n"
                   "    enabled: false\n"
                   "    max_size: \"10MiB\"\n"
                   "    keep: 5\n"
                   "health:\n"
                   "  enabled: false\n"
                   "  listen_address: \"127.0.0.1:9090\"\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/json/json", test_json);
  g_test_add_func ("/config/json/yaml", test_yaml);
  g_test_add_func ("/config/json/yaml-form", test_yaml_form);
  g_test_add_func ("/config/json/limits", test_limits);
  return g_test_run ();
}
