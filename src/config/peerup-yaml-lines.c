/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Where things stand in the text of a YAML document: its lines, their indentation, and
 * the punctuation that no mark of the parser points to. Reads only; what these functions
 * take for granted about a text, peerup-yaml-edit.c checks by parsing the result. */

#include "config/peerup-yaml-lines.h"

#include <string.h>

#define DEFAULT_STEP 2

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

gboolean
peerup_yaml_is_only (const PeerupYamlDocument *document, gsize start, gsize end, const char *characters)
{
  return start <= end && strspn (document->text + start, characters) >= end - start;
}

gsize
peerup_yaml_line_start (const PeerupYamlDocument *document, gsize offset)
{
  gsize first = document->length >= 3 && memcmp (document->text, "\357\273\277", 3) == 0 ? 3 : 0;

  while (offset > first && document->text[offset - 1] != '\n' &&
         (document->text[offset - 1] != '\r' || document->text[offset] == '\n'))
    offset--;
  return offset;
}

gsize
peerup_yaml_next_line (const PeerupYamlDocument *document, gsize offset)
{
  offset += strcspn (document->text + offset, "\r\n");
  if (document->text[offset] == '\r')
    offset++;
  if (document->text[offset] == '\n')
    offset++;
  return offset;
}

gsize
peerup_yaml_after_node (const PeerupYamlDocument *document, const PeerupYamlNode *node)
{
  gsize line = peerup_yaml_line_start (document, node->end);

  return line > node->start && peerup_yaml_is_only (document, line, node->end, " ")
           ? line
           : peerup_yaml_next_line (document, node->end);
}

gsize
peerup_yaml_skip_comments (const PeerupYamlDocument *document, gsize offset, guint indent)
{
  for (;;)
    {
      gsize spaces = strspn (document->text + offset, " ");

      if (spaces < indent || document->text[offset + spaces] != '#')
        return offset;
      offset = peerup_yaml_next_line (document, offset);
    }
}

gboolean
peerup_yaml_find_indent (const PeerupYamlDocument *document, const PeerupYamlNode *node, guint *indent)
{
  gsize start = node->key != NULL ? node->key->start : node->start;
  gsize line = peerup_yaml_line_start (document, start);

  if (node->key == NULL)
    {
      while (start > line && is_blank (document->text[start - 1]))
        start--;
      if (start == line || document->text[start - 1] != '-')
        return FALSE;
      start--;
    }
  *indent = start - line;
  return peerup_yaml_is_only (document, line, start, " ");
}

guint
peerup_yaml_find_step (const PeerupYamlDocument *document)
{
  for (guint i = 0; i < document->root->children->len; i++)
    {
      const PeerupYamlNode *section = g_ptr_array_index (document->root->children, i);
      guint step;

      if (section->kind == PEERUP_YAML_MAPPING && !section->flow && section->children->len > 0 &&
          peerup_yaml_find_indent (document, g_ptr_array_index (section->children, 0), &step) && step > 0)
        return step;
    }
  return DEFAULT_STEP;
}

gsize
peerup_yaml_after_colon (const PeerupYamlDocument *document, const PeerupYamlNode *node)
{
  gsize offset = node->key->end;

  while (is_blank (document->text[offset]))
    offset++;
  return document->text[offset] == ':' ? offset + 1 : node->key->end;
}

gboolean
peerup_yaml_find_comma (const PeerupYamlDocument *document, gsize offset, gsize *comma)
{
  for (;;)
    {
      offset += strspn (document->text + offset, " \t\r\n");
      if (document->text[offset] != '#')
        break;
      offset = peerup_yaml_next_line (document, offset);
    }
  *comma = offset;
  return document->text[offset] == ',';
}

gsize
peerup_yaml_begin_of (const PeerupYamlNode *node)
{
  return node->key != NULL ? node->key->start : node->start;
}
