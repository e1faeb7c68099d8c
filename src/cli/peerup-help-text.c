/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Help texts: read out of the program, and laid out for a terminal or as a man page, so that both
 * come from one description. Knows nothing of commands.
 */
#include "cli/peerup-help-text.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-cli.h"
#include "cli/peerup-help-resources.h"

#define PREFIX "/dev/peerup/PeerUp/help/"

typedef enum
{
  BLANK,
  PARAGRAPH,
  HEADING,
  ITEM,
  SHOWN,
} Kind;

char *
peerup_help_text_load_file (const char *name)
{
  g_autofree char *path = g_strdup_printf (PREFIX "%s", name);
  g_autoptr (GBytes) bytes =
    g_resource_lookup_data (peerup_help_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  return bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : NULL;
}

/* "@RELAY-ADDRESS": what several texts share. */
static void
append_shared (GString *out, const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);
  g_autofree char *path = g_strdup_printf ("shared/%s.txt", lower);
  g_autofree char *text = peerup_help_text_load_file (path);

  g_assert (text != NULL);
  g_string_append (out, text);
}

char *
peerup_help_text_load (const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s.txt", name);
  g_autofree char *text = peerup_help_text_load_file (path);
  g_auto (GStrv) lines = NULL;
  g_autoptr (GString) out = NULL;

  if (text == NULL)
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  out = g_string_new (NULL);
  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] == '@')
      append_shared (out, lines[i] + 1);
    else
      g_string_append_printf (out, "%s\n", lines[i]);
  while (g_str_has_suffix (out->str, "\n\n"))
    g_string_truncate (out, out->len - 1);
  return g_string_free_and_steal (g_steal_pointer (&out));
}

static int
compare_names (gconstpointer one, gconstpointer other)
{
  return strcmp (*(const char *const *) one, *(const char *const *) other);
}

char **
peerup_help_text_list (const char *folder)
{
  g_autofree char *path = g_strdup_printf (PREFIX "%s", folder);
  char **names = g_resource_enumerate_children (peerup_help_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  guint n = names != NULL ? g_strv_length (names) : 0;

  if (names == NULL)
    return g_new0 (char *, 1);
  for (guint i = 0; i < n; i++)
    if (g_str_has_suffix (names[i], ".txt"))
      names[i][strlen (names[i]) - strlen (".txt")] = '\0';
  qsort (names, n, sizeof names[0], compare_names);
  return names;
}

static Kind
kind_of (const char *line)
{
  if (line[0] == '\0')
    return BLANK;
  if (g_str_has_prefix (line, "# "))
    return HEADING;
  if (g_str_has_prefix (line, "* "))
    return ITEM;
  return g_str_has_prefix (line, "  ") ? SHOWN : PARAGRAPH;
}

/* Where a term ends, or NULL: a colon in an address has no space behind it. */
static const char *
end_of_term (const char *item)
{
  return strstr (item, ": ");
}

static void
append_item (GString *out, const char *item, guint width)
{
  const char *colon = end_of_term (item);
  g_autofree char *text = peerup_cli_wrap (colon != NULL ? colon + 2 : item, colon != NULL ? "      " : "    ",
                                           width - (colon != NULL ? 6 : 4));

  if (colon != NULL)
    g_string_append_printf (out, "  %.*s\n", (int) (colon - item), item);
  else
    memcpy (text + 2, "-", 1);
  g_string_append (out, text);
}

/* Lines of one paragraph from @i on, as one; @i comes to stand on the last of them. */
static char *
join_paragraph (char **lines, guint *i)
{
  g_autoptr (GString) text = g_string_new (lines[*i]);

  for (; lines[*i + 1] != NULL && kind_of (lines[*i + 1]) == PARAGRAPH; (*i)++)
    g_string_append_printf (text, " %s", lines[*i + 1]);
  return g_string_free_and_steal (g_steal_pointer (&text));
}

static void
append_block (GString *out, char **lines, guint *i, guint width)
{
  g_autofree char *paragraph = NULL;
  g_autofree char *wrapped = NULL;

  switch (kind_of (lines[*i]))
    {
    case HEADING:
      g_string_append_printf (out, "%s:\n", lines[*i] + 2);
      break;
    case ITEM:
      append_item (out, lines[*i] + 2, width);
      break;
    case PARAGRAPH:
      paragraph = join_paragraph (lines, i);
      wrapped = peerup_cli_wrap (paragraph, "", width);
      g_string_append (out, wrapped);
      break;
    case SHOWN:
    case BLANK:
      g_string_append_printf (out, "%s\n", lines[*i]);
      break;
    default:
      g_assert_not_reached ();
    }
}

char *
peerup_help_text_to_terminal (const char *text, guint width)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' || lines[i + 1] != NULL)
      append_block (out, lines, &i, width);
  return g_string_free_and_steal (g_steal_pointer (&out));
}

char *
peerup_help_text_escape_man (const char *text)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (text[0] == '.' || text[0] == '\'')
    g_string_append (out, "\\&");
  for (const char *p = text; p[0] != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\\')
        g_string_append (out, "\\e");
      else if (c == '-')
        g_string_append (out, "\\-");
      else if (c == 0x201c || c == 0x201d)
        g_string_append (out, c == 0x201c ? "\\(lq" : "\\(rq");
      else if (c == 0x2026)
        g_string_append (out, ".\\|.\\|.");
      else if (c > 0x7e)
        g_string_append_printf (out, "\\[u%04X]", c);
      else
        g_string_append_c (out, (char) c);
    }
  return g_string_free_and_steal (g_steal_pointer (&out));
}

static void
append_escaped (GString *out, const char *before, const char *text)
{
  g_autofree char *escaped = peerup_help_text_escape_man (text);

  g_string_append_printf (out, "%s%s\n", before, escaped);
}

static void
append_item_man (GString *out, const char *item)
{
  const char *colon = end_of_term (item);
  g_autofree char *term = colon != NULL ? g_strndup (item, colon - item) : NULL;
  g_autofree char *escaped = term != NULL ? peerup_help_text_escape_man (term) : NULL;

  if (colon == NULL)
    append_escaped (out, ".IP \\(bu 2\n", item);
  else
    {
      g_string_append_printf (out, ".TP\n\\fB%s\\fR\n", escaped);
      append_escaped (out, "", colon + 2);
    }
}

static void
append_shown_man (GString *out, char **lines, guint *i)
{
  g_string_append (out, ".RS\n.nf\n");
  for (;; (*i)++)
    {
      append_escaped (out, "", lines[*i] + 2);
      if (lines[*i + 1] == NULL || kind_of (lines[*i + 1]) != SHOWN)
        break;
    }
  g_string_append (out, ".fi\n.RE\n");
}

char *
peerup_help_text_to_man (const char *text, const char *heading)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);
  Kind last = HEADING;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      Kind kind = kind_of (lines[i]);
      g_autofree char *upper = kind == HEADING ? g_utf8_strup (lines[i] + 2, -1) : NULL;
      g_autofree char *paragraph = kind == PARAGRAPH ? join_paragraph (lines, &i) : NULL;

      if (kind == BLANK)
        continue;
      if (last != HEADING && (kind == PARAGRAPH || kind == SHOWN))
        g_string_append (out, ".PP\n");
      if (kind == HEADING)
        {
          g_string_append_printf (out, ".%s ", heading);
          append_escaped (out, "", g_str_equal (heading, "SH") ? upper : lines[i] + 2);
        }
      else if (kind == ITEM)
        append_item_man (out, lines[i] + 2);
      else if (kind == SHOWN)
        append_shown_man (out, lines, &i);
      else
        append_escaped (out, "", paragraph);
      last = kind;
    }
  return g_string_free_and_steal (g_steal_pointer (&out));
}
