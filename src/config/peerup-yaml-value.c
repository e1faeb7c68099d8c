/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* YAML values made by us: what an edit puts into a file, and what it expects to find
 * there afterwards. Depth is bounded by PEERUP_YAML_MAX_DEPTH, hence the recursion. */

#include "config/peerup-yaml-value.h"

#include <string.h>

PeerupYamlNode *
peerup_yaml_value_new_scalar (const char *text, gboolean quoted)
{
  PeerupYamlNode *self = peerup_yaml_node_new (PEERUP_YAML_SCALAR, 0, 0);

  self->text = g_strdup (text);
  self->quoted = quoted;
  return self;
}

PeerupYamlNode *
peerup_yaml_value_add (PeerupYamlNode *self, const char *key, PeerupYamlNode *child)
{
  g_return_val_if_fail (self != NULL && self->children != NULL, NULL);
  g_return_val_if_fail ((key != NULL) == (self->kind == PEERUP_YAML_MAPPING), NULL);

  if (key != NULL)
    child->key = peerup_yaml_value_new_scalar (key, FALSE);
  g_ptr_array_add (self->children, child);
  return child;
}

PeerupYamlNode *
peerup_yaml_value_copy (const PeerupYamlNode *self)
{
  PeerupYamlNode *copy = peerup_yaml_node_new (self->kind, self->start, self->end);

  copy->flow = self->flow;
  copy->quoted = self->quoted;
  copy->folded = self->folded;
  copy->text = g_strdup (self->text);
  for (guint i = 0; self->children != NULL && i < self->children->len; i++)
    {
      const PeerupYamlNode *child = g_ptr_array_index (self->children, i);

      peerup_yaml_value_add (copy, child->key == NULL ? NULL : child->key->text, peerup_yaml_value_copy (child));
    }
  return copy;
}

static gboolean
is_empty (const PeerupYamlNode *self)
{
  return self->kind == PEERUP_YAML_SCALAR ? peerup_yaml_node_is_null (self) : self->children->len == 0;
}

static gboolean
equal_children (const PeerupYamlNode *a, const PeerupYamlNode *b)
{
  if (a->children->len != b->children->len)
    return FALSE;
  for (guint i = 0; i < a->children->len; i++)
    {
      const PeerupYamlNode *x = g_ptr_array_index (a->children, i);
      const PeerupYamlNode *y = g_ptr_array_index (b->children, i);

      if (a->kind == PEERUP_YAML_MAPPING && strcmp (x->key->text, y->key->text) != 0)
        return FALSE;
      if (!peerup_yaml_value_equal (x, y))
        return FALSE;
    }
  return TRUE;
}

gboolean
peerup_yaml_value_equal (const PeerupYamlNode *a, const PeerupYamlNode *b)
{
  if (is_empty (a) || is_empty (b))
    return is_empty (a) && is_empty (b);
  if (a->kind != b->kind)
    return FALSE;
  if (a->kind != PEERUP_YAML_SCALAR)
    return equal_children (a, b);
  return a->quoted == b->quoted && a->folded == b->folded && strcmp (a->text, b->text) == 0;
}

/* What YAML does not let stand, or takes for a line's end, and what no person could see. */
static gboolean
needs_escape (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || (c & 0xfffe) == 0xfffe;
}

char *
peerup_yaml_quote (const char *text)
{
  g_autoptr (GString) out = g_string_new ("\"");

  g_return_val_if_fail (text != NULL, NULL);

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar character = g_utf8_get_char (c);

      if (character == '"' || character == '\\')
        g_string_append_c (out, '\\');
      if (needs_escape (character))
        g_string_append_printf (out, character > 0xffff ? "\\U%08x" : "\\u%04x", character);
      else
        g_string_append_unichar (out, character);
    }
  g_string_append_c (out, '"');
  return g_string_free_and_steal (g_steal_pointer (&out));
}

gboolean
peerup_yaml_is_plain (const char *text)
{
  static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y", "n", NULL };
  g_autofree char *lower = NULL;

  g_return_val_if_fail (text != NULL, FALSE);

  if (!g_ascii_isalnum (text[0]) && text[0] != '/')
    return FALSE;
  for (const char *c = text; *c != '\0'; c++)
    {
      if (!g_ascii_isalnum (*c) && strchr ("_./-", *c) == NULL)
        return FALSE;
    }
  /* Numbers, in all their notations, have digits and few letters. */
  if (strcspn (text, "ghijklmnpqrstuvwyzGHIJKLMNPQRSTUVWYZ/") == strlen (text) && g_ascii_isdigit (text[0]))
    return FALSE;
  lower = g_ascii_strdown (text, -1);
  return !g_strv_contains (words, lower);
}

char *
peerup_yaml_quote_key (const char *text)
{
  return peerup_yaml_is_plain (text) ? g_strdup (text) : peerup_yaml_quote (text);
}

void
peerup_yaml_append_flow (GString *out, const PeerupYamlNode *self)
{
  if (self->kind == PEERUP_YAML_SCALAR)
    {
      g_autofree char *text = self->quoted ? peerup_yaml_quote (self->text) : g_strdup (self->text);

      g_string_append (out, text);
      return;
    }
  g_string_append_c (out, self->kind == PEERUP_YAML_MAPPING ? '{' : '[');
  for (guint i = 0; i < self->children->len; i++)
    {
      const PeerupYamlNode *child = g_ptr_array_index (self->children, i);
      g_autofree char *key = child->key == NULL ? NULL : peerup_yaml_quote_key (child->key->text);

      if (i > 0)
        g_string_append (out, ", ");
      if (key != NULL)
        g_string_append_printf (out, "%s: ", key);
      peerup_yaml_append_flow (out, child);
    }
  g_string_append_c (out, self->kind == PEERUP_YAML_MAPPING ? '}' : ']');
}

void
peerup_yaml_append_block (GString *out, const char *key, const PeerupYamlNode *self, guint indent, guint step)
{
  g_autofree char *quoted = key == NULL ? NULL : peerup_yaml_quote_key (key);

  g_string_append_printf (out, "%*s%s%s", (int) indent, "", quoted == NULL ? "-" : quoted, quoted == NULL ? "" : ":");
  if (key == NULL || is_empty (self) || self->kind == PEERUP_YAML_SCALAR)
    {
      g_string_append_c (out, ' ');
      peerup_yaml_append_flow (out, self);
      g_string_append_c (out, '\n');
      return;
    }
  g_string_append_c (out, '\n');
  for (guint i = 0; i < self->children->len; i++)
    {
      const PeerupYamlNode *child = g_ptr_array_index (self->children, i);

      peerup_yaml_append_block (out, child->key == NULL ? NULL : child->key->text, child, indent + step, step);
    }
}
