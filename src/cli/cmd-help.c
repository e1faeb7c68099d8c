/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup help and peerup version.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-help.h"
#include "cli/peerup-help-text.h"
#include "peerup-config.h"

#define NARROWEST 40
#define USUAL     80
/* Longer lines are hard to read. */
#define WIDEST 100

int
cmd_version (PeerupCli *cli)
{
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'version': <%s>}", PEERUP_VERSION));
  else
    peerup_cli_print ("peerup %s\n", PEERUP_VERSION);
  return PEERUP_CLI_OK;
}

static guint
get_width (void)
{
  guint width = peerup_cli_get_width ();

  return width == 0 ? USUAL : CLAMP (width, NARROWEST, WIDEST);
}

/* "peerup help service": all commands that begin so, or with NULL all there are. */
static GPtrArray *
find_group (const char *first)
{
  GPtrArray *group = g_ptr_array_new ();
  gsize length = first != NULL ? strlen (first) : 0;

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    if (peerup_command_is_shown (command) &&
        (first == NULL || (strncmp (command->name, first, length) == 0 && command->name[length] == ' ')))
      g_ptr_array_add (group, (gpointer) command);
  return group;
}

static void
print_group (PeerupCli *cli, GPtrArray *group)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < group->len && cli->json; i++)
    g_variant_builder_add_value (&list, peerup_help_to_variant (group->pdata[i]));
  for (guint i = 0; i < group->len && !cli->json; i++)
    {
      g_autofree char *help = peerup_help_for_command (group->pdata[i], get_width ());

      peerup_cli_print ("%s%s", i > 0 ? "\n" : "", help);
    }
  if (cli->json)
    peerup_cli_print_variant (g_variant_builder_end (&list));
  else
    g_variant_builder_clear (&list);
}

static void
print_overview (PeerupCli *cli)
{
  g_autoptr (GPtrArray) all = NULL;
  g_autofree char *text = NULL;

  if (cli->json)
    {
      all = find_group (NULL);
      print_group (cli, all);
      return;
    }
  text = peerup_help_overview (get_width ());
  peerup_cli_print ("%s", text);
}

static void
print_command (PeerupCli *cli, const PeerupCommand *command)
{
  g_autofree char *help = NULL;

  if (cli->json)
    {
      peerup_cli_print_variant (peerup_help_to_variant (command));
      return;
    }
  help = peerup_help_for_command (command, get_width ());
  peerup_cli_print ("%s", help);
}

/* FALSE: there is none. */
static gboolean
print_topic (PeerupCli *cli, const char *topic)
{
  g_autofree char *text = peerup_help_for_topic (topic, get_width ());

  if (text != NULL && cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'topic': <%s>, 'text': <%s>}", topic, text));
  else if (text != NULL)
    peerup_cli_print ("%s", text);
  return text != NULL;
}

int
cmd_help (PeerupCli *cli)
{
  const char *first = cli->arguments[0], *second = first != NULL ? cli->arguments[1] : NULL;
  const PeerupCommand *command = first != NULL ? peerup_command_find (first, second) : NULL;
  g_autoptr (GPtrArray) group = NULL;

  if (first == NULL)
    {
      print_overview (cli);
      return PEERUP_CLI_OK;
    }
  if (command != NULL)
    {
      print_command (cli, command);
      return PEERUP_CLI_OK;
    }
  group = find_group (first);
  if (second == NULL && group->len > 0)
    print_group (cli, group);
  else if (second != NULL || !print_topic (cli, first))
    return peerup_cli_fail_usage (cli, _ ("there is no command or topic “%s%s%s”"), first, second != NULL ? " " : "",
                                  second != NULL ? second : "");
  return PEERUP_CLI_OK;
}
