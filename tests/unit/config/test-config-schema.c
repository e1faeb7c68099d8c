/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "config/peerup-config-schema.h"

#include "fixture.h"

#include <string.h>

#include "config/peerup-config-keys.h"
#include "config/peerup-config-size.h"
#include "config/peerup-go-duration.h"

#define MINIMAL                                                                                  \
  "identity: {key_file: identity.key}\n"                                                         \
  "network: {listen_addresses: [/ip4/0.0.0.0/tcp/0, /ip4/0.0.0.0/udp/0/quic-v1, /ip6/::/tcp/0, " \
  "/ip6/::/udp/0/quic-v1]}\n"                                                                    \
  "security: {authorized_keys_file: authorized_keys, enable_connection_gating: true}\n"

static PeerupConfig *
load (const char *text)
{
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = peerup_config_new_from_data (text, strlen (text), "/d/config.yaml", &warnings, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < warnings->len; i++)
    g_test_message ("%s", (const char *) g_ptr_array_index (warnings, i));
  g_assert_cmpuint (warnings->len, ==, 0);
  return config;
}

/* Of another form when it is written, but the same value. */
static void
assert_same_value (const PeerupConfigKey *key, const char *actual)
{
  gint64 a_time, b_time;
  guint64 a_size, b_size;

  if (key->format == PEERUP_CONFIG_FORMAT_DURATION || key->format == PEERUP_CONFIG_FORMAT_SECONDS)
    {
      g_assert_true (peerup_go_duration_parse (actual, &a_time, NULL));
      g_assert_true (peerup_go_duration_parse (key->value, &b_time, NULL));
      g_assert_cmpint (a_time, ==, b_time);
    }
  else if (key->format == PEERUP_CONFIG_FORMAT_SIZE)
    {
      g_assert_true (peerup_config_size_parse (actual, &a_size));
      g_assert_true (peerup_config_size_parse (key->value, &b_size));
      g_assert_cmpuint (a_size, ==, b_size);
    }
  else
    g_assert_cmpstr (actual, ==, key->value);
}

static JsonNode *
lookup (JsonNode *root, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, ".", -1);

  for (gsize i = 0; root != NULL && parts[i] != NULL; i++)
    root = json_object_get_member (json_node_get_object (root), parts[i]);
  return root;
}

/* What is in force where nothing is written is what the table says, and nothing else is. */
static void
test_defaults (void)
{
  g_autoptr (PeerupConfig) config = load (MINIMAL);
  g_autoptr (JsonNode) root = peerup_config_to_json (config);
  guint n = 0;

  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    {
      JsonNode *node = strchr (key->path, '*') == NULL ? lookup (root, key->path) : NULL;
      g_autofree char *text = NULL;

      if (key->kind == PEERUP_CONFIG_KEY_MAPPING || strchr (key->path, '*') != NULL || key->required)
        continue;
      g_test_message ("%s", key->path);
      g_assert_true ((node != NULL) == (key->value != NULL));
      if (key->value == NULL)
        continue;
      n++;
      if (key->kind == PEERUP_CONFIG_KEY_LIST)
        {
          g_assert_cmpstr (key->value, ==, "");
          g_assert_cmpuint (json_array_get_length (json_node_get_array (node)), ==, 0);
          continue;
        }
      text =
        json_node_get_value_type (node) == G_TYPE_STRING ? json_node_dup_string (node) : json_to_string (node, FALSE);
      assert_same_value (key, text);
    }
  g_assert_cmpuint (n, >, 35);
}

/* Each default and each example is one that its key takes; texts are there, and of one paragraph. */
static void
test_table (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    {
      g_autofree char *values = peerup_config_key_describe_values (key);
      gsize length = strlen (key->doc);

      g_test_message ("%s: %s", key->path, values);
      g_assert_true (g_hash_table_add (seen, (gpointer) key->path));
      g_assert_cmpuint (length, >, 10);
      g_assert_cmpint (key->doc[length - 1], ==, '.');
      g_assert_null (strchr (key->doc, '\n'));
      g_assert_cmpuint (strlen (values), >, 3);
      g_assert_true (peerup_config_schema_find (key->path) == key);
      if (key->kind == PEERUP_CONFIG_KEY_MAPPING)
        continue;
      g_assert_false (key->required && key->value != NULL);
      g_assert_true (key->value != NULL || key->example != NULL);
      if (key->kind != PEERUP_CONFIG_KEY_LIST && key->value != NULL)
        g_assert_true (peerup_config_key_takes (key, key->value));
      if (key->kind != PEERUP_CONFIG_KEY_LIST && key->example != NULL)
        g_assert_true (peerup_config_key_takes (key, key->example));
      if (key->effect == PEERUP_CONFIG_EFFECT_NONE)
        g_assert_nonnull (strstr (key->doc, "no effect"));
    }
}

static void
test_ranges (void)
{
  static const struct
  {
    const char *path;
    const char *value;
    gboolean good;
  } cases[] = {
    { "telemetry.audit.keep", "0", TRUE },
    { "telemetry.audit.keep", "1000", TRUE },
    { "telemetry.audit.keep", "1001", FALSE },
    { "telemetry.audit.keep", "-1", FALSE },
    { "telemetry.audit.keep", "", FALSE },
    { "telemetry.audit.max_size", "4096", TRUE },
    { "telemetry.audit.max_size", "4095", FALSE },
    { "relay.drain_time", "0s", TRUE },
    { "relay.drain_time", "24h", TRUE },
    { "relay.drain_time", "24h0.001s", FALSE },
    { "relay.drain_time", "-1s", FALSE },
    { "relay.reservation_interval", "999ms", FALSE },
    { "relay.reservation_interval", "1s", TRUE },
    { "resources.reservation_ttl", "4294967295s", TRUE },
    { "resources.reservation_ttl", "4294967296s", FALSE },
    { "resources.reservation_ttl", "1.5s", FALSE },
    { "resources.buffer_size", "16MiB", TRUE },
    { "resources.buffer_size", "16777217", FALSE },
    { "network.limits.handshake_rate", "1000000", TRUE },
    { "network.limits.handshake_rate", "1000001", FALSE },
    { "network.limits.streams", "4294967295", TRUE },
    { "network.limits.streams", "0", FALSE },
    { "network.limits.memory", "1048575", FALSE },
    { "network.congestion", "cubic", TRUE },
    { "network.congestion", "", TRUE },
    { "network.congestion", "bbr cubic", FALSE },
    { "discovery.network", "a-b", TRUE },
    { "discovery.network", "-b", FALSE },
    { "protocols.ping_pong.id", "", FALSE },
    { "protocols.ping_pong.id", "/a\t", FALSE },
    { "names.home", "whatever: the reader warns", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s: %s", cases[i].path, cases[i].value);
      g_assert_cmpint (peerup_config_key_takes (peerup_config_schema_find (cases[i].path), cases[i].value), ==,
                       cases[i].good);
    }
}

static char *
to_yaml (const char *text)
{
  g_autoptr (PeerupConfig) config = load (text);

  return peerup_config_to_yaml (config);
}

static void
test_sample (void)
{
  g_autofree char *sample = peerup_config_schema_sample ();
  g_autofree char *from_sample = to_yaml (sample);
  g_autofree char *from_minimal = to_yaml (MINIMAL);
  g_auto (GStrv) lines = g_strsplit (sample, "\n", -1);

  g_assert_cmpstr (from_sample, ==, from_minimal);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      /* An address alone may be longer. */
      if (strstr (lines[i], "/p2p/") == NULL)
        g_assert_cmpint (g_utf8_strlen (lines[i], -1), <=, 100);
      g_assert_false (g_str_has_suffix (lines[i], " "));
    }
  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    {
      const char *name = peerup_config_key_get_name (key);
      g_autofree char *written = g_strconcat (" ", name, ":", NULL);
      g_autofree char *at_start = g_strconcat ("\n", name, ":", NULL);

      g_test_message ("%s", key->path);
      if (!g_str_equal (name, "*"))
        g_assert_true (strstr (sample, written) != NULL || strstr (sample, at_start) != NULL);
    }
}

/* What is commented out is right too, once its signs are gone. */
static void
test_sample_whole (void)
{
  g_autofree char *sample = peerup_config_schema_sample ();
  g_auto (GStrv) lines = g_strsplit (sample, "\n", -1);
  g_autoptr (GString) whole = g_string_new (NULL);
  g_autoptr (GRegex) key = g_regex_new ("^( *)# ( *)([a-z_]+:( [^ ]+)?|- [^ ]+)$", 0, 0, NULL);
  g_autoptr (PeerupConfig) config = NULL;
  PeerupLimitsMachine machine = { .memory = 1 << 30, .descriptors = 1024, .processors = 1 };
  PeerupLimitsSettings settings;

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *line = g_regex_replace (key, lines[i], -1, 0, "\\1\\2\\3", 0, NULL);

      g_string_append_printf (whole, "%s\n", line);
    }
  config = load (whole->str);
  peerup_config_get_limits (config, &machine, &settings);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_CONNECTIONS], ==, 1000);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_MEMORY_PER_PEER], ==, 64 << 20);
  g_assert_cmpuint (peerup_config_get_services (config)->len, ==, 1);
  g_assert_cmpstr (peerup_config_find_service (config, "ssh")->kind, ==, "ssh");
  g_assert_cmpuint (g_strv_length (peerup_config_find_service (config, "ssh")->tags), ==, 2);
  g_assert_cmpuint (peerup_config_get_names (config)->len, ==, 1);
  g_assert_cmpuint (peerup_config_find_service (config, "ssh")->allowed_peers->len, ==, 1);
  g_assert_cmpstr (peerup_config_get_network (config), ==, "my-home");
  g_assert_cmpstr (peerup_config_get_websocket_key_file (config), ==, "/d/privkey.pem");
}

static void
test_explain (void)
{
  g_autofree char *one = peerup_config_key_explain (peerup_config_schema_find ("network.congestion"));
  g_autofree char *section = peerup_config_key_explain (peerup_config_schema_find ("services.ssh"));
  g_autofree char *all = peerup_config_key_explain (&peerup_config_root_key);

  g_assert_true (g_str_has_prefix (one, "network.congestion\n  How QUIC"));
  g_assert_nonnull (strstr (one, "\n  Value: bbr or cubic\n  Default: bbr\n  A change is: in force when the file is "
                                 "saved\n"));
  g_assert_nonnull (strstr (section, "\n  services.*.allowed_peers\n"));
  g_assert_nonnull (strstr (all, "\n  telemetry\n"));
  g_assert_null (peerup_config_schema_find ("network.congestio"));
  g_assert_null (peerup_config_schema_find ("network.congestion.x"));
  g_assert_null (peerup_config_schema_find ("services.ssh.colour"));
}

static void
test_man_page (void)
{
  g_autofree char *page = peerup_config_schema_man_page ("1.2.3");

  g_assert_nonnull (strstr (page, "\"Peer\\-Up 1.2.3\""));
  for (const char *c = page; *c != '\0'; c++)
    g_assert_cmpint ((guchar) *c, <, 0x80);
  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    {
      g_autofree char *entry = g_strdup_printf (".TP\n\\fB%s\\fR\n", key->path);

      g_assert_nonnull (strstr (page, entry));
    }
}

static void
test_json_schema (void)
{
  g_autoptr (JsonNode) root = peerup_config_schema_to_json ();
  JsonObject *congestion = json_node_get_object (lookup (root, "properties.network.properties.congestion"));
  JsonNode *service = lookup (root, "properties.services.additionalProperties.properties.allowed_peers");

  g_assert_cmpstr (json_object_get_string_member (congestion, "default"), ==, "bbr");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (congestion, "enum")), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (service), "type"), ==, "array");
  g_assert_cmpint (json_node_get_int (lookup (root, "properties.telemetry.properties.audit.properties.keep.maximum")),
                   ==, 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/schema/defaults", test_defaults);
  g_test_add_func ("/config/schema/table", test_table);
  g_test_add_func ("/config/schema/ranges", test_ranges);
  g_test_add_func ("/config/schema/sample", test_sample);
  g_test_add_func ("/config/schema/sample-whole", test_sample_whole);
  g_test_add_func ("/config/schema/explain", test_explain);
  g_test_add_func ("/config/schema/man-page", test_man_page);
  g_test_add_func ("/config/schema/json-schema", test_json_schema);
  return g_test_run ();
}
