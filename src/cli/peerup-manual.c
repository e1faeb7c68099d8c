/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The man pages: the same as help says, as roff. They are written at build time by "peerup __manual".
 */
#include "cli/peerup-manual.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-help.h"
#include "cli/peerup-help-text.h"
#include "peerup-config.h"

/* When the texts were written last; the same for all, so that a build can be repeated. */
#define WRITTEN "2026-11-22"

#define TITLE ".TH \"%s\" 1 \"" WRITTEN "\" \"Peer-Up %s\" \"User Commands\"\n"
#define HEAD                                           \
  ".\\\" SPDX-License-Identifier: LGPL-2.1-or-later\n" \
  ".\\\" Copyright The Peer-Up authors\n" TITLE

/* "peerup-service-add" */
static char *
get_page_name (const PeerupCommand *command)
{
  return g_strdelimit (g_strdup_printf ("peerup-%s", command->name), " ", '-');
}

static void
append_options (GString *out, const GOptionEntry *options)
{
  for (; options != NULL && options->long_name != NULL; options++)
    {
      g_autofree char *term = peerup_help_format_option (options);
      g_autofree char *escaped = peerup_help_text_escape_man (term);
      g_autofree char *text = peerup_help_text_escape_man (options->description);

      if (term[0] != '\0')
        g_string_append_printf (out, ".TP\n\\fB%s\\fR\n%s.\n", escaped, text);
    }
}

static void
append_common_options (GString *out)
{
  GOptionEntry common[PEERUP_CLI_MAX_COMMON];

  peerup_cli_fill_common_options (NULL, common);
  append_options (out, common);
}

static void
append_synopsis (GString *out, const PeerupCommand *command)
{
  g_autofree char *name = peerup_help_text_escape_man (command->name);
  g_autofree char *arguments = peerup_help_text_escape_man (command->arguments);

  g_string_append_printf (out, ".SH SYNOPSIS\n\\fBpeerup %s\\fR [\\fIOPTION\\fR.\\|.\\|.]", name);
  if (arguments[0] != '\0')
    g_string_append_printf (out, " \\fI%s\\fR", arguments);
  g_string_append_c (out, '\n');
}

/* The others of its group, and where all are listed. */
static void
append_see_also (GString *out, const PeerupCommand *command)
{
  gsize length = strcspn (command->name, " ");

  g_string_append (out, ".SH SEE ALSO\n.BR peerup (1)");
  for (const PeerupCommand *other = peerup_commands; other->name != NULL; other++)
    {
      g_autofree char *page = get_page_name (other);
      g_autofree char *escaped = peerup_help_text_escape_man (page);

      if (other != command && strncmp (other->name, command->name, length) == 0 &&
          (other->name[length] == ' ' || other->name[length] == '\0'))
        g_string_append_printf (out, ",\n.BR %s (1)", escaped);
    }
  g_string_append_c (out, '\n');
}

char *
peerup_manual_for_command (const PeerupCommand *command)
{
  g_autofree char *page = get_page_name (command);
  g_autofree char *upper = g_ascii_strup (page, -1);
  g_autofree char *escaped = peerup_help_text_escape_man (page);
  g_autofree char *summary = peerup_help_text_escape_man (command->summary);
  g_autofree char *source = peerup_help_describe (command);
  g_autofree char *sentence = source[0] == '\0' ? g_strdup_printf ("%s.", command->summary) : g_strdup (source);
  g_autofree char *text = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  const char *examples = strstr (sentence, "# Examples\n");
  g_autofree char *before = examples != NULL ? g_strndup (sentence, examples - sentence) : g_strdup (sentence);

  g_string_append_printf (out, HEAD, upper, PEERUP_VERSION);
  g_string_append_printf (out, ".SH NAME\n%s \\- %s\n", escaped, summary);
  append_synopsis (out, command);
  text = peerup_help_text_to_man (before, "SS");
  g_string_append_printf (out, ".SH DESCRIPTION\n%s.SH OPTIONS\n", text);
  append_options (out, command->options);
  append_common_options (out);
  if (examples != NULL)
    {
      g_autofree char *shown = peerup_help_text_to_man (examples, "SH");

      g_string_append (out, shown);
    }
  g_string_append (out, ".SH EXIT STATUS\nSee\n.BR peerup (1).\n");
  append_see_also (out, command);
  return g_string_free_and_steal (g_steal_pointer (&out));
}

static void
append_commands (GString *out)
{
  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      g_autofree char *page = get_page_name (command);
      g_autofree char *escaped = peerup_help_text_escape_man (page);
      g_autofree char *name = peerup_help_text_escape_man (command->name);
      g_autofree char *arguments = peerup_help_text_escape_man (command->arguments);
      g_autofree char *summary = peerup_help_text_escape_man (command->summary);

      if (!peerup_command_is_shown (command))
        continue;
      g_string_append_printf (out, ".TP\n\\fB%s\\fR", name);
      if (arguments[0] != '\0')
        g_string_append_printf (out, " \\fI%s\\fR", arguments);
      g_string_append_printf (out, "\n%s; see\n.BR %s (1).\n", summary, escaped);
    }
}

/* Each a section; "What a command ends with" is "EXIT STATUS" there. */
static void
append_topics (GString *out)
{
  g_auto (GStrv) topics = peerup_help_text_list ("topics");

  for (guint i = 0; topics[i] != NULL; i++)
    {
      g_autofree char *path = g_strdup_printf ("topics/%s", topics[i]);
      g_autofree char *source = peerup_help_text_load (path);
      g_autofree char *text = peerup_help_text_to_man (strchr (source, '\n'), "SS");
      g_autofree char *title = g_strdelimit (g_ascii_strup (topics[i], -1), "-", ' ');

      g_string_append_printf (out, ".SH %s\n%s", title, text);
    }
}

static void
append_line (GString *out, const char *line)
{
  if (g_str_equal (line, "@title@"))
    g_string_append_printf (out, TITLE, "PEERUP", PEERUP_VERSION);
  else if (g_str_equal (line, "@commands@"))
    append_commands (out);
  else if (g_str_equal (line, "@options@"))
    append_common_options (out);
  else if (g_str_equal (line, "@topics@"))
    append_topics (out);
  else
    g_string_append_printf (out, "%s\n", line);
}

char *
peerup_manual_fill (const char *template)
{
  g_auto (GStrv) lines = g_strsplit (template, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' || lines[i + 1] != NULL)
      append_line (out, lines[i]);
  return g_string_free_and_steal (g_steal_pointer (&out));
}
