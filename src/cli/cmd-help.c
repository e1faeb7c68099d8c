/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup help and peerup version.
 */
#include "cli/peerup-commands.h"

#include <string.h>

#include "peerup-config.h"

int
cmd_version (PeerupCli *cli)
{
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'version': <%s>}", PEERUP_VERSION));
  else
    peerup_cli_print ("peerup %s\n", PEERUP_VERSION);
  return PEERUP_CLI_OK;
}

static void
print_overview (void)
{
  PeerupTable *table = peerup_table_new ("  ", 2);
  g_autofree char *text = NULL;

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      g_autofree char *usage = g_strdup_printf ("%s %s", command->name, command->arguments);

      peerup_table_add (table, usage, command->summary);
    }
  text = peerup_table_end (table);
  peerup_cli_print ("Usage: peerup COMMAND [OPTION…] [ARGUMENT…]\n\n%s\n"
                    "Every command takes --json and --config FILE. “peerup help COMMAND” says more.\n",
                    text);
}

/* "peerup help service": all commands that begin so. */
static guint
print_group (const char *first)
{
  gsize length = strlen (first);
  guint n = 0;

  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      g_autofree char *help = NULL;

      if (strncmp (command->name, first, length) != 0 || command->name[length] != ' ')
        continue;
      help = peerup_cli_get_help (command);
      peerup_cli_print ("%s%s", n++ > 0 ? "\n" : "", help);
    }
  return n;
}

int
cmd_help (PeerupCli *cli)
{
  const char *first = cli->arguments[0];
  const PeerupCommand *command;
  g_autofree char *help = NULL;

  if (first == NULL)
    {
      print_overview ();
      return PEERUP_CLI_OK;
    }
  command = peerup_command_find (first, cli->arguments[1]);
  if (command == NULL && cli->arguments[1] == NULL && print_group (first) > 0)
    return PEERUP_CLI_OK;
  if (command == NULL)
    return peerup_cli_fail_usage (cli, "there is no command “%s%s%s”", first, cli->arguments[1] != NULL ? " " : "",
                                  cli->arguments[1] != NULL ? cli->arguments[1] : "");
  help = peerup_cli_get_help (command);
  peerup_cli_print ("%s", help);
  return PEERUP_CLI_OK;
}
