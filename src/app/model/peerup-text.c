/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What others have written, made fit to be shown. Pure. */
#include "app/model/peerup-text.h"

#include <string.h>

/* No text is looked at further than this: what is cut from it is far shorter. */
#define MAX_BYTES 4096
/* Marks on one letter: enough for all scripts, too few to paint over the lines above. */
#define MAX_MARKS 4
/* Characters of what is seen as one, such as an emoji of a family. */
#define MAX_CLUSTER 16

#define FSI                   "\u2068"
#define PDI                   "\u2069"
#define ELLIPSIS              "\u2026"
#define ZERO_WIDTH_NON_JOINER 0x200c
#define ZERO_WIDTH_JOINER     0x200d

typedef enum
{
  KIND_LETTER,
  KIND_SPACE,
  KIND_MARK, /* is drawn on the letter before it */
  KIND_PART, /* of an emoji or a ligature, with what is before it */
  KIND_NONE, /* is left out */
} Kind;

static Kind
find_kind (gunichar c)
{
  /* Languages need the joiners, and so do emoji, which also have tags (flags) and skins. */
  if (c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON_JOINER || (c >= 0xe0020 && c <= 0xe007f) ||
      (c >= 0x1f3fb && c <= 0x1f3ff))
    return KIND_PART;
  /* Letters by their class, and nothing to the eye. */
  if (c == 0x115f || c == 0x1160 || c == 0x2800 || c == 0x3164 || c == 0xffa0)
    return KIND_SPACE;
  switch ((int) g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
      return g_unichar_isspace (c) ? KIND_SPACE : KIND_NONE;
    case G_UNICODE_FORMAT: /* direction, and all else that is not seen */
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
      return KIND_NONE;
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SPACE_SEPARATOR:
      return KIND_SPACE;
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
      return KIND_MARK;
    default:
      return KIND_LETTER;
    }
}

typedef struct
{
  GString *out;
  guint max;
  guint n;       /* what is seen as one character, and spaces */
  gsize cut;     /* where the text ends if there is more than @max */
  guint cluster; /* characters of the last one */
  guint marks;   /* on its last letter */
  gboolean joined;
  gboolean space; /* comes before the next one */
} Cleaner;

/* FALSE: there is no room for another one. */
static gboolean
begin_cluster (Cleaner *self)
{
  guint n = self->n + self->space + 1;

  if (n > self->max)
    {
      g_string_truncate (self->out, self->cut);
      g_string_append (self->out, ELLIPSIS);
      return FALSE;
    }
  self->cut = self->out->len;
  if (self->space)
    g_string_append_c (self->out, ' ');
  self->n = n;
  self->cluster = 0;
  self->space = FALSE;
  return TRUE;
}

static gboolean
take (Cleaner *self, gunichar c)
{
  Kind kind = find_kind (c);

  if (kind == KIND_SPACE)
    {
      self->space = self->n > 0;
      self->joined = FALSE;
    }
  if (kind == KIND_SPACE || kind == KIND_NONE)
    return TRUE;
  if (kind == KIND_LETTER)
    {
      if (!(self->joined && self->cluster < MAX_CLUSTER) && !begin_cluster (self))
        return FALSE;
      self->marks = 0;
    }
  else if (self->n == 0 || self->space || self->cluster >= MAX_CLUSTER ||
           (kind == KIND_MARK && ++self->marks > MAX_MARKS))
    return TRUE;
  g_string_append_unichar (self->out, c);
  self->cluster++;
  self->joined = c == ZERO_WIDTH_JOINER;
  return TRUE;
}

char *
peerup_text_clean_to (const char *text, guint max)
{
  g_autofree char *valid = NULL;
  Cleaner cleaner = { .out = g_string_new (NULL), .max = MAX (max, 1) };

  if (text != NULL)
    valid = g_utf8_make_valid (text, strnlen (text, MAX_BYTES));
  for (const char *p = valid; p != NULL && *p != '\0'; p = g_utf8_next_char (p))
    if (!take (&cleaner, g_utf8_get_char (p)))
      break;
  return g_string_free (cleaner.out, FALSE);
}

char *
peerup_text_clean (const char *text)
{
  return peerup_text_clean_to (text, PEERUP_TEXT_MAX);
}

char *
peerup_text_isolate (const char *text)
{
  g_autofree char *clean = peerup_text_clean (text);

  return *clean == '\0' ? g_steal_pointer (&clean) : g_strconcat (FSI, clean, PDI, NULL);
}

gboolean
peerup_text_is_first_run (const char *problem)
{
  return g_str_has_suffix (problem, ": peerup auth add PEER-ID");
}
