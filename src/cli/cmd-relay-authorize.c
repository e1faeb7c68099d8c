/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup relay authorize: "peerup auth add" for the configuration of a relay, which is looked for
 * where relays have it. A running relay follows the file.
 */
#include "cli/peerup-commands.h"

#include "cli/peerup-relay-config.h"

int
cmd_relay_authorize (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;
  char *path = peerup_relay_config_find (cli->config, &error);

  if (path == NULL)
    return peerup_cli_fail (error);
  g_free (cli->config);
  cli->config = path;
  return cmd_auth_add (cli);
}
