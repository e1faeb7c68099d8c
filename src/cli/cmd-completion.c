/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup completion: the file of data/completions for one shell.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-help-text.h"

int
cmd_completion (PeerupCli *cli)
{
  const char *shell = cli->arguments[0];
  g_autofree char *path = g_strdup_printf ("completions/%s", shell);
  g_autofree char *script = peerup_help_text_load_file (path);

  if (script == NULL)
    return peerup_cli_fail_usage (cli, _ ("“%s” is no shell that is known here"), shell);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'shell': <%s>, 'script': <%s>}", shell, script));
  else
    peerup_cli_print ("%s", script);
  return PEERUP_CLI_OK;
}
