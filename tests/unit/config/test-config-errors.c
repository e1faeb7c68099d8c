/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a person reads when the file is not right: the place, the reason, the way out. */

#include "fixture.h"

#include <string.h>

#define BODY(text) HEAD text
#define LIMITS(text) \
  "identity: {key_file: k}\nnetwork:\n  listen_addresses: [/ip4/0.0.0.0/tcp/0]\n  limits: {" text "}\n"
#define SSH "services:\n  ssh:\n    enabled: true\n"

static const struct
{
  const char *name;
  const char *text;
  const char *message; /* after "c.yaml:" */
} errors[] = {
  { "empty", "", "1:1: identity.key_file is missing; write “key_file: \"identity.key\"” under “identity:”" },
  { "identity-without-file", "version: 1\nidentity:\n  keyfile: x\n",
    "2:1: identity.key_file is missing; write “key_file: \"identity.key\"” under “identity:”" },
  { "identity-with-empty-file", "identity:\n  key_file: \"\"\n",
    "2:13: identity.key_file is missing; write “key_file: \"identity.key\"” under “identity:”" },
  { "version-2", "version: 2\nsomething: new\n",
    "1:10: version 2 is newer than this program reads (1); update the program" },
  { "version-word", "version: one\n", "1:10: the version is not a number; write “version: 1”" },
  { "version-negative", "version: -1\n", "1:10: the version is not a number; write “version: 1”" },
  { "version-list", "version: [1]\n", "1:10: the version is not a number; write “version: 1”" },
  { "section-is-word", BODY ("relay: yes\n"),
    "7:8: “relay” is a mapping; write its keys below it, indented by two spaces" },
  { "section-is-list", BODY ("names:\n- home: x\n"),
    "8:1: “names” is a mapping; write its keys below it, indented by two spaces" },
  { "word-is-list", "identity:\n  key_file: [a]\n",
    "2:13: “key_file” is one value, not a list or a mapping; write it after the colon" },
  { "list-is-word", "network:\n  listen_addresses: /ip4/0.0.0.0/tcp/0\n",
    "2:21: “listen_addresses” is a list; write each entry on a line of its own, as “- …”" },
  { "entry-is-null", "network:\n  listen_addresses:\n  - ~\n",
    "3:5: an entry of “listen_addresses” is one value; write it after the “-”, in quotes" },
  { "entry-is-mapping", "network:\n  listen_addresses:\n  - a: b\n",
    "3:5: an entry of “listen_addresses” is one value; write it after the “-”, in quotes" },
  { "flag", "network:\n  force_private_reachability: maybe\n",
    "2:31: “force_private_reachability” cannot be “maybe”; write true or false" },
  { "congestion", "identity: {key_file: k}\nnetwork: {listen_addresses: [/ip4/0.0.0.0/tcp/0], congestion: reno}\n",
    "2:63: network.congestion cannot be “reno”; write bbr or cubic" },
  { "congestion-case", "identity: {key_file: k}\nnetwork: {listen_addresses: [/ip4/0.0.0.0/tcp/0], congestion: BBR}\n",
    "2:63: network.congestion cannot be “BBR”; write bbr or cubic" },
  { "no-network", "identity: {key_file: k}\n",
    "1:1: network.listen_addresses is missing; write “listen_addresses: [\"/ip4/0.0.0.0/tcp/0\"]” under “network:”" },
  { "no-listen-address", "identity: {key_file: k}\nnetwork:\n  listen_addresses: []\n",
    "3:21: network.listen_addresses is missing; write “listen_addresses: [\"/ip4/0.0.0.0/tcp/0\"]” under “network:”" },
  { "relay-without-peer", BODY ("relay:\n  addresses:\n    - /ip4/203.0.113.7/tcp/7777\n"),
    "9:7: Address /ip4/203.0.113.7/tcp/7777 does not end in /p2p/ and a peer ID; write it as "
    "/ip4/203.0.113.7/tcp/7777/p2p/12D3KooW…" },
  { "interval-without-unit", BODY ("relay: {reservation_interval: 120}\n"),
    "7:31: relay.reservation_interval cannot be “120”; write a time of 1s or more, as in 2m" },
  { "interval-empty", BODY ("relay: {reservation_interval: \"\"}\n"),
    "7:31: relay.reservation_interval cannot be “”; write a time of 1s or more, as in 2m" },
  { "interval-zero", BODY ("relay: {reservation_interval: 0}\n"),
    "7:31: relay.reservation_interval cannot be “0”; write a time of 1s or more, as in 2m" },
  { "interval-negative", BODY ("relay: {reservation_interval: -2m}\n"),
    "7:31: relay.reservation_interval cannot be “-2m”; write a time of 1s or more, as in 2m" },
  { "network-name", BODY ("discovery: {network: My_Home}\n"),
    "7:22: discovery.network cannot be “My_Home”; write 1 to 63 of a-z, 0-9 and “-”, the “-” not at the ends" },
  { "gating-without-file",
    "identity: {key_file: k}\nnetwork: {listen_addresses: [/ip4/0.0.0.0/tcp/0]}\nsecurity:\n  "
    "enable_connection_gating: true\n",
    "3:1: security.authorized_keys_file is missing; write “authorized_keys_file: \"authorized_keys\"” under "
    "“security:”" },
  { "ping-pong-id", BODY ("protocols: {ping_pong: {id: \"a b\"}}\n"),
    "7:29: protocols.ping_pong.id cannot be “a b”; write a protocol ID without blanks, as in “/pingpong/1.0.0”" },
  { "ping-pong-id-empty", BODY ("protocols: {ping_pong: {id: \"\"}}\n"),
    "7:29: protocols.ping_pong.id cannot be “”; write a protocol ID without blanks, as in “/pingpong/1.0.0”" },
  { "service-name", BODY ("services:\n  My SSH: {}\n"),
    "8:3: a service cannot be called “My SSH”; write 1 to 63 of a-z, 0-9 and “-”, the “-” not at the ends" },
  { "service-is-word", BODY ("services:\n  ssh: localhost:22\n"),
    "8:8: “ssh” is a mapping; write its keys below it, indented by two spaces" },
  { "service-without-address", BODY (SSH),
    "8:3: services.ssh.local_address is missing; write “local_address: "
    "\"localhost:22\"” (or where the service answers) under “ssh:”" },
  { "service-address", BODY (SSH "    local_address: localhost\n"),
    "10:20: services.ssh.local_address: “localhost” is not a host and a port; write localhost:22, 192.168.1.5:22 or "
    "[::1]:22" },
  { "allowed-peers-word", BODY (SSH "    local_address: a:1\n    allowed_peers: " PEER_A "\n"),
    "11:20: “allowed_peers” is a list; write each entry on a line of its own, as “- …”" },
  { "metrics-address", BODY ("telemetry: {metrics: {enabled: true, listen_address: nowhere}}\n"),
    "7:54: telemetry.metrics.listen_address: “nowhere” is not a host and a port; write localhost:22, 192.168.1.5:22 or "
    "[::1]:22" },
  { "limit-zero", LIMITS ("connections: 0"),
    "4:25: network.limits.connections cannot be “0”; write a number from 1 to 4294967295, or remove it for the "
    "default" },
  { "limit-word", LIMITS ("streams_per_peer: unlimited"),
    "4:30: network.limits.streams_per_peer cannot be “unlimited”; write a number from 1 to 4294967295, or remove it "
    "for the default" },
  { "limit-huge", LIMITS ("streams: 4294967296"),
    "4:21: network.limits.streams cannot be “4294967296”; write a number from 1 to 4294967295, or remove it for the "
    "default" },
  { "limit-rate", LIMITS ("handshake_rate: 1000001"),
    "4:28: network.limits.handshake_rate cannot be “1000001”; write a number from 1 to 1000000, or remove it for the "
    "default" },
  { "limit-memory", LIMITS ("memory: 64"),
    "4:20: network.limits.memory cannot be “64”; write a size of 1MiB or more, as in 256MiB" },
  { "limit-memory-negative", LIMITS ("memory_per_peer: -1GiB"),
    "4:29: network.limits.memory_per_peer cannot be “-1GiB”; write a size of 1MiB or more, as in 64MiB" },
  { "limit-list", LIMITS ("streams: [1]"),
    "4:21: “streams” is one value, not a list or a mapping; write it after the colon" },
  { "row-30-duplicate-key", BODY ("names: {}\nversion: 1\n"),
    "8:1: the key “version” stands here a second time (first at c.yaml:6:1); remove one" },
  { "row-30-anchor", BODY ("names: &n {}\n"),
    "7:9: anchors (&name) are not read; write the value out where it is used" },
  { "row-30-tab", BODY ("names:\n\thome: x\n"), "8:1: tab character may not be used as indentation; use spaces" },
};

static void
test_error (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_config_new_from_data (errors[i].text, strlen (errors[i].text), "c.yaml", &warnings, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_null (warnings);
  g_assert_true (g_str_has_prefix (error->message, "c.yaml:"));
  g_assert_cmpstr (error->message + strlen ("c.yaml:"), ==, errors[i].message);
}

/* The reason in the middle is the address parser's own. */
static void
test_unparsable_address (void)
{
  static const char text[] = BODY ("relay: {addresses: [/ip4/YOUR_VPS_IP/tcp/7777/p2p/YOUR_RELAY_PEER_ID]}\n");
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_config_new_from_data (text, strlen (text), "c.yaml", NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_true (g_str_has_prefix (error->message, "c.yaml:7:21: Address /ip4/YOUR_VPS_IP/"));
  g_assert_true (g_str_has_suffix (error->message, "; write it as /ip4/203.0.113.7/tcp/7777/p2p/12D3KooW…"));
}

static const struct
{
  const char *name;
  const char *text;
  const char *message; /* up to where a parser's own reason begins */
} warnings_of[] = {
  { "unknown", BODY ("color: blue\n"),
    "c.yaml:7:1: unknown key “color” has no effect; remove it, or leave it for the program that reads it" },
  { "mistyped", BODY ("discovery:\n  rendezvouz: x\n"),
    "c.yaml:8:3: unknown key “rendezvouz” has no effect; did you mean “rendezvous”?" },
  { "dashed", BODY ("relay: {reservation-interval: 1m}\n"),
    "c.yaml:7:9: unknown key “reservation-interval” has no effect; did you mean “reservation_interval”?" },
  { "misplaced", BODY ("telemetry:\n  force_private_reachability: true\n"),
    "c.yaml:8:3: unknown key “force_private_reachability” has no effect; it belongs under “network”" },
  { "too-deep", BODY ("relay:\n  names: {}\n"),
    "c.yaml:8:3: unknown key “names” has no effect; it belongs at the top, not indented" },
  { "limit", LIMITS ("connections_per_host: 5") "security: {authorized_keys_file: a, enable_connection_gating: true}\n",
    "c.yaml:4:12: unknown key “connections_per_host” has no effect; remove it, or leave it for the program that reads "
    "it" },
  { "in-service", BODY ("services: {ssh: {allowed_peer: [x]}}\n"),
    "c.yaml:7:18: unknown key “allowed_peer” has no effect; did you mean “allowed_peers”?" },
  { "protocol", BODY ("services: {ssh: {protocol: /my/ssh}}\n"),
    "c.yaml:7:18: services.ssh.protocol has no effect: the service is offered over TCP as /peerup/ssh/1.0.0; remove "
    "it" },
  { "disabled-service-address", BODY ("services: {ssh: {local_address: nowhere}}\n"),
    "c.yaml:7:33: services.ssh.local_address: “nowhere” is not a host and a port; write localhost:22, 192.168.1.5:22 "
    "or "
    "[::1]:22" },
  { "name", BODY ("names:\n  home: \"12D3KooW...\"\n"),
    "c.yaml:8:9: the name “home” leads nowhere with “12D3KooW...”: Not a peer ID: …" },
  { "name-null", BODY ("names:\n  home:\n"), "c.yaml:8:8: the name “home” leads nowhere with “”: Not a peer ID: …" },
  { "metrics-off", BODY ("telemetry: {metrics: {listen_address: x}}\n"),
    "c.yaml:7:39: telemetry.metrics.listen_address: “x” is not a host and a port; write localhost:22, 192.168.1.5:22 "
    "or "
    "[::1]:22" },
  { "own-protocol", BODY ("services: {discovery: {local_address: a:1}}\n"),
    "c.yaml:7:12: services.discovery is not offered: Peer-Up itself speaks a protocol of that name; use another one" },
  { "kind", BODY ("services: {ssh: {kind: Ssh}}\n"),
    "c.yaml:7:18: services.ssh.kind is not told to peers; write 1 to 63 of a-z, 0-9 and “-”, as ssh" },
  { "tag", BODY ("services: {ssh: {tags: [fine, \"a\\u202eb\"]}}\n"),
    "c.yaml:7:31: a tag of services.ssh is not told to peers; write 16 at most, of 1 to 64 bytes without control "
    "characters" },
  { "nobody", BODY ("services: {ssh: {allowed_peers: []}}\n"),
    "c.yaml:7:18: nobody may use the service “ssh” without a grant: its allowed_peers holds no peer; add one, or "
    "remove the key to let "
    "every "
    "authorized peer in" },
};

static void
test_warning (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfig) config =
    peerup_config_new_from_data (warnings_of[i].text, strlen (warnings_of[i].text), "c.yaml", &warnings, &error);
  const char *message = warnings_of[i].message;

  g_assert_no_error (error);
  g_assert_cmpuint (warnings->len, ==, 1);
  if (g_str_has_suffix (message, "…"))
    g_assert_cmpmem (g_ptr_array_index (warnings, 0), strlen (message) - strlen ("…"), message,
                     strlen (message) - strlen ("…"));
  else
    g_assert_cmpstr (g_ptr_array_index (warnings, 0), ==, message);
}

static void
test_many_warnings (void)
{
  g_autoptr (GString) text = g_string_new (HEAD);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config = NULL;

  for (guint i = 0; i < 5000; i++)
    g_string_append_printf (text, "zz%u: 1\n", i);
  config = peerup_config_new_from_data (text->str, text->len, "c.yaml", &warnings, NULL);
  g_assert_nonnull (config);
  g_assert_cmpuint (warnings->len, ==, 101);
  g_assert_cmpstr (g_ptr_array_index (warnings, 100), ==, "c.yaml: and more of this kind");
}

/* Text of the file in a message is one line, short, and cannot drive a terminal. */
static void
test_quoted (void)
{
  static const char text[] = BODY ("\"\\e[31m\\n\": 1\n");
  g_autofree char *rest = g_strnfill (5000, 'x');
  g_autofree char *long_key = g_strdup_printf (BODY ("%s: 1\n"), rest);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GPtrArray) more = NULL;
  g_autoptr (PeerupConfig) config = peerup_config_new_from_data (text, strlen (text), "c.yaml", &warnings, NULL);
  g_autoptr (PeerupConfig) other = peerup_config_new_from_data (long_key, strlen (long_key), "c.yaml", &more, NULL);

  g_assert_true (g_str_has_prefix (g_ptr_array_index (warnings, 0), "c.yaml:7:1: unknown key “�[31m�” has"));
  g_assert_cmpuint (strlen (g_ptr_array_index (more, 0)), <, 250);
}

static void
test_too_large (void)
{
  g_autofree char *text = g_strnfill (PEERUP_CONFIG_MAX_SIZE + 1, '\n');
  g_autoptr (GError) error = NULL;

  memcpy (text, HEAD, strlen (HEAD));
  g_assert_null (peerup_config_new_from_data (text, PEERUP_CONFIG_MAX_SIZE + 1, "c.yaml", NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_assert_cmpstr (error->message, ==, "c.yaml is larger than 1024 KiB; a configuration is a few KiB");
  g_clear_error (&error);
  peerup_config_unref (peerup_config_new_from_data (text, PEERUP_CONFIG_MAX_SIZE, "c.yaml", NULL, &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_autofree char *path = g_strconcat ("/config/errors/", errors[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_error);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (warnings_of); i++)
    {
      g_autofree char *path = g_strconcat ("/config/warnings/", warnings_of[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_warning);
    }
  g_test_add_func ("/config/errors/unparsable-address", test_unparsable_address);
  g_test_add_func ("/config/errors/quoted", test_quoted);
  g_test_add_func ("/config/errors/too-large", test_too_large);
  g_test_add_func ("/config/warnings/many", test_many_warnings);
  return g_test_run ();
}
