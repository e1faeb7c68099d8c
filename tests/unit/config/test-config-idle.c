/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "config/peerup-config.h"

#include <string.h>

#include "config/peerup-config-schema.h"

#define MINIMAL                                         \
  "identity: {key_file: identity.key}\n"                \
  "network: {listen_addresses: [/ip4/0.0.0.0/tcp/0]}\n" \
  "security: {authorized_keys_file: authorized_keys}\n"
#define PEER "/ip4/203.0.113.7/tcp/7777/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"

static char **
list (const char *more)
{
  g_autofree char *text = g_strconcat (MINIMAL, more, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfig) config = peerup_config_new_from_data (text, strlen (text), "/d/config.yaml", NULL, &error);

  g_assert_no_error (error);
  return peerup_config_dup_idle_keys (config);
}

static void
assert_idle (const char *more, const char *key)
{
  g_auto (GStrv) keys = list (more);

  g_assert_cmpstrv (keys, ((const char *const[]) { key, NULL }));
}

/* The defaults, written in whatever way, are nothing to be told of. */
static void
test_defaults (void)
{
  assert_idle ("", NULL);
  assert_idle ("relay: {reservation_interval: 120s}\n", NULL);
  assert_idle ("resources: {buffer_size: 65536}\n", NULL);
  assert_idle ("discovery: {rendezvous: peerup-default-network, bootstrap_peers: []}\n", NULL);
  assert_idle ("relay: {drain_time: 7s}\nresources: {max_circuits: 3}\n", NULL);
}

/* And of each key that the table marks, a value. */
static void
test_each (void)
{
  const struct
  {
    const char *key;
    const char *text;
  } cases[] = {
    { "relay.reservation_interval", "relay: {reservation_interval: 121s}\n" },
    { "discovery.rendezvous", "discovery: {rendezvous: other}\n" },
    { "discovery.bootstrap_peers", "discovery: {bootstrap_peers: [" PEER "]}\n" },
    { "resources.buffer_size", "resources: {buffer_size: 32KiB}\n" },
  };
  g_auto (GStrv) all = NULL;
  guint n_marked = 0;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_idle (cases[i].text, cases[i].key);
  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    n_marked += key->effect == PEERUP_CONFIG_EFFECT_NONE && strchr (key->path, '*') == NULL;
  g_assert_cmpuint (n_marked, ==, G_N_ELEMENTS (cases));
  all = list ("resources: {buffer_size: 1KiB}\ndiscovery: {rendezvous: other}\nrelay: {reservation_interval: 1s}\n");
  g_assert_cmpstrv (all, ((const char *const[]) { "relay.reservation_interval", "discovery.rendezvous",
                                                  "resources.buffer_size", NULL }));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/idle/defaults", test_defaults);
  g_test_add_func ("/config/idle/each", test_each);
  return g_test_run ();
}
