/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Changes to YAML text that leave the rest of it alone. A change is one or two cuts (a
 * range of bytes and what comes in its place) found by the marks of the parsed document,
 * made on a copy of the text. The same change is made on a copy of the tree; when the new
 * text does not parse to exactly that tree, the change is refused. So the cuts may be
 * guided by what people write, and a form nobody thought of costs an error, not a file. */

#include "config/peerup-yaml-edit.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "config/peerup-yaml-lines.h"
#include "config/peerup-yaml-value.h"

typedef struct
{
  gsize start;
  gsize end;
  char *text;
} Cut;

typedef struct
{
  const PeerupYamlDocument *document;
  PeerupYamlNode *expected;
  GArray *cuts;
  gsize place; /* for messages */
} Edit;

static void
cut_clear (Cut *self)
{
  g_clear_pointer (&self->text, g_free);
}

static void
edit_init (Edit *self, const PeerupYamlDocument *document)
{
  self->document = document;
  self->expected = peerup_yaml_value_copy (document->root);
  self->cuts = g_array_new (FALSE, FALSE, sizeof (Cut));
  g_array_set_clear_func (self->cuts, (GDestroyNotify) cut_clear);
}

static void
edit_clear (Edit *self)
{
  g_clear_pointer (&self->expected, peerup_yaml_node_free);
  g_clear_pointer (&self->cuts, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edit, edit_clear)

/* Cuts are added from the back of the text to its front. */
static void
add_cut (Edit *self, gsize start, gsize end, const char *text)
{
  Cut cut = { start, end, g_strdup (text) };

  g_assert (start <= end && end <= self->document->length);
  g_assert (self->cuts->len == 0 || end <= g_array_index (self->cuts, Cut, self->cuts->len - 1).start);
  g_array_append_val (self->cuts, cut);
}

static gboolean
give_up (Edit *self, GError **error)
{
  return peerup_yaml_refuse (self->document, self->place, error,
                             _ ("this is written in a form that cannot be changed from here; edit the file by hand"));
}

static PeerupYamlDocument *
finish (Edit *self, GError **error)
{
  g_autoptr (GString) text = g_string_new_len (self->document->text, self->document->length);
  g_autoptr (PeerupYamlDocument) result = NULL;

  for (guint i = 0; i < self->cuts->len; i++)
    {
      const Cut *cut = &g_array_index (self->cuts, Cut, i);

      g_string_erase (text, cut->start, cut->end - cut->start);
      g_string_insert (text, cut->start, cut->text);
    }
  result = peerup_yaml_parse (text->str, text->len, self->document->path, NULL);
  if (result == NULL || !peerup_yaml_value_equal (result->root, self->expected))
    {
      give_up (self, error);
      return NULL;
    }
  return g_steal_pointer (&result);
}

static void
add_lines (Edit *self, gsize offset, const char *key, const PeerupYamlNode *value, guint indent)
{
  const PeerupYamlDocument *document = self->document;
  g_autoptr (GString) lines = g_string_new (NULL);
  gsize first_end = strcspn (document->text, "\r\n");

  if (offset > 0 && peerup_yaml_line_start (document, offset) != offset)
    g_string_append_c (lines, '\n');
  /* A new section stands apart. */
  if (indent == 0 && key != NULL && value->kind != PEERUP_YAML_SCALAR && document->root->children->len > 0 &&
      !peerup_yaml_is_only (document, peerup_yaml_line_start (document, MAX (offset, 1) - 1), offset, "\r\n"))
    g_string_append_c (lines, '\n');
  peerup_yaml_append_block (lines, key, value, indent, peerup_yaml_find_step (document));
  if (document->text[first_end] == '\r')
    g_string_replace (lines, "\n", document->text[first_end + 1] == '\n' ? "\r\n" : "\r", 0);
  add_cut (self, offset, offset, lines->str);
}

/* @value with what separates it from what stands before, on one line. */
static void
add_inline (Edit *self, gsize start, gsize end, const char *before, const char *key, const PeerupYamlNode *value)
{
  g_autoptr (GString) text = g_string_new (before);
  g_autofree char *quoted = key == NULL ? NULL : peerup_yaml_quote_key (key);

  if (quoted != NULL)
    g_string_append_printf (text, "%s: ", quoted);
  peerup_yaml_append_flow (text, value);
  add_cut (self, start, end, text->str);
}

/* Into a collection that has something in it. */
static gboolean
insert_after_last (Edit *self, const PeerupYamlNode *target, const char *key, const PeerupYamlNode *value,
                   GError **error)
{
  const PeerupYamlNode *last = g_ptr_array_index (target->children, target->children->len - 1);
  guint indent;
  gsize offset;

  if (target->flow)
    {
      add_inline (self, last->end, last->end, ", ", key, value);
      return TRUE;
    }
  if (!peerup_yaml_find_indent (self->document, last, &indent))
    return give_up (self, error);
  offset = peerup_yaml_after_node (self->document, last);
  if (indent > 0)
    offset = peerup_yaml_skip_comments (self->document, offset, indent);
  else if (target == self->document->root)
    offset = self->document->end;
  add_lines (self, offset, key, value, indent);
  return TRUE;
}

/* Into what is there but empty: null, "{}", "[]". @outer_flow: it stands in brackets itself. */
static gboolean
insert_first (Edit *self, const PeerupYamlNode *target, gboolean outer_flow, const char *key,
              const PeerupYamlNode *value, GError **error)
{
  const PeerupYamlDocument *document = self->document;
  gboolean bare =
    target->kind == PEERUP_YAML_SCALAR || peerup_yaml_is_only (document, target->start + 1, target->end - 1, " \t");
  gsize colon;
  guint indent;

  if (target->kind != PEERUP_YAML_SCALAR && (outer_flow || !bare || target->key == NULL))
    {
      add_inline (self, target->start + 1, target->start + 1, "", key, value);
      return TRUE;
    }
  colon = peerup_yaml_after_colon (document, target);
  if (outer_flow)
    {
      g_autoptr (PeerupYamlNode) wrapped =
        peerup_yaml_node_new (key == NULL ? PEERUP_YAML_SEQUENCE : PEERUP_YAML_MAPPING, 0, 0);

      peerup_yaml_value_add (wrapped, key, peerup_yaml_value_copy (value));
      add_inline (self, MAX (target->start, colon), MAX (target->end, colon),
                  document->text[colon - 1] == ':' ? " " : ": ", NULL, wrapped);
      return TRUE;
    }
  if (!peerup_yaml_find_indent (document, target, &indent))
    return give_up (self, error);
  add_lines (self, peerup_yaml_next_line (document, target->end), key, value,
             indent + peerup_yaml_find_step (document));
  /* What stood for nothing goes, the blanks before it too unless a comment is among them. */
  add_cut (self, peerup_yaml_is_only (document, colon, target->start, " \t") ? colon : target->start, target->end, "");
  return TRUE;
}

static gboolean
insert (Edit *self, const PeerupYamlNode *target, gboolean outer_flow, const char *key, const PeerupYamlNode *value,
        GError **error)
{
  PeerupYamlKind kind = key == NULL ? PEERUP_YAML_SEQUENCE : PEERUP_YAML_MAPPING;

  if (target->kind != kind && !peerup_yaml_node_is_null (target) &&
      (target->kind == PEERUP_YAML_SCALAR || target->children->len > 0))
    return give_up (self, error);
  if (target->kind == kind && target->children->len > 0)
    return insert_after_last (self, target, key, value, error);
  if (target == self->document->root && !target->flow)
    {
      add_lines (self, self->document->end, key, value, 0);
      return TRUE;
    }
  return insert_first (self, target, outer_flow, key, value, error);
}

/* The deepest node that exists on @path, and how many of the keys lead there. */
static PeerupYamlNode *
walk (PeerupYamlNode *root, const char *const *path, guint *matched, gboolean *outer_flow)
{
  PeerupYamlNode *node = root;
  PeerupYamlNode *child;

  *outer_flow = FALSE;
  for (*matched = 0; path[*matched] != NULL; (*matched)++)
    {
      child = peerup_yaml_node_get (node, path[*matched]);
      if (child == NULL)
        break;
      *outer_flow = *outer_flow || node->flow;
      node = child;
    }
  return node;
}

PeerupYamlNode *
peerup_yaml_edit_find (const PeerupYamlDocument *document, const char *const *path)
{
  guint matched;
  gboolean flow;
  PeerupYamlNode *node;

  g_return_val_if_fail (document != NULL, NULL);

  node = walk (document->root, path, &matched, &flow);
  return path[matched] == NULL ? node : NULL;
}

/* @value inside the mappings that @path names, all but its first. */
static PeerupYamlNode *
wrap (const char *const *path, const PeerupYamlNode *value)
{
  PeerupYamlNode *result = peerup_yaml_value_copy (value);

  for (guint i = g_strv_length ((char **) path); i > 1; i--)
    {
      PeerupYamlNode *outer = peerup_yaml_node_new (PEERUP_YAML_MAPPING, 0, 0);

      peerup_yaml_value_add (outer, path[i - 1], result);
      result = outer;
    }
  return result;
}

/* Makes the collection that a null in the expected tree becomes by being given an entry. */
static void
become (PeerupYamlNode *node, PeerupYamlKind kind)
{
  if (node->kind == kind)
    return;
  node->kind = kind;
  g_clear_pointer (&node->text, g_free);
  g_clear_pointer (&node->children, g_ptr_array_unref);
  node->children = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_yaml_node_free);
}

/* An entry at the end of what @path leads to, in the text and in the expected tree. */
static gboolean
insert_below (Edit *self, const char *const *path, gboolean item, const PeerupYamlNode *value, GError **error)
{
  g_autoptr (PeerupYamlNode) wrapped = NULL;
  const char *key;
  guint matched;
  gboolean flow;
  PeerupYamlNode *target = walk (self->document->root, path, &matched, &flow);
  PeerupYamlNode *mirror;

  self->place = target->key != NULL ? target->key->start : target->start;
  key = path[matched];
  if (key != NULL && item)
    {
      g_autoptr (PeerupYamlNode) list = peerup_yaml_node_new (PEERUP_YAML_SEQUENCE, 0, 0);

      peerup_yaml_value_add (list, NULL, peerup_yaml_value_copy (value));
      wrapped = wrap (path + matched, list);
    }
  else
    wrapped = wrap (path + matched, value);

  if (!insert (self, target, flow, key, wrapped, error))
    return FALSE;
  mirror = walk (self->expected, path, &matched, &flow);
  become (mirror, key == NULL ? PEERUP_YAML_SEQUENCE : PEERUP_YAML_MAPPING);
  peerup_yaml_value_add (mirror, key, g_steal_pointer (&wrapped));
  return TRUE;
}

PeerupYamlDocument *
peerup_yaml_edit_append (const PeerupYamlDocument *document, const char *const *path, const PeerupYamlNode *value,
                         GError **error)
{
  g_auto (Edit) edit = { NULL };

  g_return_val_if_fail (document != NULL && path != NULL && value != NULL, NULL);

  edit_init (&edit, document);
  return insert_below (&edit, path, TRUE, value, error) ? finish (&edit, error) : NULL;
}

/* A scalar, or nothing, gives way to @value where it stands. */
static gboolean
replace (Edit *self, const PeerupYamlNode *node, PeerupYamlNode *mirror, const PeerupYamlNode *value, GError **error)
{
  if (node->kind != PEERUP_YAML_SCALAR || node->folded || node->key == NULL)
    return give_up (self, error);
  if (value->kind != PEERUP_YAML_SCALAR)
    {
      if (value->children->len > 0)
        return give_up (self, error);
      become (mirror, value->kind);
    }
  else
    {
      g_free (mirror->text);
      mirror->text = g_strdup (value->text);
      mirror->quoted = value->quoted;
    }
  if (node->start == node->end)
    add_inline (self, node->start, node->end, self->document->text[node->start - 1] == ':' ? " " : ": ", NULL, value);
  else
    add_inline (self, node->start, node->end, "", NULL, value);
  return TRUE;
}

PeerupYamlDocument *
peerup_yaml_edit_set (const PeerupYamlDocument *document, const char *const *path, const PeerupYamlNode *value,
                      GError **error)
{
  g_auto (Edit) edit = { NULL };
  const PeerupYamlNode *node;
  gboolean ok;

  g_return_val_if_fail (document != NULL && path != NULL && path[0] != NULL && value != NULL, NULL);

  edit_init (&edit, document);
  node = peerup_yaml_edit_find (document, path);
  if (node == NULL)
    ok = insert_below (&edit, path, FALSE, value, error);
  else
    {
      guint matched;
      gboolean flow;

      edit.place = node->start;
      ok = replace (&edit, node, walk (edit.expected, path, &matched, &flow), value, error);
    }
  return ok ? finish (&edit, error) : NULL;
}

/* An entry in brackets goes with one comma; comments stay. */
static gboolean
cut_inline (Edit *self, const PeerupYamlNode *parent, guint index, GError **error)
{
  const PeerupYamlDocument *document = self->document;
  const PeerupYamlNode *node = g_ptr_array_index (parent->children, index);
  gsize begin = peerup_yaml_begin_of (node);
  gsize comma;

  if (index > 0)
    {
      const PeerupYamlNode *previous = g_ptr_array_index (parent->children, index - 1);

      if (!peerup_yaml_find_comma (document, previous->end, &comma) || comma >= begin)
        return give_up (self, error);
      if (peerup_yaml_is_only (document, comma + 1, begin, " \t\r\n"))
        {
          add_cut (self, comma, node->end, "");
          return TRUE;
        }
      add_cut (self, begin, node->end, "");
      add_cut (self, comma, comma + 1, "");
      return TRUE;
    }
  if (!peerup_yaml_find_comma (document, node->end, &comma))
    {
      if (parent->children->len > 1)
        return give_up (self, error);
      add_cut (self, begin, node->end, "");
      return TRUE;
    }
  if (parent->children->len > 1)
    {
      gsize next = peerup_yaml_begin_of (g_ptr_array_index (parent->children, 1));

      if (peerup_yaml_is_only (document, comma + 1, next, " \t\r\n") &&
          peerup_yaml_is_only (document, node->end, comma, " \t\r\n"))
        {
          add_cut (self, begin, next, "");
          return TRUE;
        }
    }
  add_cut (self, comma, comma + 1, "");
  add_cut (self, begin, node->end, "");
  return TRUE;
}

/* An entry on lines of its own goes with them and the comments indented below it. */
static gboolean
cut_lines (Edit *self, const PeerupYamlNode *node, GError **error)
{
  guint indent;
  gsize start, end;

  if (!peerup_yaml_find_indent (self->document, node, &indent))
    return give_up (self, error);
  start = peerup_yaml_line_start (self->document, peerup_yaml_begin_of (node));
  end = peerup_yaml_skip_comments (self->document, peerup_yaml_after_node (self->document, node), indent + 1);
  add_cut (self, start, end, "");
  return TRUE;
}

static PeerupYamlDocument *
remove_child (Edit *edit, const PeerupYamlNode *parent, PeerupYamlNode *mirror, guint index, GError **error)
{
  const PeerupYamlNode *node = g_ptr_array_index (parent->children, index);

  edit->place = peerup_yaml_begin_of (node);
  g_ptr_array_remove_index (mirror->children, index);
  if (!(parent->flow ? cut_inline (edit, parent, index, error) : cut_lines (edit, node, error)))
    return NULL;
  return finish (edit, error);
}

PeerupYamlDocument *
peerup_yaml_edit_remove (const PeerupYamlDocument *document, const char *const *path, GError **error)
{
  g_auto (Edit) edit = { NULL };
  g_auto (GStrv) above = NULL;
  PeerupYamlNode *parent, *node, *mirror;
  guint depth, index, matched;
  gboolean flow;

  g_return_val_if_fail (document != NULL && path != NULL && path[0] != NULL, NULL);

  depth = g_strv_length ((char **) path);
  above = g_strdupv ((char **) path);
  g_clear_pointer (&above[depth - 1], g_free);
  edit_init (&edit, document);
  parent = peerup_yaml_edit_find (document, (const char *const *) above);
  node = peerup_yaml_edit_find (document, path);
  g_return_val_if_fail (parent != NULL && node != NULL, NULL);
  g_ptr_array_find (parent->children, node, &index);
  mirror = walk (edit.expected, (const char *const *) above, &matched, &flow);
  return remove_child (&edit, parent, mirror, index, error);
}

PeerupYamlDocument *
peerup_yaml_edit_remove_item (const PeerupYamlDocument *document, const char *const *path, guint index, GError **error)
{
  g_auto (Edit) edit = { NULL };
  PeerupYamlNode *list;
  guint matched;
  gboolean flow;

  g_return_val_if_fail (document != NULL && path != NULL, NULL);

  list = peerup_yaml_edit_find (document, path);
  g_return_val_if_fail (list != NULL && list->kind == PEERUP_YAML_SEQUENCE && index < list->children->len, NULL);
  edit_init (&edit, document);
  return remove_child (&edit, list, walk (edit.expected, path, &matched, &flow), index, error);
}

PeerupYamlDocument *
peerup_yaml_edit_rename (const PeerupYamlDocument *document, const char *const *path, const char *key, GError **error)
{
  g_auto (Edit) edit = { NULL };
  g_autofree char *quoted = NULL;
  const PeerupYamlNode *node;
  PeerupYamlNode *mirror;
  guint matched;
  gboolean flow;

  g_return_val_if_fail (document != NULL && path != NULL && path[0] != NULL && key != NULL, NULL);

  node = peerup_yaml_edit_find (document, path);
  g_return_val_if_fail (node != NULL && node->key != NULL, NULL);
  edit_init (&edit, document);
  edit.place = node->key->start;
  mirror = walk (edit.expected, path, &matched, &flow);
  g_free (mirror->key->text);
  mirror->key->text = g_strdup (key);
  quoted = peerup_yaml_quote_key (key);
  add_cut (&edit, node->key->start, node->key->end, quoted);
  return finish (&edit, error);
}
