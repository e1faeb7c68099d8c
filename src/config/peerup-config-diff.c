/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The difference of two texts, line by line: the longest common subsequence of what lies between the lines that both
 * begin and end with. Pure; its memory is bounded.
 */
#include "config/peerup-config-diff.h"

#include <string.h>

#define CONTEXT 3
/* Of the table: 4 bytes each. Two texts of a thousand changed lines fit. */
#define CELLS_MAX (1024 * 1024)

/* One line of the result: ' ', '-' or '+'. */
typedef struct
{
  char kind;
  const char *text;
} Step;

/* A last line without an end is another one than the same with an end. */
static GPtrArray *
split (const char *text)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  while (*text != '\0')
    {
      gsize length = strcspn (text, "\n");
      g_autofree char *line = g_strndup (text, length);

      text += length;
      if (*text == '\n')
        text++;
      else
        {
          g_ptr_array_add (lines, g_strconcat (line, "\n\\ No newline at end of file", NULL));
          break;
        }
      g_ptr_array_add (lines, g_steal_pointer (&line));
    }
  return lines;
}

static void
add (GArray *steps, char kind, const char *text)
{
  Step step = { kind, text };

  g_array_append_val (steps, step);
}

static void
add_range (GArray *steps, char kind, GPtrArray *lines, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    add (steps, kind, lines->pdata[i]);
}

/* cells[i * (n + 1) + j]: how many lines the rest of a from i on and of b from j on have in common. */
static void
add_common (GArray *steps, char **a, guint m, char **b, guint n)
{
  g_autofree guint *cells = g_new0 (guint, (gsize) (m + 1) * (n + 1));
  guint i = m, j = n;

  while (i-- > 0)
    for (j = n; j-- > 0;)
      cells[i * (n + 1) + j] = strcmp (a[i], b[j]) == 0
                                 ? cells[(i + 1) * (n + 1) + j + 1] + 1
                                 : MAX (cells[(i + 1) * (n + 1) + j], cells[i * (n + 1) + j + 1]);
  for (i = 0, j = 0; i < m || j < n;)
    if (i < m && j < n && strcmp (a[i], b[j]) == 0)
      {
        add (steps, ' ', a[i]);
        i++;
        j++;
      }
    else if (j >= n || (i < m && cells[(i + 1) * (n + 1) + j] >= cells[i * (n + 1) + j + 1]))
      add (steps, '-', a[i++]);
    else
      add (steps, '+', b[j++]);
}

static GArray *
compare (GPtrArray *a, GPtrArray *b)
{
  GArray *steps = g_array_new (FALSE, FALSE, sizeof (Step));
  guint shorter = MIN (a->len, b->len);
  guint head = 0, tail = 0;
  guint m, n;

  while (head < shorter && strcmp (a->pdata[head], b->pdata[head]) == 0)
    head++;
  while (tail < shorter - head && strcmp (a->pdata[a->len - 1 - tail], b->pdata[b->len - 1 - tail]) == 0)
    tail++;
  m = a->len - head - tail;
  n = b->len - head - tail;
  add_range (steps, ' ', a, 0, head);
  if ((guint64) (m + 1) * (n + 1) <= CELLS_MAX)
    add_common (steps, m > 0 ? (char **) a->pdata + head : NULL, m, n > 0 ? (char **) b->pdata + head : NULL, n);
  else
    {
      add_range (steps, '-', a, head, head + m);
      add_range (steps, '+', b, head, head + n);
    }
  add_range (steps, ' ', a, a->len - tail, a->len);
  return steps;
}

/* The end of the hunk whose first changed line is @from: changes with less than twice the context between them are
 * one. */
static guint
find_hunk_end (GArray *steps, guint from)
{
  guint end = from;

  for (guint i = from; i < steps->len && i <= end + 2 * CONTEXT + 1; i++)
    if (g_array_index (steps, Step, i).kind != ' ')
      end = i;
  return MIN (end + CONTEXT + 1, steps->len);
}

static void
append_start (GString *result, char sign, guint line, guint count)
{
  /* An empty range is named by the line before it. */
  g_string_append_printf (result, "%c%u", sign, count > 0 ? line : line - 1);
  if (count != 1)
    g_string_append_printf (result, ",%u", count);
}

static void
append_hunk (GString *result, GArray *steps, guint from, guint to, guint *old_line, guint *new_line)
{
  guint n_old = 0, n_new = 0;

  for (guint i = from; i < to; i++)
    {
      n_old += g_array_index (steps, Step, i).kind != '+';
      n_new += g_array_index (steps, Step, i).kind != '-';
    }
  g_string_append (result, "@@ ");
  append_start (result, '-', *old_line, n_old);
  g_string_append_c (result, ' ');
  append_start (result, '+', *new_line, n_new);
  g_string_append (result, " @@\n");
  for (guint i = from; i < to; i++)
    g_string_append_printf (result, "%c%s\n", g_array_index (steps, Step, i).kind, g_array_index (steps, Step, i).text);
  *old_line += n_old;
  *new_line += n_new;
}

char *
peerup_config_diff (const char *old, const char *old_name, const char *new, const char *new_name)
{
  g_autoptr (GString) result = g_string_new (NULL);
  g_autoptr (GPtrArray) a = split (old);
  g_autoptr (GPtrArray) b = split (new);
  g_autoptr (GArray) steps = NULL;
  guint old_line = 1, new_line = 1;

  steps = compare (a, b);
  for (guint i = 0; i < steps->len;)
    {
      guint from = i, first = i;

      while (first < steps->len && g_array_index (steps, Step, first).kind == ' ')
        first++;
      if (first == steps->len)
        break;
      if (first - i > CONTEXT)
        from = first - CONTEXT;
      old_line += from - i;
      new_line += from - i;
      if (result->len == 0)
        g_string_append_printf (result, "--- %s\n+++ %s\n", old_name, new_name);
      i = find_hunk_end (steps, first);
      append_hunk (result, steps, from, i, &old_line, &new_line);
    }
  return g_string_free (g_steal_pointer (&result), FALSE);
}
