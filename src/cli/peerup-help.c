/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Help pages for a terminal: usage and options out of the table of commands, and what data/help says of
 * them. The man pages say the same (peerup-manual.c).
 */
#include "cli/peerup-help.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-help-text.h"

/* The column where explanations begin; what is longer has them on the next line. */
#define INDENT 26

char *
peerup_help_describe (const PeerupCommand *command)
{
  g_autofree char *file = g_strdelimit (g_strdup (command->name), " ", '-');
  g_autofree char *path = g_strdup_printf ("commands/%s", file);
  char *text = peerup_help_text_load (path);

  return text != NULL ? text : g_strdup (command->details != NULL ? command->details : "");
}

char *
peerup_help_format_option (const GOptionEntry *option)
{
  const char *value = option->arg_description;

  if (option->flags & G_OPTION_FLAG_HIDDEN)
    return g_strdup ("");
  if (option->short_name != 0)
    return g_strdup_printf ("-%c, --%s%s%s", option->short_name, option->long_name, value != NULL ? "=" : "",
                            value != NULL ? value : "");
  return g_strdup_printf ("--%s%s%s", option->long_name, value != NULL ? "=" : "", value != NULL ? value : "");
}

/* "  term      explanation", the explanation in as many lines as it takes. */
static void
append_entry (GString *out, const char *term, const char *explanation, guint indent, guint width)
{
  g_autofree char *space = g_strnfill (indent, ' ');
  g_autofree char *text = peerup_cli_wrap (explanation, space, width > indent + 20 ? width - indent : 20);
  glong length = g_utf8_strlen (term, -1) + 2;

  if (length + 2 > indent)
    g_string_append_printf (out, "  %s\n%s", term, text);
  else
    g_string_append_printf (out, "  %s%s", term, text + length);
}

static void
append_options (GString *out, const char *title, const GOptionEntry *options, guint width)
{
  g_string_append_printf (out, "\n%s:\n", title);
  for (; options->long_name != NULL; options++)
    {
      g_autofree char *term = peerup_help_format_option (options);

      if (term[0] != '\0')
        append_entry (out, term, _ (options->description), INDENT, width);
    }
}

static char *
format_usage (const PeerupCommand *command)
{
  return g_strdup_printf ("peerup %s [OPTION…]%s%s", command->name, command->arguments[0] != '\0' ? " " : "",
                          command->arguments);
}

char *
peerup_help_for_command (const PeerupCommand *command, guint width)
{
  g_autofree char *usage = format_usage (command);
  g_autofree char *source = peerup_help_describe (command);
  g_autofree char *text = peerup_help_text_to_terminal (source, width);
  g_autofree char *summary = g_strdup_printf ("%s.", _ (command->summary));
  g_autofree char *wrapped = peerup_cli_wrap (summary, "", width);
  g_autoptr (GString) out = g_string_new (NULL);
  GOptionEntry common[PEERUP_CLI_MAX_COMMON];

  peerup_cli_fill_common_options (NULL, common);
  g_string_append_printf (out, _ ("Usage:\n  %s\n\n%s"), usage, wrapped);
  if (command->options != NULL)
    append_options (out, _ ("Options"), command->options, width);
  append_options (out, _ ("Options of every command"), common, width);
  if (text[0] != '\0')
    g_string_append_printf (out, "\n%s", text);
  return g_string_free_and_steal (g_steal_pointer (&out));
}

static void
add_options (GVariantBuilder *list, const GOptionEntry *options)
{
  for (; options != NULL && options->long_name != NULL; options++)
    {
      const char flag[] = { options->short_name, '\0' };
      GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

      if (options->flags & G_OPTION_FLAG_HIDDEN)
        continue;
      g_variant_dict_insert (&dict, "name", "s", options->long_name);
      if (flag[0] != '\0')
        g_variant_dict_insert (&dict, "short", "s", flag);
      if (options->arg_description != NULL)
        g_variant_dict_insert (&dict, "value", "s", options->arg_description);
      g_variant_dict_insert (&dict, "description", "s", _ (options->description));
      g_variant_builder_add_value (list, g_variant_dict_end (&dict));
    }
}

GVariant *
peerup_help_to_variant (const PeerupCommand *command)
{
  g_autofree char *usage = format_usage (command);
  g_autofree char *text = peerup_help_describe (command);
  GVariantBuilder options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  GOptionEntry common[PEERUP_CLI_MAX_COMMON];

  peerup_cli_fill_common_options (NULL, common);
  add_options (&options, command->options);
  add_options (&options, common);
  g_variant_dict_insert (&dict, "name", "s", command->name);
  g_variant_dict_insert (&dict, "usage", "s", usage);
  g_variant_dict_insert (&dict, "summary", "s", _ (command->summary));
  g_variant_dict_insert (&dict, "description", "s", text);
  g_variant_dict_insert_value (&dict, "options", g_variant_builder_end (&options));
  return g_variant_dict_end (&dict);
}

char *
peerup_help_get_topic_title (const char *topic)
{
  g_autofree char *path = g_strdup_printf ("topics/%s", topic);
  char *text = peerup_help_text_load (path);

  if (text != NULL)
    text[strcspn (text, "\n")] = '\0';
  return text;
}

char *
peerup_help_for_topic (const char *topic, guint width)
{
  g_autofree char *path = g_strdup_printf ("topics/%s", topic);
  g_autofree char *text = peerup_help_text_load (path);

  return text != NULL ? peerup_help_text_to_terminal (text, width) : NULL;
}

/* The widest name of a command, as far as explanations may move. */
static guint
find_indent (void)
{
  gsize longest = 0;

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    if (peerup_command_is_shown (command))
      longest = MAX (longest, strlen (command->name));
  return (guint) longest + 4;
}

char *
peerup_help_overview (guint width)
{
  g_autoptr (GString) out = g_string_new (_ ("Usage: peerup COMMAND [OPTION…] [ARGUMENT…]\n\nCommands:\n"));
  g_auto (GStrv) topics = peerup_help_text_list ("topics");
  guint indent = find_indent ();
  GOptionEntry common[PEERUP_CLI_MAX_COMMON];

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    if (peerup_command_is_shown (command))
      append_entry (out, command->name, _ (command->summary), indent, width);
  g_string_append (out, _ ("\nTopics:\n"));
  for (guint i = 0; topics[i] != NULL; i++)
    {
      g_autofree char *title = peerup_help_get_topic_title (topics[i]);

      append_entry (out, topics[i], title, indent, width);
    }
  peerup_cli_fill_common_options (NULL, common);
  append_options (out, _ ("Options of every command"), common, width);
  g_string_append (out, _ ("\n“peerup help COMMAND” or “peerup help TOPIC” says more.\n"));
  return g_string_free_and_steal (g_steal_pointer (&out));
}
