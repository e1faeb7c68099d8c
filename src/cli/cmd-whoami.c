/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup whoami: the peer ID, from the key file; no engine.
 */
#include "cli/peerup-commands.h"

#include "identity/peerup-private-key.h"

int
cmd_whoami (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (GError) error = NULL;
  const char *id;

  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    key = peerup_key_file_load (peerup_config_get_key_file (config), &error);
  if (key == NULL)
    return peerup_cli_fail (error);
  id = peerup_peer_id_get_string (peerup_private_key_get_peer_id (key));
  if (cli->json)
    peerup_cli_print_variant (
      g_variant_new_parsed ("{'peer_id': <%s>, 'key_file': <%s>}", id, peerup_config_get_key_file (config)));
  else
    peerup_cli_print ("%s\n", id);
  return PEERUP_CLI_OK;
}
