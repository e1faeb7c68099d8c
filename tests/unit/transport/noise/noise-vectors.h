/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

/* Reading published vectors and literal hex, for the tests of this folder. */

#include <gio/gio.h>
#include <json-glib/json-glib.h>

static inline GByteArray *
unhex (const char *text)
{
  GByteArray *out = g_byte_array_new ();

  for (; text[0] != '\0'; text += 2)
    {
      guint8 byte = g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]);

      g_assert_true (g_ascii_isxdigit (text[0]) && g_ascii_isxdigit (text[1]));
      g_byte_array_append (out, &byte, 1);
    }
  return out;
}

static inline GByteArray *
member_bytes (JsonObject *object, const char *name)
{
  return unhex (json_object_get_string_member (object, name));
}

/* NULL, and the test is skipped, if the vectors are not here. */
static inline JsonParser *
load_vectors (const char *name)
{
  const char *folder = g_getenv ("PEERUP_TESTDATA");
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  if (folder == NULL)
    {
      g_test_skip ("PEERUP_TESTDATA does not name the folder of published vectors");
      return NULL;
    }
  path = g_build_filename (folder, name, NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&parser);
}

typedef void (*VectorFunc) (JsonObject *group, JsonObject *vector);

/* Calls @func for each test of a Wycheproof file. */
static inline void
for_each_wycheproof (const char *name, VectorFunc func)
{
  g_autoptr (JsonParser) parser = load_vectors (name);
  JsonArray *groups;

  if (parser == NULL)
    return;

  groups = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "testGroups");
  for (guint i = 0; i < json_array_get_length (groups); i++)
    {
      JsonObject *group = json_array_get_object_element (groups, i);
      JsonArray *tests = json_object_get_array_member (group, "tests");

      for (guint j = 0; j < json_array_get_length (tests); j++)
        func (group, json_array_get_object_element (tests, j));
    }
}
