/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup whoami: the peer ID, from the key file, or from the configuration where the key is
 * elsewhere; no engine.
 */
#include "cli/peerup-commands.h"

#include "config/peerup-config-identity.h"

int
cmd_whoami (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (GError) error = NULL;
  const char *id;

  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    peer = peerup_config_identity_load_peer (config, FALSE, &error);
  if (peer == NULL)
    return peerup_cli_fail (error);
  id = peerup_peer_id_get_string (peer);
  if (cli->json)
    peerup_cli_print_variant (
      g_variant_new_parsed ("{'peer_id': <%s>, 'key_file': <%s>, 'key_store': <%s>}", id,
                            peerup_config_get_key_file (config),
                            peerup_config_key_store_to_string (peerup_config_get_key_store (config))));
  else
    peerup_cli_print ("%s\n", id);
  return PEERUP_CLI_OK;
}
