/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "config/peerup-yaml-value.h"

#include <string.h>

static PeerupYamlDocument *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupYamlDocument *document = peerup_yaml_parse (text, strlen (text), "c.yaml", &error);

  g_assert_no_error (error);
  return document;
}

/* Whatever is written can be read, and is the same. */
static void
test_quote (void)
{
  static const struct
  {
    const char *text;
    const char *quoted;
  } cases[] = {
    { "", "\"\"" },
    { "plain", "\"plain\"" },
    { "a\"b\\c", "\"a\\\"b\\\\c\"" },
    { "a\nb\tc\033", "\"a\\u000ab\\u0009c\\u001b\"" },
    { "\302\205\302\240\342\200\250", "\"\\u0085\\u00a0\\u2028\"" },
    { "\357\273\277\357\277\276", "\"\\ufeff\\ufffe\"" },
    { "\360\237\230\200 \303\251", "\"\360\237\230\200 \303\251\"" },
    { "\364\217\277\277", "\"\\U0010ffff\"" },
    { "# no: comment", "\"# no: comment\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *quoted = peerup_yaml_quote (cases[i].text);
      g_autofree char *text = g_strdup_printf ("%s: [%s]\n", quoted, quoted);
      g_autoptr (PeerupYamlDocument) document = parse (text);
      const PeerupYamlNode *list = g_ptr_array_index (document->root->children, 0);

      g_assert_cmpstr (quoted, ==, cases[i].quoted);
      g_assert_cmpstr (list->key->text, ==, cases[i].text);
      g_assert_cmpstr (((PeerupYamlNode *) g_ptr_array_index (list->children, 0))->text, ==, cases[i].text);
    }
}

static void
test_plain (void)
{
  static const char *const plain[] = { "ssh", "5m", "1h30m", "a.b-c_d", "/pingpong/1.0.0", "12D3KooWx", "h", "nul" };
  static const char *const not_plain[] = { "",           "-",    "-a",   ".5", "1",  "1.5",   "0x1f",
                                           "1e3",        "null", "True", "NO", "y",  "On",    "a:",
                                           "a b",        "a#",   "a,",   "[",  "é",  "~",     "*a",
                                           "2025-01-01", "0b10", "0o7",  "1.", "12", "dead:", "a\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (plain); i++)
    g_assert_true (peerup_yaml_is_plain (plain[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (not_plain); i++)
    g_assert_false (peerup_yaml_is_plain (not_plain[i]));
}

static void
test_equal (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean equal;
  } cases[] = {
    { "a: 1", "a:   1 # x", TRUE },
    { "a: 1", "a: 2", FALSE },
    { "a: 1", "b: 1", FALSE },
    { "a: 1", "a: \"1\"", FALSE },
    { "a: '1'", "a: \"1\"", TRUE },
    { "a: x", "a: |-\n  x", FALSE },
    { "a: 1\nb: 2", "b: 2\na: 1", FALSE },
    { "a: 1\nb: 2", "{a: 1, b: 2}", TRUE },
    { "a: [1, 2]", "a:\n- 1\n- 2", TRUE },
    { "a: [1, 2]", "a: [2, 1]", FALSE },
    { "a: [1, 2]", "a: [1]", FALSE },
    { "a: [1]", "a: {1: }", FALSE },
    { "a: [1]", "a: 1", FALSE },
    { "a: []", "a: {}", TRUE },
    { "a: []", "a:", TRUE },
    { "a: ~", "a: null", TRUE },
    { "a: ''", "a:", FALSE },
    { "a: {b: {c: d}}", "a: {b: {c: e}}", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PeerupYamlDocument) a = parse (cases[i].a);
      g_autoptr (PeerupYamlDocument) b = parse (cases[i].b);
      g_autoptr (PeerupYamlNode) copy = peerup_yaml_value_copy (a->root);

      g_test_message ("%s and %s", cases[i].a, cases[i].b);
      g_assert_cmpint (peerup_yaml_value_equal (a->root, b->root), ==, cases[i].equal);
      g_assert_cmpint (peerup_yaml_value_equal (b->root, a->root), ==, cases[i].equal);
      g_assert_true (peerup_yaml_value_equal (a->root, copy));
    }
}

static void
test_write (void)
{
  g_autoptr (PeerupYamlNode) root = peerup_yaml_node_new (PEERUP_YAML_MAPPING, 0, 0);
  PeerupYamlNode *list;
  g_autoptr (GString) flow = g_string_new (NULL);
  g_autoptr (GString) block = g_string_new (NULL);
  g_autoptr (PeerupYamlDocument) from_flow = NULL;
  g_autoptr (PeerupYamlDocument) from_block = NULL;

  peerup_yaml_value_add (root, "on", peerup_yaml_value_new_scalar ("true", FALSE));
  list = peerup_yaml_value_add (root, "list", peerup_yaml_node_new (PEERUP_YAML_SEQUENCE, 0, 0));
  peerup_yaml_value_add (list, NULL, peerup_yaml_value_new_scalar ("x", TRUE));
  peerup_yaml_value_add (list, NULL, peerup_yaml_value_new_scalar ("y", TRUE));
  peerup_yaml_value_add (root, "none", peerup_yaml_node_new (PEERUP_YAML_SEQUENCE, 0, 0));
  peerup_yaml_append_flow (flow, root);
  peerup_yaml_append_block (block, "top", root, 1, 3);

  g_assert_cmpstr (flow->str, ==, "{\"on\": true, list: [\"x\", \"y\"], none: []}");
  g_assert_cmpstr (block->str, ==,
                   " top:\n    \"on\": true\n    list:\n       - \"x\"\n       - \"y\"\n    none: []\n");
  from_flow = parse (flow->str);
  from_block = parse (block->str);
  g_assert_true (peerup_yaml_value_equal (from_flow->root, root));
  g_assert_true (peerup_yaml_value_equal (g_ptr_array_index (from_block->root->children, 0), root));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/yaml-value/quote", test_quote);
  g_test_add_func ("/config/yaml-value/plain", test_plain);
  g_test_add_func ("/config/yaml-value/equal", test_equal);
  g_test_add_func ("/config/yaml-value/write", test_write);
  return g_test_run ();
}
