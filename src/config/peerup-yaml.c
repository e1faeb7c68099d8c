/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The subset of YAML that a configuration file is written in, as a tree whose nodes
 * know the bytes they were read from: messages point there, and edits cut there. Built
 * from libfyaml's events, so that what is refused (anchors, aliases and tags, which can
 * make a small file huge or a value something else; a key written twice; depth) is
 * refused where it stands, before anything is expanded. No file is opened here. */

#include "config/peerup-yaml.h"

#include <glib/gi18n-lib.h>
#include <libfyaml.h>
#include <string.h>

/* A collection that is being read. */
typedef struct
{
  PeerupYamlNode *node;
  PeerupYamlNode *key; /* of a mapping: read, its value still to come */
  GHashTable *seen;    /* of a mapping: text -> key node, both borrowed */
} Frame;

typedef struct
{
  PeerupYamlDocument *document;
  GArray *frames;
  PeerupYamlNode *root;
} Builder;

void
peerup_yaml_node_free (PeerupYamlNode *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->key, peerup_yaml_node_free);
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_free (self->text);
  g_free (self);
}

PeerupYamlNode *
peerup_yaml_node_new (PeerupYamlKind kind, gsize start, gsize end)
{
  PeerupYamlNode *self = g_new0 (PeerupYamlNode, 1);

  self->kind = kind;
  self->start = start;
  self->end = end;
  if (kind != PEERUP_YAML_SCALAR)
    self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_yaml_node_free);
  return self;
}

static void
frame_clear (Frame *self)
{
  g_clear_pointer (&self->key, peerup_yaml_node_free);
  g_clear_pointer (&self->seen, g_hash_table_unref);
}

static void
builder_clear (Builder *self)
{
  g_clear_pointer (&self->frames, g_array_unref);
  g_clear_pointer (&self->root, peerup_yaml_node_free);
  g_clear_pointer (&self->document, peerup_yaml_document_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Builder, builder_clear)

/* "\n", "\r\n" and "\r" end a line. */
static void
count_lines (const char *text, gsize offset, gsize *line, gsize *line_start)
{
  *line = 1;
  *line_start = 0;
  for (gsize i = 0; i < offset; i++)
    {
      if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n'))
        {
          (*line)++;
          *line_start = i + 1;
        }
    }
}

char *
peerup_yaml_document_locate (const PeerupYamlDocument *self, gsize offset)
{
  gsize line, start;
  glong column;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (offset <= self->length, NULL);

  count_lines (self->text, offset, &line, &start);
  if (start == 0 && offset >= 3 && memcmp (self->text, "\357\273\277", 3) == 0)
    start = 3;
  column = g_utf8_pointer_to_offset (self->text + start, self->text + offset) + 1;
  return g_strdup_printf ("%s:%" G_GSIZE_FORMAT ":%ld", self->path, line, column);
}

gboolean
peerup_yaml_refuse (const PeerupYamlDocument *document, gsize offset, GError **error, const char *format, ...)
{
  g_autofree char *where = peerup_yaml_document_locate (document, offset);
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, "%s: %s", where, what);
  return FALSE;
}

static gsize
mark_offset (const Builder *self, const struct fy_mark *mark)
{
  return mark == NULL ? 0 : MIN (mark->input_pos, self->document->length);
}

/* What is not written stands after the key's colon, so that it can be written there. */
static gsize
place_of_nothing (const Builder *self, const PeerupYamlNode *key)
{
  const char *text = self->document->text;
  gsize i = key->end;

  while (text[i] == ' ' || text[i] == '\t')
    i++;
  return text[i] == ':' ? i + 1 : key->end;
}

/* Takes @node: as the root, an item, a key or a value, as the place asks. */
static gboolean
builder_add (Builder *self, PeerupYamlNode *node, GError **error)
{
  Frame *frame = self->frames->len == 0 ? NULL : &g_array_index (self->frames, Frame, self->frames->len - 1);

  if (frame == NULL)
    {
      g_assert (self->root == NULL);
      self->root = node;
      return TRUE;
    }
  if (frame->node->kind == PEERUP_YAML_MAPPING && frame->key == NULL)
    {
      const PeerupYamlNode *first;

      frame->key = node;
      if (node->kind != PEERUP_YAML_SCALAR)
        return peerup_yaml_refuse (self->document, node->start, error,
                                   _ ("a key cannot be a list or a mapping; write a word"));
      if (!node->quoted && strcmp (node->text, "<<") == 0)
        return peerup_yaml_refuse (self->document, node->start, error,
                                   _ ("merge keys are not read; write the keys out"));
      first = g_hash_table_lookup (frame->seen, node->text);
      if (first != NULL)
        {
          g_autofree char *where = peerup_yaml_document_locate (self->document, first->start);

          return peerup_yaml_refuse (self->document, node->start, error,
                                     _ ("the key “%s” stands here a second time (first at %s); remove one"), node->text,
                                     where);
        }
      g_hash_table_insert (frame->seen, node->text, node);
      return TRUE;
    }
  node->key = g_steal_pointer (&frame->key);
  g_ptr_array_add (frame->node->children, node);
  return TRUE;
}

/* The value of a scalar. Piece by piece, and checked, because libfyaml 0.8 unescapes a run
 * of doubled single quotes to more than the length it has found itself, and its function
 * for the whole text then cuts it, leaves a part unwritten, and leaks. NULL if so. */
static char *
read_text (struct fy_token *token)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const struct fy_iter_chunk *chunk = NULL;
  struct fy_token_iter *iter;
  int failed = 0;

  if (token == NULL)
    return g_string_free_and_steal (g_steal_pointer (&text));
  iter = fy_token_iter_create (token);
  g_assert (iter != NULL);
  while ((chunk = fy_token_iter_chunk_next (iter, chunk, &failed)) != NULL)
    g_string_append_len (text, chunk->str, chunk->len);
  fy_token_iter_destroy (iter);
  if (failed != 0 || text->len != fy_token_get_text_length (token) || memchr (text->str, '\0', text->len) != NULL)
    return NULL;
  return g_string_free_and_steal (g_steal_pointer (&text));
}

static gboolean
builder_add_scalar (Builder *self, struct fy_event *event, GError **error)
{
  enum fy_scalar_style style = fy_token_scalar_style (event->scalar.value);
  Frame *frame = self->frames->len == 0 ? NULL : &g_array_index (self->frames, Frame, self->frames->len - 1);
  PeerupYamlNode *node = peerup_yaml_node_new (PEERUP_YAML_SCALAR, mark_offset (self, fy_event_start_mark (event)),
                                               mark_offset (self, fy_event_end_mark (event)));

  node->text = read_text (event->scalar.value);
  node->quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
  node->folded = style == FYSS_LITERAL || style == FYSS_FOLDED;
  if (node->quoted)
    {
      /* The marks enclose what is between the quotes. */
      g_assert (node->start > 0);
      node->start--;
      node->end = MIN (node->end + 1, self->document->length);
    }
  else if (node->start == node->end && frame != NULL && frame->key != NULL)
    node->start = node->end = place_of_nothing (self, frame->key);

  if (node->text == NULL)
    {
      peerup_yaml_refuse (
        self->document, node->start, error,
        _ ("this text has quotes or escapes that cannot be read; write it in double quotes, without “\\0”"));
      peerup_yaml_node_free (node);
      return FALSE;
    }
  return builder_add (self, node, error);
}

static gboolean
builder_open (Builder *self, struct fy_event *event, PeerupYamlKind kind, GError **error)
{
  gsize start = mark_offset (self, fy_event_start_mark (event));
  Frame frame = { NULL };

  if (self->frames->len >= PEERUP_YAML_MAX_DEPTH)
    return peerup_yaml_refuse (self->document, start, error,
                               _ ("lists and mappings are nested deeper than %d; no configuration needs that"),
                               PEERUP_YAML_MAX_DEPTH);
  frame.node = peerup_yaml_node_new (kind, start, start);
  frame.node->flow = fy_event_get_node_style (event) == FYNS_FLOW;
  if (!builder_add (self, frame.node, error))
    return FALSE;
  if (kind == PEERUP_YAML_MAPPING)
    frame.seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_array_append_val (self->frames, frame);
  return TRUE;
}

/* A collection written by indentation ends with its last item: the parser notices only
 * at the next token, behind blank lines and comments. */
static void
builder_close (Builder *self, struct fy_event *event)
{
  PeerupYamlNode *node = g_array_index (self->frames, Frame, self->frames->len - 1).node;

  if (node->flow)
    node->end = mark_offset (self, fy_event_end_mark (event));
  else if (node->children->len > 0)
    node->end = ((PeerupYamlNode *) g_ptr_array_index (node->children, node->children->len - 1))->end;
  g_array_set_size (self->frames, self->frames->len - 1);
}

static gboolean
refuse_properties (Builder *self, struct fy_token *anchor, struct fy_token *tag, GError **error)
{
  if (anchor != NULL)
    return peerup_yaml_refuse (self->document, mark_offset (self, fy_token_start_mark (anchor)), error,
                               _ ("anchors (&name) are not read; write the value out where it is used"));
  if (tag != NULL)
    return peerup_yaml_refuse (self->document, mark_offset (self, fy_token_start_mark (tag)), error,
                               _ ("tags (!name) are not read; remove it, and quote the value if it is a text"));
  return TRUE;
}

static gboolean
builder_take (Builder *self, struct fy_event *event, GError **error)
{
  gsize start = mark_offset (self, fy_event_start_mark (event));

  switch (event->type)
    {
    case FYET_SCALAR:
      return refuse_properties (self, event->scalar.anchor, event->scalar.tag, error) &&
             builder_add_scalar (self, event, error);

    case FYET_SEQUENCE_START:
      return refuse_properties (self, event->sequence_start.anchor, event->sequence_start.tag, error) &&
             builder_open (self, event, PEERUP_YAML_SEQUENCE, error);

    case FYET_MAPPING_START:
      return refuse_properties (self, event->mapping_start.anchor, event->mapping_start.tag, error) &&
             builder_open (self, event, PEERUP_YAML_MAPPING, error);

    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
      builder_close (self, event);
      return TRUE;

    case FYET_ALIAS:
      return peerup_yaml_refuse (self->document, start, error, _ ("aliases (*name) are not read; write the value out"));

    case FYET_DOCUMENT_START:
      if (self->root != NULL)
        return peerup_yaml_refuse (
          self->document, start, error,
          _ ("a second document starts here, of which nothing would be used; remove the “---”"));
      return TRUE;

    case FYET_DOCUMENT_END:
      self->document->ended = !event->document_end.implicit;
      self->document->end = self->document->ended ? start : self->document->length;
      return TRUE;

    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    default:
      return TRUE;
    }
}

static gboolean
refuse_syntax (Builder *self, struct fy_diag *diag, GError **error)
{
  struct fy_diag_error *problem;
  void *cursor = NULL;

  while ((problem = fy_diag_errors_iterate (diag, &cursor)) != NULL)
    {
      gboolean tab = strstr (problem->msg, "tab") != NULL;

      if (problem->type != FYET_ERROR)
        continue;
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, "%s:%d:%d: %s; %s", self->document->path, problem->line,
                   problem->column, problem->msg,
                   tab ? _ ("use spaces")
                       : _ ("check the indentation, quotes and brackets here and on the line above"));
      return FALSE;
    }
  return peerup_yaml_refuse (self->document, 0, error, _ ("this is not YAML; write lines of the form “key: value”"));
}

/* Problems are collected; what the library would print besides is nobody's. */
static void
discard_output (struct fy_diag *diag, void *data, const char *text, size_t length)
{
}

static gboolean
builder_run (Builder *self, GError **error)
{
  struct fy_diag_cfg diag_settings;
  struct fy_parse_cfg settings = { .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE |
                                            FYPCF_SLOPPY_FLOW_INDENTATION };
  struct fy_diag *diag;
  struct fy_parser *parser;
  struct fy_event *event;
  gboolean ok = TRUE;

  fy_diag_cfg_default (&diag_settings);
  diag_settings.fp = NULL;
  diag_settings.output_fn = discard_output;
  diag = fy_diag_create (&diag_settings);
  g_assert (diag != NULL);
  fy_diag_set_collect_errors (diag, true);
  settings.diag = diag;
  parser = fy_parser_create (&settings);
  g_assert (parser != NULL);

  ok = fy_parser_set_string (parser, self->document->text, self->document->length) == 0;
  while (ok && (event = fy_parser_parse (parser)) != NULL)
    {
      ok = builder_take (self, event, error);
      fy_parser_event_free (parser, event);
    }
  if (ok && fy_parser_get_stream_error (parser))
    ok = refuse_syntax (self, diag, error);

  fy_parser_destroy (parser);
  fy_diag_destroy (diag);
  return ok;
}

static gboolean
refuse_encoding (const PeerupYamlDocument *document, GError **error)
{
  const char *bad;

  if (g_utf8_validate_len (document->text, document->length, &bad))
    return TRUE;
  return peerup_yaml_refuse (document, bad - document->text, error,
                             *bad == '\0' ? _ ("a zero byte; remove it")
                                          : _ ("this is not UTF-8; save the file in that encoding"));
}

PeerupYamlDocument *
peerup_yaml_parse (const char *text, gsize length, const char *path, GError **error)
{
  g_auto (Builder) builder = { NULL };
  PeerupYamlDocument *document = g_new0 (PeerupYamlDocument, 1);

  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  builder.document = document;
  builder.frames = g_array_new (FALSE, FALSE, sizeof (Frame));
  g_array_set_clear_func (builder.frames, (GDestroyNotify) frame_clear);
  document->path = g_strdup (path);
  document->text = g_malloc (length + 1);
  document->length = document->end = length;
  if (length > 0)
    memcpy (document->text, text, length);
  document->text[length] = '\0';

  if (!refuse_encoding (document, error) || !builder_run (&builder, error))
    return NULL;
  if (builder.root == NULL || peerup_yaml_node_is_null (builder.root))
    {
      g_clear_pointer (&builder.root, peerup_yaml_node_free);
      builder.root = peerup_yaml_node_new (PEERUP_YAML_MAPPING, document->end, document->end);
    }
  if (builder.root->kind != PEERUP_YAML_MAPPING)
    {
      peerup_yaml_refuse (document, builder.root->start, error,
                          _ ("this is not a configuration; write lines of the form “key: value”"));
      return NULL;
    }
  document->root = g_steal_pointer (&builder.root);
  return g_steal_pointer (&builder.document);
}

void
peerup_yaml_document_free (PeerupYamlDocument *self)
{
  if (self == NULL)
    return;
  peerup_yaml_node_free (self->root);
  g_free (self->path);
  g_free (self->text);
  g_free (self);
}

gboolean
peerup_yaml_node_is_null (const PeerupYamlNode *self)
{
  static const char *const words[] = { "", "~", "null", "Null", "NULL", NULL };

  g_return_val_if_fail (self != NULL, FALSE);

  return self->kind == PEERUP_YAML_SCALAR && !self->quoted && !self->folded && g_strv_contains (words, self->text);
}

PeerupYamlNode *
peerup_yaml_node_get (const PeerupYamlNode *self, const char *key)
{
  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; self->kind == PEERUP_YAML_MAPPING && i < self->children->len; i++)
    {
      PeerupYamlNode *child = g_ptr_array_index (self->children, i);

      if (strcmp (child->key->text, key) == 0)
        return child;
    }
  return NULL;
}
