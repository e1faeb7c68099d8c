/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What help says, and the man pages: that both have the texts of data/help, and nothing roff would trip over.
 */
#include <string.h>

#include "cli/peerup-help-text.h"
#include "cli/peerup-help.h"
#include "cli/peerup-manual.h"

#define SAMPLE                                                                         \
  "One paragraph\nin two lines with --flag.\n\n# Things\n* a/b: 1: first\n* a point\n" \
  "\n  peerup “x” \\\n\n.dot\n"

static void
test_terminal (void)
{
  g_autofree char *text = peerup_help_text_to_terminal (SAMPLE, 20);

  g_assert_cmpstr (text, ==,
                   "One paragraph in two\nlines with --flag.\n\nThings:\n  a/b\n      1: first\n  - a point\n"
                   "\n  peerup “x” \\\n\n.dot\n");
}

static void
test_man (void)
{
  g_autofree char *text = peerup_help_text_to_man (SAMPLE, "SH");

  g_assert_cmpstr (text, ==,
                   "One paragraph in two lines with \\-\\-flag.\n.SH THINGS\n.TP\n\\fBa/b\\fR\n1: first\n"
                   ".IP \\(bu 2\na point\n.PP\n.RS\n.nf\npeerup \\(lqx\\(rq \\e\n.fi\n.RE\n.PP\n\\&.dot\n");
}

/* Each has a text of its own, which its help and its page say; no line is wider than asked for, but those that are
 * shown as they are. */
static void
test_every_command (void)
{
  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      g_autofree char *description = peerup_help_describe (command);
      g_autofree char *help = peerup_help_for_command (command, 60);
      g_autofree char *page = peerup_manual_for_command (command);
      g_auto (GStrv) lines = g_strsplit (help, "\n", -1);

      if (!peerup_command_is_shown (command))
        continue;
      if (description[0] == '\0')
        g_error ("“%s” has no text in data/help/commands", command->name);
      g_assert_null (strstr (description, "\n@"));
      g_assert_true (g_str_is_ascii (page));
      g_assert_nonnull (strstr (page, ".SH SYNOPSIS\n\\fBpeerup "));
      for (guint i = 2; lines[i] != NULL; i++)
        if (g_utf8_strlen (lines[i], -1) > 60 && !g_str_has_prefix (lines[i], "  "))
          g_error ("“%s” is wider than 60", lines[i]);
      for (const GOptionEntry *option = command->options; option != NULL && option->long_name != NULL; option++)
        {
          g_autofree char *term = peerup_help_format_option (option);

          g_assert_nonnull (strstr (help, term));
        }
    }
}

static void
test_overview (void)
{
  g_autofree char *text = peerup_help_overview (80);
  g_autofree char *page = peerup_manual_fill ("@title@\n.SH COMMANDS\n@commands@\n@options@\n@topics@\nend\n");

  g_assert_null (strstr (text, "__"));
  g_assert_null (strstr (page, "__"));
  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      g_autofree char *line = g_strdup_printf ("\n  %s  ", command->name);

      g_assert_true (peerup_command_is_shown (command) == (strstr (text, line) != NULL));
    }
  g_assert_nonnull (strstr (page, "\n.SH EXIT STATUS\n"));
  g_assert_true (g_str_has_suffix (page, "\nend\n"));
}

static void
test_topics (void)
{
  g_auto (GStrv) topics = peerup_help_text_list ("topics");
  g_autofree char *none = peerup_help_for_topic ("nonsense", 80);

  g_assert_null (none);
  g_assert_cmpuint (g_strv_length (topics), >=, 6);
  for (guint i = 0; topics[i] != NULL; i++)
    {
      g_autofree char *title = peerup_help_get_topic_title (topics[i]);
      g_autofree char *text = peerup_help_for_topic (topics[i], 80);

      g_assert_cmpuint (strlen (title), >, 0);
      g_assert_null (strpbrk (title, "\n."));
      g_assert_true (g_str_has_prefix (text, title));
      g_assert_null (peerup_command_find (topics[i], NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/help/terminal", test_terminal);
  g_test_add_func ("/cli/help/man", test_man);
  g_test_add_func ("/cli/help/commands", test_every_command);
  g_test_add_func ("/cli/help/overview", test_overview);
  g_test_add_func ("/cli/help/topics", test_topics);
  return g_test_run ();
}
