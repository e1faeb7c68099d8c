/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup __manual: writes the man pages into a directory; for the build.
 */
#include "cli/peerup-commands.h"

#include "cli/peerup-manual.h"

static gboolean
write_page (const char *directory, const char *name, const char *text, GError **error)
{
  g_autofree char *file = g_strdelimit (g_strdup_printf ("%s.1", name), " ", '-');
  g_autofree char *path = g_build_filename (directory, file, NULL);

  return g_file_set_contents (path, text, -1, error);
}

static gboolean
write_all (const char *directory, const char *template, GError **error)
{
  g_autofree char *source = NULL;
  g_autofree char *overview = NULL;

  if (!g_file_get_contents (template, &source, NULL, error))
    return FALSE;
  overview = peerup_manual_fill (source);
  if (!write_page (directory, "peerup", overview, error))
    return FALSE;
  for (const PeerupCommand *command = peerup_commands; command->name != NULL; command++)
    {
      g_autofree char *name = g_strdup_printf ("peerup %s", command->name);
      g_autofree char *page = peerup_manual_for_command (command);

      if (peerup_command_is_shown (command) && !write_page (directory, name, page, error))
        return FALSE;
    }
  return TRUE;
}

int
cmd_manual (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;

  if (!write_all (cli->arguments[0], cli->arguments[1], &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'directory': <%s>}", cli->arguments[0]));
  return PEERUP_CLI_OK;
}
