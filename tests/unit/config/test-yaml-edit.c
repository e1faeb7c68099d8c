/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Golden texts: before, one change, after, byte for byte. */

#include "config/peerup-yaml-edit.h"

#include <string.h>

#include "config/peerup-yaml-value.h"

typedef enum
{
  SET,
  SET_MAP,  /* {on: true, to: "x"} */
  SET_NONE, /* [] */
  APPEND,
  REMOVE,
  REMOVE_ITEM,
  RENAME, /* to "on" */
} Operation;

typedef struct
{
  const char *name;
  const char *before;
  Operation operation;
  const char *path; /* keys separated by spaces */
  guint index;
  const char *after; /* NULL: refused */
} Case;

static const Case cases[] = {
  /* scalars where they stand */
  { "set/plain", "a: 1   # one\nb: 2\n", SET, "a", 0, "a: \"new\"   # one\nb: 2\n" },
  { "set/single-quoted", "a: 'it''s' # x\n", SET, "a", 0, "a: \"new\" # x\n" },
  { "set/double-quoted", "x:\n  \"a\" :  \"o\\u00e9\\\"\"  # x\n", SET, "x a", 0, "x:\n  \"a\" :  \"new\"  # x\n" },
  { "set/null-word", "a: ~ # x\n", SET, "a", 0, "a: \"new\" # x\n" },
  { "set/unwritten", "a:   # x\nb: 1\n", SET, "a", 0, "a: \"new\"   # x\nb: 1\n" },
  { "set/unwritten-at-end", "a:", SET, "a", 0, "a: \"new\"" },
  { "set/multi-line", "a: one\n  two\nb: 1\n", SET, "a", 0, "a: \"new\"\nb: 1\n" },
  { "set/on-next-line", "a:\n  old\nb: 1\n", SET, "a", 0, "a:\n  \"new\"\nb: 1\n" },
  { "set/flow", "x: {a: 1, b: 2} # y\n", SET, "x a", 0, "x: {a: \"new\", b: 2} # y\n" },
  { "set/flow-unwritten", "x: {a: , b: 2}\n", SET, "x a", 0, "x: {a: \"new\" , b: 2}\n" },
  { "set/flow-without-colon", "x: {a, b: 2}\n", SET, "x a", 0, "x: {a: \"new\", b: 2}\n" },
  { "set/json", "{\"x\":{\"a\":\"1\"}}\n", SET, "x a", 0, "{\"x\":{\"a\":\"new\"}}\n" },
  { "set/crlf", "a: 1 # x\r\nb: 2\r\n", SET, "a", 0, "a: \"new\" # x\r\nb: 2\r\n" },
  { "set/bom", "\357\273\277a: 1\n", SET, "a", 0, "\357\273\277a: \"new\"\n" },
  { "set/same-word-elsewhere", "# a: 1\nb: \"a: 1\"\nc: |\n  a: 1\na: 1\n", SET, "a", 0,
    "# a: 1\nb: \"a: 1\"\nc: |\n  a: 1\na: \"new\"\n" },
  { "set/block-scalar", "a: |\n  text\n", SET, "a", 0, NULL },
  { "set/on-list", "a: [1]\n", SET, "a", 0, NULL },
  { "set/on-mapping", "a:\n  b: 1\n", SET, "a", 0, NULL },
  { "set/below-scalar", "a: 1\n", SET, "a b", 0, NULL },
  { "set/below-list", "a: [1]\n", SET, "a b", 0, NULL },
  { "set/none-over-null", "a: # nobody\n", SET_NONE, "a", 0, "a: [] # nobody\n" },

  /* entries of a mapping */
  { "insert/after-last", "s:\n  a: 1 # x\n\n# y\nz: 1\n", SET, "s b", 0,
    "s:\n  a: 1 # x\n  b: \"new\"\n\n# y\nz: 1\n" },
  { "insert/deep-indent", "s:\n      a: 1\n", SET, "s b", 0, "s:\n      a: 1\n      b: \"new\"\n" },
  { "insert/after-nested", "s:\n  a:\n    - 1\n    - 2\nz: 1\n", SET, "s b", 0,
    "s:\n  a:\n    - 1\n    - 2\n  b: \"new\"\nz: 1\n" },
  { "insert/after-zero-indented-list", "s:\n  a:\n  - 1\nz: 1\n", SET, "s b", 0,
    "s:\n  a:\n  - 1\n  b: \"new\"\nz: 1\n" },
  { "insert/after-block-scalar", "s:\n  a: |\n    text\n\nz: 1\n", SET, "s b", 0,
    "s:\n  a: |\n    text\n\n  b: \"new\"\nz: 1\n" },
  { "insert/after-unwritten", "s:\n  a:\nz: 1\n", SET, "s b", 0, "s:\n  a:\n  b: \"new\"\nz: 1\n" },
  { "insert/after-comments-of-the-last", "s:\n  a:\n    x: 1\n    # y: 2\n  # b: 3\n# z\nz: 1\n", SET, "s b", 0,
    "s:\n  a:\n    x: 1\n    # y: 2\n  # b: 3\n  b: \"new\"\n# z\nz: 1\n" },
  { "insert/no-newline-at-end", "s:\n  a: 1", SET, "s b", 0, "s:\n  a: 1\n  b: \"new\"\n" },
  { "insert/comment-at-end", "s:\n  a: 1 # x", SET, "s b", 0, "s:\n  a: 1 # x\n  b: \"new\"\n" },
  { "insert/crlf", "s:\r\n  a: 1\r\nz: 1\r\n", SET_MAP, "s b", 0,
    "s:\r\n  a: 1\r\n  b:\r\n    \"on\": true\r\n    to: \"x\"\r\nz: 1\r\n" },
  { "insert/empty-braces", "s: {}         # names\n#  home: x\n", SET, "s b", 0,
    "s:         # names\n  b: \"new\"\n#  home: x\n" },
  { "insert/empty-braces-below", "s:\n  {}\nz: 1\n", SET, "s b", 0, "s:\n  \n  b: \"new\"\nz: 1\n" },
  { "insert/empty-braces-with-comment", "s: { # x\n  }\n", SET, "s b", 0, "s: {b: \"new\" # x\n  }\n" },
  { "insert/empty-list-becomes-mapping", "s: []\n", SET, "s b", 0, "s:\n  b: \"new\"\n" },
  { "insert/unwritten-parent", "s: # services\n# x\nz: 1\n", SET_MAP, "s b", 0,
    "s: # services\n  b:\n    \"on\": true\n    to: \"x\"\n# x\nz: 1\n" },
  { "insert/null-parent", "x:\n    s: null  # y\n", SET, "x s b", 0, "x:\n    s:  # y\n        b: \"new\"\n" },
  { "insert/unwritten-parent-at-end", "s:", SET, "s b", 0, "s:\n  b: \"new\"\n" },
  { "insert/flow", "s: {a: 1} # x\n", SET, "s b", 0, "s: {a: 1, b: \"new\"} # x\n" },
  { "insert/flow-trailing-comma", "s: {\n  a: 1, # x\n}\n", SET, "s b", 0, "s: {\n  a: 1, b: \"new\", # x\n}\n" },
  { "insert/flow-comment", "s: { a: 1 # x\n   }\n", SET, "s b", 0, "s: { a: 1, b: \"new\" # x\n   }\n" },
  { "insert/flow-map", "s: {a: 1}\n", SET_MAP, "s b", 0, "s: {a: 1, b: {\"on\": true, to: \"x\"}}\n" },
  { "insert/flow-in-flow", "x: {s: {}}\n", SET, "x s b", 0, "x: {s: {b: \"new\"}}\n" },
  { "insert/flow-unwritten", "x: {s: , y: 1}\n", SET, "x s b", 0, "x: {s: {b: \"new\"} , y: 1}\n" },
  { "insert/flow-without-colon", "x: {s, y: 1}\n", SET, "x s b", 0, "x: {s: {b: \"new\"}, y: 1}\n" },
  { "insert/json", "{\"s\":{}}", SET, "s b", 0, "{\"s\":{b: \"new\"}}" },
  { "insert/root-flow", "{}\n", SET, "b", 0, "{b: \"new\"}\n" },
  { "insert/missing-parents", "a: 1\n", SET, "x s b", 0, "a: 1\n\nx:\n  s:\n    b: \"new\"\n" },
  { "insert/missing-parents-indent-4", "a:\n    b: 1\n\n", SET, "x s b", 0,
    "a:\n    b: 1\n\nx:\n    s:\n        b: \"new\"\n" },
  { "insert/top-scalar", "a: 1\n# end\n", SET, "b", 0, "a: 1\n# end\nb: \"new\"\n" },
  { "insert/top-crlf", "a: 1\r\n", SET, "s b", 0, "a: 1\r\n\r\ns:\r\n  b: \"new\"\r\n" },
  { "insert/top-crlf-after-blank", "a: 1\r\n\r\n", SET, "s b", 0, "a: 1\r\n\r\ns:\r\n  b: \"new\"\r\n" },
  { "insert/empty-file", "", SET, "s b", 0, "s:\n  b: \"new\"\n" },
  { "insert/only-comments", "# mine\n", SET, "s b", 0, "# mine\ns:\n  b: \"new\"\n" },
  { "insert/document-markers", "---\na: 1\n...\n# x\n", SET, "b", 0, "---\na: 1\nb: \"new\"\n...\n# x\n" },
  { "insert/explicit-key", "s:\n  ? a\n  : 1\n", SET, "s b", 0, NULL },
  { "insert/first-line-after-marker", "--- {a: 1}\n", SET, "b", 0, "--- {a: 1, b: \"new\"}\n" },
  { "insert/lookalikes", "# s:\nx:\n  s:\n    y: 1\nt: \"s:\"\ns:\n  a: 1\n", SET, "s b", 0,
    "# s:\nx:\n  s:\n    y: 1\nt: \"s:\"\ns:\n  a: 1\n  b: \"new\"\n" },

  /* items of a list */
  { "append/block", "l:\n  - a # x\n  # y\nz: 1\n", APPEND, "l", 0, "l:\n  - a # x\n  # y\n  - \"new\"\nz: 1\n" },
  { "append/zero-indent", "l:\n- a\n# z\nz: 1\n", APPEND, "l", 0, "l:\n- a\n- \"new\"\n# z\nz: 1\n" },
  { "append/wide", "x:\n  l:\n     -   \"a\"\nz: 1\n", APPEND, "x l", 0,
    "x:\n  l:\n     -   \"a\"\n     - \"new\"\nz: 1\n" },
  { "append/flow", "l: [a, b] # x\n", APPEND, "l", 0, "l: [a, b, \"new\"] # x\n" },
  { "append/flow-lines", "l: [\n  a, # x\n  b  # y\n]\n", APPEND, "l", 0, "l: [\n  a, # x\n  b, \"new\"  # y\n]\n" },
  { "append/empty", "x:\n  l: [] # none\n  m: 1\n", APPEND, "x l", 0, "x:\n  l: # none\n    - \"new\"\n  m: 1\n" },
  { "append/empty-elsewhere", "y:\n  l: []\nx:\n  l: []\n", APPEND, "x l", 0,
    "y:\n  l: []\nx:\n  l:\n    - \"new\"\n" },
  { "append/unwritten", "l:\n# x\n", APPEND, "l", 0, "l:\n  - \"new\"\n# x\n" },
  { "append/missing", "x:\n  a: 1\n", APPEND, "x l", 0, "x:\n  a: 1\n  l:\n    - \"new\"\n" },
  { "append/missing-in-flow", "x: {a: 1}\n", APPEND, "x l", 0, "x: {a: 1, l: [\"new\"]}\n" },
  { "append/missing-parent", "a: 1\n", APPEND, "x l", 0, "a: 1\n\nx:\n  l:\n    - \"new\"\n" },
  { "append/unwritten-in-flow", "x: {l: }\n", APPEND, "x l", 0, "x: {l: [\"new\"] }\n" },
  { "append/to-scalar", "l: a\n", APPEND, "l", 0, NULL },
  { "append/to-mapping", "l: {a: 1}\n", APPEND, "l", 0, NULL },

  /* taking out */
  { "remove/middle", "s:\n  a: 1\n  b:\n    x: 1 # y\n    # deep\n  # kept\n  c: 1\n", REMOVE, "s b", 0,
    "s:\n  a: 1\n  # kept\n  c: 1\n" },
  { "remove/first", "s: # s\n  # about a\n  a: 1\n  b: 1\n", REMOVE, "s a", 0, "s: # s\n  # about a\n  b: 1\n" },
  { "remove/last", "s:\n  a: 1\n  b: 1\n\nz: 1\n", REMOVE, "s b", 0, "s:\n  a: 1\n\nz: 1\n" },
  { "remove/only", "s:\n  # x\n  b: 1\nz: 1\n", REMOVE, "s b", 0, "s:\n  # x\nz: 1\n" },
  { "remove/at-end", "s:\n  a: 1\n  b: 1", REMOVE, "s b", 0, "s:\n  a: 1\n" },
  { "remove/unwritten", "s:\n  b:\n  c: 1\n", REMOVE, "s b", 0, "s:\n  c: 1\n" },
  { "remove/block-scalar", "s:\n  b: |\n    # text\n    more\n  c: 1\n", REMOVE, "s b", 0, "s:\n  c: 1\n" },
  { "remove/multi-line", "s:\n  b: \"one\n    two\" # x\n  c: 1\n", REMOVE, "s b", 0, "s:\n  c: 1\n" },
  { "remove/top", "a: 1\nb: 1\n", REMOVE, "a", 0, "b: 1\n" },
  { "remove/top-bom", "\357\273\277a: 1\nb: 1\n", REMOVE, "a", 0, "\357\273\277b: 1\n" },
  { "remove/crlf", "s:\r\n  a: 1\r\n  b: 1\r\n", REMOVE, "s a", 0, "s:\r\n  b: 1\r\n" },
  { "remove/flow-first", "s: {a: 1, b: 2, c: 3}\n", REMOVE, "s a", 0, "s: {b: 2, c: 3}\n" },
  { "remove/flow-middle", "s: {a: 1, b: 2, c: 3}\n", REMOVE, "s b", 0, "s: {a: 1, c: 3}\n" },
  { "remove/flow-last", "s: {a: 1, b: 2 } # x\n", REMOVE, "s b", 0, "s: {a: 1 } # x\n" },
  { "remove/flow-only", "s: {a: {x: 1}}\n", REMOVE, "s a", 0, "s: {}\n" },
  { "remove/flow-only-trailing-comma", "s: {a: 1,}\n", REMOVE, "s a", 0, "s: {}\n" },
  { "remove/flow-last-trailing-comma", "s: {a: 1, b: 2,}\n", REMOVE, "s b", 0, "s: {a: 1,}\n" },
  { "remove/explicit-key", "? a\n: 1\nb: 2\n", REMOVE, "a", 0, NULL },
  { "remove-item/block", "l:\n  - a # x\n  - b # y\n  # z\n  - c\n", REMOVE_ITEM, "l", 1,
    "l:\n  - a # x\n  # z\n  - c\n" },
  { "remove-item/only", "l:\n- a\nz: 1\n", REMOVE_ITEM, "l", 0, "l:\nz: 1\n" },
  { "remove-item/flow-lines", "l: [\n  a, # x\n  b, # y\n  c # z\n]\n", REMOVE_ITEM, "l", 1,
    "l: [\n  a # x\n  , # y\n  c # z\n]\n" },
  { "remove-item/flow-first-comment", "l: [ a, # x\n  b ]\n", REMOVE_ITEM, "l", 0, "l: [  # x\n  b ]\n" },
  { "remove-item/flow-last-comment", "l: [ a, # x\n  b # y\n ]\n", REMOVE_ITEM, "l", 1, "l: [ a # x\n   # y\n ]\n" },
  { "rename/block", "s:\n  # about a\n  a: # one\n    x: 1 # y\n  b: 1\n", RENAME, "s a", 0,
    "s:\n  # about a\n  \"on\": # one\n    x: 1 # y\n  b: 1\n" },
  { "rename/flow", "s: {a: {x: 1}, b: 2} # z\n", RENAME, "s a", 0, "s: {\"on\": {x: 1}, b: 2} # z\n" },
  { "rename/quoted", "s:\r\n  'a' : 1\r\n", RENAME, "s a", 0, "s:\r\n  \"on\" : 1\r\n" },
  { "rename/lookalike", "a:\n  a: a\n", RENAME, "a a", 0, "a:\n  \"on\": a\n" },
  { "rename/explicit-key", "s:\n  ? a\n  : 1\n", RENAME, "s a", 0, "s:\n  ? \"on\"\n  : 1\n" },
  { "rename/taken", "s:\n  a: 1\n  \"on\": 2\n", RENAME, "s a", 0, NULL },
  { "remove-item/nested", "l:\n  - x: 1\n    y: 2\n  - z\n", REMOVE_ITEM, "l", 0, "l:\n  - z\n" },
};

static PeerupYamlNode *
make_value (Operation operation)
{
  PeerupYamlNode *value;

  if (operation == SET_NONE)
    return peerup_yaml_node_new (PEERUP_YAML_SEQUENCE, 0, 0);
  if (operation != SET_MAP)
    return peerup_yaml_value_new_scalar ("new", TRUE);
  value = peerup_yaml_node_new (PEERUP_YAML_MAPPING, 0, 0);
  peerup_yaml_value_add (value, "on", peerup_yaml_value_new_scalar ("true", FALSE));
  peerup_yaml_value_add (value, "to", peerup_yaml_value_new_scalar ("x", TRUE));
  return value;
}

static PeerupYamlDocument *
apply (const PeerupYamlDocument *document, const Case *c, GError **error)
{
  g_auto (GStrv) path = g_strsplit (c->path, " ", -1);
  const char *const *keys = (const char *const *) path;
  g_autoptr (PeerupYamlNode) value = make_value (c->operation);

  switch (c->operation)
    {
    case SET:
    case SET_MAP:
    case SET_NONE:
      return peerup_yaml_edit_set (document, keys, value, error);

    case APPEND:
      return peerup_yaml_edit_append (document, keys, value, error);

    case REMOVE:
      return peerup_yaml_edit_remove (document, keys, error);

    case REMOVE_ITEM:
      return peerup_yaml_edit_remove_item (document, keys, c->index, error);

    case RENAME:
      return peerup_yaml_edit_rename (document, keys, "on", error);

    default:
      g_assert_not_reached ();
    }
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autofree char *before = g_memdup2 (c->before, strlen (c->before));
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupYamlDocument) document = peerup_yaml_parse (before, strlen (c->before), "c.yaml", &error);
  g_autoptr (PeerupYamlDocument) result = NULL;

  g_assert_no_error (error);
  result = apply (document, c, &error);
  if (c->after == NULL)
    {
      g_assert_null (result);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
      g_assert_true (
        g_str_has_suffix (error->message,
                          ": this is written in a form that cannot be changed from here; edit the file by hand"));
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpstr (result->text, ==, c->after);
  g_assert_cmpuint (result->length, ==, strlen (c->after));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/config/yaml-edit/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  return g_test_run ();
}
