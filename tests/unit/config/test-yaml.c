/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "config/peerup-yaml.h"

#include <string.h>

static PeerupYamlDocument *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupYamlDocument *document = peerup_yaml_parse (text, strlen (text), "c.yaml", &error);

  g_assert_no_error (error);
  return document;
}

static void
assert_source (const PeerupYamlDocument *document, const PeerupYamlNode *node, const char *source)
{
  g_autofree char *text = g_strndup (document->text + node->start, node->end - node->start);

  g_assert_cmpstr (text, ==, source);
}

static PeerupYamlNode *
item (const PeerupYamlNode *list, guint index)
{
  g_assert_cmpuint (index, <, list->children->len);
  return g_ptr_array_index (list->children, index);
}

static void
test_marks (void)
{
  g_autoptr (PeerupYamlDocument) document = parse ("a: 1 # one\n"
                                                   "\"b c\":   'it''s'  \n"
                                                   "flow: {x: [1, \"zwei\"], y: }\n"
                                                   "list:\n"
                                                   "- one\n"
                                                   "-   \"t\\u00fc\" # two\n"
                                                   "\n"
                                                   "# end\n"
                                                   "map:\n"
                                                   "    deep: é x\n"
                                                   "none:   # nothing\n");
  const PeerupYamlNode *root = document->root;
  const PeerupYamlNode *flow = peerup_yaml_node_get (root, "flow");
  const PeerupYamlNode *list = peerup_yaml_node_get (root, "list");
  const PeerupYamlNode *none = peerup_yaml_node_get (root, "none");

  assert_source (document, peerup_yaml_node_get (root, "a"), "1");
  assert_source (document, peerup_yaml_node_get (root, "b c"), "'it''s'");
  assert_source (document, peerup_yaml_node_get (root, "b c")->key, "\"b c\"");
  g_assert_cmpstr (peerup_yaml_node_get (root, "b c")->text, ==, "it's");
  assert_source (document, flow, "{x: [1, \"zwei\"], y: }");
  g_assert_true (flow->flow);
  assert_source (document, peerup_yaml_node_get (flow, "x"), "[1, \"zwei\"]");
  assert_source (document, item (peerup_yaml_node_get (flow, "x"), 1), "\"zwei\"");
  g_assert_true (peerup_yaml_node_is_null (peerup_yaml_node_get (flow, "y")));
  assert_source (document, list, "- one\n-   \"t\\u00fc\"");
  g_assert_cmpstr (item (list, 1)->text, ==, "tü");
  assert_source (document, peerup_yaml_node_get (root, "map"), "deep: é x");
  g_assert_true (peerup_yaml_node_is_null (none));
  g_assert_cmpuint (none->start, ==, none->end);
  g_assert_cmpint (document->text[none->start - 1], ==, ':');
  g_assert_null (peerup_yaml_node_get (root, "nothing"));
  g_assert_null (peerup_yaml_node_get (none, "nothing"));
}

/* Brackets closed at the margin, as the original's parser has it. */
static void
test_margin (void)
{
  g_autoptr (PeerupYamlDocument) document = parse ("x:\n  l: [\n    a,\n]\nm: {\nb: 1\n}\n");

  g_assert_cmpuint (peerup_yaml_node_get (peerup_yaml_node_get (document->root, "x"), "l")->children->len, ==, 1);
  g_assert_cmpstr (peerup_yaml_node_get (peerup_yaml_node_get (document->root, "m"), "b")->text, ==, "1");
}

static void
test_locate (void)
{
  static const char text[] = "\357\273\277a: 1\r\nü: é x\rz: 3\n";
  g_autoptr (PeerupYamlDocument) document = parse (text);
  g_autofree char *a = peerup_yaml_document_locate (document, peerup_yaml_node_get (document->root, "a")->start);
  g_autofree char *u = peerup_yaml_document_locate (document, peerup_yaml_node_get (document->root, "ü")->start);
  g_autofree char *z = peerup_yaml_document_locate (document, peerup_yaml_node_get (document->root, "z")->start);
  g_autofree char *end = peerup_yaml_document_locate (document, document->length);

  g_assert_cmpstr (a, ==, "c.yaml:1:4");
  g_assert_cmpstr (u, ==, "c.yaml:2:4");
  g_assert_cmpstr (z, ==, "c.yaml:3:4");
  g_assert_cmpstr (end, ==, "c.yaml:4:1");
}

static void
test_empty (void)
{
  static const char *const texts[] = { "",    "\n\n", "# nothing here\n", "---\n", "---\n...\n",
                                       "~\n", "{}\n", "\357\273\277" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (PeerupYamlDocument) document = parse (texts[i]);

      g_assert_cmpint (document->root->kind, ==, PEERUP_YAML_MAPPING);
      g_assert_cmpuint (document->root->children->len, ==, 0);
    }
}

static void
test_document_end (void)
{
  g_autoptr (PeerupYamlDocument) open = parse ("a: 1\n# x\n");
  g_autoptr (PeerupYamlDocument) ended = parse ("a: 1\n...\n# x\n");

  g_assert_false (open->ended);
  g_assert_cmpuint (open->end, ==, open->length);
  g_assert_true (ended->ended);
  g_assert_cmpuint (ended->end, ==, 5);
}

static void
test_null (void)
{
  g_autoptr (PeerupYamlDocument) document =
    parse ("a:\nb: ~\nc: null\nd: NULL\ne: Null\nf: 'null'\ng: ''\nh: nil\ni: {}\n");
  static const gboolean expected[] = { TRUE, TRUE, TRUE, TRUE, TRUE, FALSE, FALSE, FALSE, FALSE };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpint (peerup_yaml_node_is_null (item (document->root, i)), ==, expected[i]);
}

static void
test_refuse (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } cases[] = {
    { "a:\n\tb: 1\n", "c.yaml:2:1: tab character may not be used as indentation; use spaces" },
    { "a: 1\na: 2\n", "c.yaml:2:1: the key “a” stands here a second time (first at c.yaml:1:1); remove one" },
    { "x:\n  a: 1\n  b: 2\n  \"a\": 3\n",
      "c.yaml:4:3: the key “a” stands here a second time (first at c.yaml:2:3); remove one" },
    { "a: &x 1\n", "c.yaml:1:5: anchors (&name) are not read; write the value out where it is used" },
    { "a: &x {}\n", "c.yaml:1:5: anchors (&name) are not read; write the value out where it is used" },
    { "a: &x [1]\n", "c.yaml:1:5: anchors (&name) are not read; write the value out where it is used" },
    { "a: *x\n", "c.yaml:1:5: aliases (*name) are not read; write the value out" },
    { "a: !!str 1\n", "c.yaml:1:4: tags (!name) are not read; remove it, and quote the value if it is a text" },
    { "<<: {a: 1}\n", "c.yaml:1:1: merge keys are not read; write the keys out" },
    { "? [a]\n: 1\n", "c.yaml:1:3: a key cannot be a list or a mapping; write a word" },
    { "a: 1\n---\nb: 2\n",
      "c.yaml:2:1: a second document starts here, of which nothing would be used; remove the “---”" },
    { "- a\n", "c.yaml:1:1: this is not a configuration; write lines of the form “key: value”" },
    { "just words\n", "c.yaml:1:1: this is not a configuration; write lines of the form “key: value”" },
    { "a: \"x\\0y\"\n",
      "c.yaml:1:4: this text has quotes or escapes that cannot be read; write it in double quotes, without “\\0”" },
    { "a: b\nc: \"\351\"\n", "c.yaml:2:5: this is not UTF-8; save the file in that encoding" },
    { "a: \"x\nb: 2\n",
      "c.yaml:1:5: double-quoted scalar without closing quote; check the indentation, quotes and brackets here "
      "and on the line above" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_null (peerup_yaml_parse (cases[i].text, strlen (cases[i].text), "c.yaml", &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

/* Doubled quotes, of which libfyaml 0.8 loses count where they follow one another: read
 * right or refused, but never anything else. */
static void
test_doubled_quotes (void)
{
  for (guint n = 0; n < 200; n++)
    {
      g_autofree char *quotes = g_strnfill (2 * n, '\'');
      g_autofree char *value = g_strnfill (n, '\'');
      g_autofree char *run = g_strdup_printf ("a: '%s'\n", quotes);
      g_autoptr (GString) apart = g_string_new (NULL);
      g_autofree char *text = NULL;
      g_autoptr (PeerupYamlDocument) document = peerup_yaml_parse (run, strlen (run), "c.yaml", NULL);
      g_autoptr (PeerupYamlDocument) other = NULL;

      if (document != NULL)
        g_assert_cmpstr (peerup_yaml_node_get (document->root, "a")->text, ==, value);
      for (guint i = 0; i < n; i++)
        g_string_append (apart, "x''");
      text = g_strdup_printf ("a: '%s'\n", apart->str);
      other = parse (text);
      g_string_replace (apart, "''", "'", 0);
      g_assert_cmpstr (peerup_yaml_node_get (other->root, "a")->text, ==, apart->str);
    }
}

static void
test_zero_byte (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_yaml_parse ("a: 1\nb\0: 2\n", 11, "c.yaml", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, "c.yaml:2:2: a zero byte; remove it");
}

/* Row 30: nine levels of nine references would be 387 million texts. */
static void
test_alias_bomb (void)
{
  g_autoptr (GString) text = g_string_new ("a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
  g_autoptr (GError) error = NULL;

  for (char c = 'b'; c <= 'i'; c++)
    g_string_append_printf (text, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c - 1, c - 1, c - 1,
                            c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
  g_assert_null (peerup_yaml_parse (text->str, text->len, "c.yaml", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_true (g_str_has_prefix (error->message, "c.yaml:1:5: anchors"));
}

static char *
nested (guint depth)
{
  GString *text = g_string_new ("a: ");

  for (guint i = 1; i < depth; i++)
    g_string_append_c (text, '[');
  for (guint i = 1; i < depth; i++)
    g_string_append_c (text, ']');
  return g_string_free_and_steal (text);
}

static void
test_depth (void)
{
  g_autofree char *deepest = nested (PEERUP_YAML_MAX_DEPTH);
  g_autofree char *deeper = nested (PEERUP_YAML_MAX_DEPTH + 1);
  g_autofree char *abyss = nested (200000);
  g_autoptr (PeerupYamlDocument) document = parse (deepest);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_yaml_parse (deeper, strlen (deeper), "c.yaml", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==,
                   "c.yaml:1:35: lists and mappings are nested deeper than 32; no configuration needs that");
  g_clear_error (&error);
  g_assert_null (peerup_yaml_parse (abyss, strlen (abyss), "c.yaml", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
}

/* Every prefix parses or fails, from a copy of exactly its size. */
static void
test_prefixes (void)
{
  static const char whole[] = "\357\273\277%YAML 1.2\n---\na: 'ü' # x\nb:\n- \"\\u00e9\\n\"\n- {c: [d, ~], ? e : "
                              "f}\ng: |\n  h\n\n? i\n: j\n...\n";

  for (gsize length = 0; length < sizeof whole; length++)
    {
      g_autofree char *text = g_memdup2 (whole, length);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupYamlDocument) document = peerup_yaml_parse (text, length, "c.yaml", &error);

      if (document == NULL)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
      else
        g_assert_no_error (error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/yaml/marks", test_marks);
  g_test_add_func ("/config/yaml/margin", test_margin);
  g_test_add_func ("/config/yaml/locate", test_locate);
  g_test_add_func ("/config/yaml/empty", test_empty);
  g_test_add_func ("/config/yaml/document-end", test_document_end);
  g_test_add_func ("/config/yaml/null", test_null);
  g_test_add_func ("/config/yaml/refuse", test_refuse);
  g_test_add_func ("/config/yaml/doubled-quotes", test_doubled_quotes);
  g_test_add_func ("/config/yaml/zero-byte", test_zero_byte);
  g_test_add_func ("/config/yaml/row-30/alias-bomb", test_alias_bomb);
  g_test_add_func ("/config/yaml/depth", test_depth);
  g_test_add_func ("/config/yaml/prefixes", test_prefixes);
  return g_test_run ();
}
