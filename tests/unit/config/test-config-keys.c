/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "config/peerup-config-keys.h"
#include "limits/peerup-limits.h"

#include <string.h>

static const PeerupConfigKey *
section (const char *name)
{
  const PeerupConfigKey *key = peerup_config_key_get_child (&peerup_config_root_key, name);

  g_assert_nonnull (key);
  return key;
}

static void
test_children (void)
{
  g_assert_cmpint (section ("version")->kind, ==, PEERUP_CONFIG_KEY_NUMBER);
  g_assert_null (peerup_config_key_get_child (&peerup_config_root_key, "*"));
  g_assert_null (peerup_config_key_get_child (section ("version"), "x"));
  g_assert_cmpint (peerup_config_key_get_child (section ("names"), "anything at all")->kind, ==,
                   PEERUP_CONFIG_KEY_TEXT);
  g_assert_cmpint (peerup_config_key_get_child (section ("services"), "ssh")->kind, ==, PEERUP_CONFIG_KEY_MAPPING);
}

/* Every limit has its key, and every key its limit. */
static void
test_limits (void)
{
  const PeerupConfigKey *limits = peerup_config_key_get_child (section ("network"), "limits");
  guint n = 0;

  g_assert_nonnull (limits);
  for (const PeerupConfigKey *key = NULL; (key = peerup_config_key_next_child (limits, key)) != NULL; n++)
    g_assert_cmpint (peerup_limit_from_name (peerup_config_key_get_name (key)), ==, n);
  g_assert_cmpuint (n, ==, PEERUP_N_LIMITS);
}

static void
test_suggest (void)
{
  static const struct
  {
    const char *section;
    const char *name;
    const char *suggestion;
  } cases[] = {
    { "identity", "keyfile", "did you mean “key_file”?" },
    { "identity", "Key-File", "did you mean “key_file”?" },
    { "network", "listen_adresses", "did you mean “listen_addresses”?" },
    { "security", "enable_connexion_gating", "did you mean “enable_connection_gating”?" },
    { "security", "key_file", "it belongs under “identity”" },
    { "network", "ping_pong", "it belongs under “protocols”" },
    { "network", "listen_address", "did you mean “listen_addresses”?" },
    { "identity", "rendezvous", "it belongs under “discovery”" },
    { "identity", "services", "it belongs at the top, not indented" },
    { "identity", "colour", NULL },
    { "identity", "", NULL },
  };
  g_autofree char *longest = g_strnfill (100000, 'k');

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *suggestion = peerup_config_key_suggest (section (cases[i].section), cases[i].name);

      g_assert_cmpstr (suggestion, ==, cases[i].suggestion);
    }
  g_assert_null (peerup_config_key_suggest (section ("identity"), longest));
}

static void
test_quote (void)
{
  static const struct
  {
    const char *text;
    const char *quoted;
  } cases[] = {
    { "", "“”" },
    { "home", "“home”" },
    { "é", "“é”" },
    { "a\nb\033[0m\302\205", "“a�b�[0m�”" },
    { "\377\376ok\303", "“��ok�”" },
    { "0123456789012345678901234567890123456789012345678901234567890123",
      "“0123456789012345678901234567890123456789012345678901234567890123”" },
    { "01234567890123456789012345678901234567890123456789012345678901234",
      "“0123456789012345678901234567890123456789012345678901234567890123…”" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_memdup2 (cases[i].text, strlen (cases[i].text) + 1);
      g_autofree char *quoted = peerup_config_quote (text);

      g_assert_cmpstr (quoted, ==, cases[i].quoted);
    }
}

static void
test_flag (void)
{
  static const char *const bad[] = { "", "t", "tru", "truee", "1", "0", "falsehood", "maybe" };
  gboolean value;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (peerup_config_parse_flag (bad[i], &value));
  g_assert_true (peerup_config_parse_flag ("YES", &value));
  g_assert_true (value);
  g_assert_true (peerup_config_parse_flag ("false", &value));
  g_assert_false (value);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/keys/children", test_children);
  g_test_add_func ("/config/keys/limits", test_limits);
  g_test_add_func ("/config/keys/suggest", test_suggest);
  g_test_add_func ("/config/keys/quote", test_quote);
  g_test_add_func ("/config/keys/flag", test_flag);
  return g_test_run ();
}
