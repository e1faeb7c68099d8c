/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Values as plain text for people: a line for each member, indented by how deep it is, and an empty line between the
 * dictionaries of a list.
 */
#include "http/peerup-http-private.h"

#include <string.h>

#include "http/peerup-http-json.h"

#define INDENT 2

/* Control characters would do something to a terminal. */
static void
append_plain (GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\n' || !g_unichar_iscntrl (c))
        g_string_append_unichar (out, c);
      else
        g_string_append_printf (out, "\\x%02x", c);
    }
}

static GVariant *
unwrap (GVariant *value)
{
  GVariant *inner = g_variant_ref (value);

  while (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT) && g_variant_n_children (inner) > 0)
    {
      GVariant *next = g_variant_get_child_value (inner, 0);

      g_variant_unref (inner);
      inner = next;
    }
  return inner;
}

static void append_value (GString *out, GVariant *value, guint depth);

static void
append_indent (GString *out, guint depth)
{
  g_string_append_printf (out, "%*s", (int) (depth * INDENT), "");
}

static gboolean
is_dictionary (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE ("a{s*}"));
}

static void
append_dictionary (GString *out, GVariant *value, guint depth)
{
  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (value, i);
      g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) boxed = g_variant_get_child_value (entry, 1);
      g_autoptr (GVariant) member = unwrap (boxed);
      gboolean is_nested = g_variant_is_container (member) && !g_variant_is_of_type (member, G_VARIANT_TYPE_MAYBE) &&
                           g_variant_n_children (member) > 0;

      append_indent (out, depth);
      append_plain (out, g_variant_get_string (key, NULL));
      g_string_append (out, is_nested ? ":\n" : ": ");
      append_value (out, member, is_nested ? depth + 1 : 0);
    }
}

static void
append_list (GString *out, GVariant *value, guint depth)
{
  gsize n = g_variant_n_children (value);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) boxed = g_variant_get_child_value (value, i);
      g_autoptr (GVariant) element = unwrap (boxed);

      append_value (out, element, depth);
      if (is_dictionary (element) && i + 1 < n)
        g_string_append_c (out, '\n');
    }
}

static void
append_value (GString *out, GVariant *value, guint depth)
{
  g_autoptr (GVariant) inner = unwrap (value);

  if (is_dictionary (inner) && g_variant_n_children (inner) > 0)
    append_dictionary (out, inner, depth);
  else if (g_variant_is_container (inner) && !g_variant_is_of_type (inner, G_VARIANT_TYPE_MAYBE) &&
           g_variant_n_children (inner) > 0)
    append_list (out, inner, depth);
  else
    {
      append_indent (out, depth);
      if (g_variant_is_of_type (inner, G_VARIANT_TYPE_STRING))
        append_plain (out, g_variant_get_string (inner, NULL));
      else if (!g_variant_is_container (inner))
        peerup_json_append_variant (out, inner);
      else
        g_string_append (out, "none");
      if (out->len == 0 || out->str[out->len - 1] != '\n')
        g_string_append_c (out, '\n');
    }
}

char *
peerup_http_text_new (GVariant *value)
{
  GString *out = g_string_new (NULL);

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_MAYBE) && g_variant_n_children (value) == 0)
    g_string_append (out, "done\n");
  else
    append_value (out, value, 0);
  return g_string_free (out, FALSE);
}
