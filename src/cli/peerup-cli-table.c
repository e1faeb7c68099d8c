/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Cells in columns as wide as they must be, and no wider than the terminal is: then the widest are shortened. Lives
 * from new to end.
 */
#include "cli/peerup-cli.h"

#include "cli/peerup-cli-text.h"

#define GAP 2
/* What a column keeps, however narrow the terminal is. */
#define NARROWEST 6

struct _PeerupTable
{
  char *indent;
  guint n_columns;
  gboolean has_title;
  GPtrArray *cells;
};

PeerupTable *
peerup_table_new (const char *indent, guint n_columns)
{
  PeerupTable *self = g_new0 (PeerupTable, 1);

  self->indent = g_strdup (indent);
  self->n_columns = n_columns;
  self->cells = g_ptr_array_new_with_free_func (g_free);
  return self;
}

static void
add_row (PeerupTable *self, va_list arguments)
{
  for (guint i = 0; i < self->n_columns; i++)
    {
      const char *cell = va_arg (arguments, const char *);

      g_ptr_array_add (self->cells, cell != NULL ? peerup_cli_make_safe (cell, FALSE, TRUE) : g_strdup (""));
    }
}

void
peerup_table_add_title (PeerupTable *self, ...)
{
  va_list arguments;

  g_assert (self->cells->len == 0);
  self->has_title = TRUE;
  va_start (arguments, self);
  add_row (self, arguments);
  va_end (arguments);
}

void
peerup_table_add (PeerupTable *self, ...)
{
  va_list arguments;

  va_start (arguments, self);
  add_row (self, arguments);
  va_end (arguments);
}

static guint
column_width (PeerupTable *self, guint column)
{
  guint width = 0;

  for (guint i = column; i < self->cells->len; i += self->n_columns)
    width = MAX (width, peerup_cli_text_width (self->cells->pdata[i]));
  return width;
}

/* Takes a column after the other from the widest until all fit into @limit. */
static void
fit (PeerupTable *self, guint *widths, guint limit)
{
  guint total = g_utf8_strlen (self->indent, -1) + GAP * (self->n_columns - 1);

  for (guint i = 0; i < self->n_columns; i++)
    total += widths[i];
  for (; total > limit; total--)
    {
      guint widest = 0;

      for (guint i = 1; i < self->n_columns; i++)
        if (widths[i] > widths[widest])
          widest = i;
      if (widths[widest] <= NARROWEST)
        return;
      widths[widest]--;
    }
}

static void
append_row (PeerupTable *self, GString *text, guint first, const guint *widths)
{
  gsize start = text->len;
  guint owed = 0;

  g_string_append (text, self->indent);
  for (guint i = 0; i < self->n_columns; i++)
    {
      g_autofree char *cell = peerup_cli_shorten (self->cells->pdata[first + i], widths[i]);
      g_autofree char *painted =
        first == 0 && self->has_title ? peerup_cli_paint (PEERUP_CLI_STYLE_TITLE, cell) : g_strdup (cell);
      guint width = peerup_cli_text_width (cell);

      /* Spaces are due once something follows them. */
      if (width > 0)
        {
          g_string_append_printf (text, "%*s%s", (int) owed, "", painted);
          owed = 0;
        }
      owed += widths[i] - MIN (width, widths[i]) + GAP;
    }
  while (text->len > start && text->str[text->len - 1] == ' ')
    g_string_truncate (text, text->len - 1);
  g_string_append_c (text, '\n');
}

char *
peerup_table_end (PeerupTable *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree guint *widths = g_new (guint, self->n_columns);
  guint limit = peerup_cli_get_width ();

  for (guint i = 0; i < self->n_columns; i++)
    widths[i] = column_width (self, i);
  if (limit > 0)
    fit (self, widths, limit);
  for (guint i = 0; i < self->cells->len; i += self->n_columns)
    append_row (self, text, i, widths);
  g_ptr_array_unref (self->cells);
  g_free (self->indent);
  g_free (self);
  return g_string_free_and_steal (g_steal_pointer (&text));
}
