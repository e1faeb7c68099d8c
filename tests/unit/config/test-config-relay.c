/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a configuration says of relays, and that a relay's file of the original is one. */

#include "fixture.h"

#include <string.h>

static PeerupConfig *
load (const char *text, GPtrArray **warnings, GError **error)
{
  return peerup_config_new_from_data (text, strlen (text), "c.yaml", warnings, error);
}

static PeerupConfig *
load_well (const char *text)
{
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = load (text, &warnings, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (warnings->len, ==, 0);
  return config;
}

static void
test_original_file (void)
{
  g_autofree char *text = read_fixture ("relay-server.yaml", NULL);
  g_autoptr (PeerupConfig) config = load_well (text);
  const PeerupConfigResources *resources = peerup_config_get_resources (config);

  g_assert_cmpuint (peerup_config_get_listen_addresses (config)->len, ==, 4);
  g_assert_cmpstr (peerup_config_get_network (config), ==, "my-crew");
  g_assert_cmpuint (resources->max_reservations, ==, 200);
  g_assert_cmpuint (resources->max_circuits, ==, 8);
  g_assert_cmpuint (resources->max_circuits_total, ==, 1024);
  g_assert_cmpuint (resources->buffer_size, ==, 2048);
  g_assert_cmpuint (resources->max_reservations_per_ip, ==, 4);
  g_assert_cmpuint (resources->max_reservations_per_asn, ==, 40);
  g_assert_cmpint (resources->reservation_ttl, ==, 7200 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpint (resources->session_duration, ==, 330 * G_USEC_PER_SEC);
  g_assert_cmpuint (resources->session_data_limit, ==, 128 * 1024 * 1024);
  g_assert_cmpint (resources->authorized_session_duration, ==, 0);
  g_assert_cmpuint (resources->authorized_session_data_limit, ==, 0);
  g_assert_true (peerup_config_get_health_enabled (config));
  g_assert_cmpstr (peerup_config_get_health_address (config), ==, "127.0.0.1:9190");
}

static void
test_defaults (void)
{
  g_autoptr (PeerupConfig) config = load_well (HEAD);
  const PeerupConfigResources *resources = peerup_config_get_resources (config);

  g_assert_false (peerup_config_get_relay_serve (config));
  g_assert_true (peerup_config_get_relay_serve_peers (config));
  g_assert_true (peerup_config_get_relay_sponsor (config));
  g_assert_cmpint (peerup_config_get_relay_drain_time (config), ==, 30 * G_USEC_PER_SEC);
  g_assert_cmpuint (peerup_config_get_relay_announce (config)->len, ==, 0);
  g_assert_cmpuint (resources->max_reservations, ==, 128);
  g_assert_cmpuint (resources->max_circuits, ==, 16);
  g_assert_cmpuint (resources->max_circuits_total, ==, 1024);
  g_assert_cmpuint (resources->buffer_size, ==, 64 * 1024);
  g_assert_cmpuint (resources->max_reservations_per_ip, ==, 8);
  g_assert_cmpuint (resources->max_reservations_per_asn, ==, 32);
  g_assert_cmpint (resources->reservation_ttl, ==, 3600 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpint (resources->session_duration, ==, 600 * G_USEC_PER_SEC);
  g_assert_cmpuint (resources->session_data_limit, ==, 64 * 1024 * 1024);
  g_assert_false (peerup_config_get_health_enabled (config));
  g_assert_cmpstr (peerup_config_get_health_address (config), ==, "127.0.0.1:9090");
}

static void
test_everything (void)
{
  g_autoptr (PeerupConfig) config = load_well (HEAD "relay:\n"
                                                    "  serve: yes\n"
                                                    "  serve_peers: false\n"
                                                    "  sponsor: false\n"
                                                    "  drain_time: 1m30s\n"
                                                    "  announce: [/ip4/203.0.113.7/tcp/443, \"" RELAY_A "\"]\n"
                                                    "resources:\n"
                                                    "  max_circuits_total: 9\n"
                                                    "  session_duration: 0\n"
                                                    "  session_data_limit: 0\n"
                                                    "  authorized_session_duration: 24h\n"
                                                    "  authorized_session_data_limit: 1GiB\n");
  g_autofree char *yaml = peerup_config_to_yaml (config);
  g_autoptr (PeerupConfig) again = load_well (yaml);
  const PeerupConfigResources *resources = peerup_config_get_resources (again);
  GPtrArray *announce = peerup_config_get_relay_announce (again);

  g_assert_true (peerup_config_get_relay_serve (again));
  g_assert_false (peerup_config_get_relay_serve_peers (again));
  g_assert_false (peerup_config_get_relay_sponsor (again));
  g_assert_cmpint (peerup_config_get_relay_drain_time (again), ==, 90 * G_USEC_PER_SEC);
  g_assert_cmpuint (announce->len, ==, 2);
  g_assert_cmpstr (peerup_multiaddr_get_string (announce->pdata[0]), ==, "/ip4/203.0.113.7/tcp/443");
  g_assert_cmpuint (resources->max_circuits_total, ==, 9);
  g_assert_cmpint (resources->session_duration, ==, 0);
  g_assert_cmpuint (resources->session_data_limit, ==, 0);
  g_assert_cmpint (resources->authorized_session_duration, ==, 86400 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpuint (resources->authorized_session_data_limit, ==, 1024 * 1024 * 1024);
}

static const struct
{
  const char *name;
  const char *text;    /* after HEAD */
  const char *message; /* after "c.yaml:" */
} errors[] = {
  { "serve", "relay: {serve: maybe}\n", "7:16: “serve” cannot be “maybe”; write true or false" },
  { "drain-time", "relay: {drain_time: 30}\n",
    "7:21: relay.drain_time cannot be “30”; write a time from 0s to 24h, as in 30s" },
  { "drain-time-negative", "relay: {drain_time: -1s}\n",
    "7:21: relay.drain_time cannot be “-1s”; write a time from 0s to 24h, as in 30s" },
  { "drain-time-long", "relay: {drain_time: 24h1s}\n",
    "7:21: relay.drain_time cannot be “24h1s”; write a time from 0s to 24h, as in 30s" },
  { "announce-circuit", "relay:\n  announce:\n  - /ip4/1.2.3.4/tcp/1\n  - " RELAY_A "/p2p-circuit\n",
    "10:5: relay.announce cannot hold “/ip4/203.0.113.7/tcp/7777/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gp…”, which leads "
    "through another relay; write an address of this one, as in /ip4/203.0.113.7/tcp/7777" },
  { "announce-no-port", "relay: {announce: [/ip4/203.0.113.7]}\n",
    "7:20: relay.announce cannot hold “/ip4/203.0.113.7”, which has no port; write it as in "
    "/ip4/203.0.113.7/tcp/7777" },
  { "number", "resources: {max_reservations: many}\n",
    "7:31: resources.max_reservations cannot be “many”; write a number from 1 to 4294967295, or remove it for the "
    "default (128)" },
  { "number-zero", "resources: {max_circuits: 0}\n",
    "7:27: resources.max_circuits cannot be “0”; write a number from 1 to 4294967295, or remove it for the default "
    "(16)" },
  { "number-large", "resources: {max_circuits_total: 4294967296}\n",
    "7:33: resources.max_circuits_total cannot be “4294967296”; write a number from 1 to 4294967295, or remove it for "
    "the default (1024)" },
  { "per-ip", "resources: {max_reservations_per_ip: -1}\n",
    "7:38: resources.max_reservations_per_ip cannot be “-1”; write a number from 1 to 4294967295, or remove it for the "
    "default (8)" },
  { "per-asn", "resources: {max_reservations_per_asn: 1.5}\n",
    "7:39: resources.max_reservations_per_asn cannot be “1.5”; write a number from 1 to 4294967295, or remove it for "
    "the default (32)" },
  { "buffer-small", "resources: {buffer_size: 1023}\n",
    "7:26: resources.buffer_size cannot be “1023”; write a size from 1KiB to 16MiB, as in 64KiB" },
  { "buffer-large", "resources: {buffer_size: 17MB}\n",
    "7:26: resources.buffer_size cannot be “17MB”; write a size from 1KiB to 16MiB, as in 64KiB" },
  { "ttl", "resources: {reservation_ttl: 0s}\n",
    "7:30: resources.reservation_ttl cannot be “0s”; write whole seconds, as in 10m" },
  { "duration", "resources: {session_duration: 1500ms}\n",
    "7:31: resources.session_duration cannot be “1500ms”; write whole seconds, as in 10m, or 0 for no limit" },
  { "duration-negative", "resources: {session_duration: -10m}\n",
    "7:31: resources.session_duration cannot be “-10m”; write whole seconds, as in 10m, or 0 for no limit" },
  { "duration-long", "resources: {authorized_session_duration: 1193046h30m}\n",
    "7:42: resources.authorized_session_duration cannot be “1193046h30m”; write whole seconds, as in 10m, or 0 for no "
    "limit" },
  { "data", "resources: {session_data_limit: 64M}\n",
    "7:33: resources.session_data_limit cannot be “64M”; write a size, as in 64MB, or 0 for no limit" },
  { "health", "health: {enabled: true, listen_address: here}\n",
    "7:41: health.listen_address: “here” is not a host and a port; write localhost:22, 192.168.1.5:22 or [::1]:22" },
};

static void
test_error (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autofree char *text = g_strconcat (HEAD, errors[i].text, NULL);
  g_autofree char *expected = g_strconcat ("c.yaml:", errors[i].message, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (load (text, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, expected);
}

/* Nobody listens on it. */
static void
test_health_off (void)
{
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config = load (HEAD "health: {listen_address: here}\n", &warnings, NULL);

  g_assert_cmpuint (warnings->len, ==, 1);
  g_assert_cmpstr (peerup_config_get_health_address (config), ==, "127.0.0.1:9090");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/relay/original-file", test_original_file);
  g_test_add_func ("/config/relay/defaults", test_defaults);
  g_test_add_func ("/config/relay/everything", test_everything);
  g_test_add_func ("/config/relay/health-off", test_health_off);
  for (gsize i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_autofree char *path = g_strconcat ("/config/relay/errors/", errors[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_error);
    }
  return g_test_run ();
}
