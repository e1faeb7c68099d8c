/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The files of a device that has none yet, where the command's options say. */
#include "cli/peerup-cli-new-device.h"

#include <glib/gi18n-lib.h>

#include "config/peerup-profile.h"

char *
peerup_cli_new_device_path (PeerupCli *cli)
{
  if (cli->profiles != NULL && cli->profiles[0] != NULL)
    return peerup_profile_dup_config (cli->profiles[0]);
  return cli->config != NULL ? g_canonicalize_filename (cli->config, NULL)
                             : g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
}

char *
peerup_cli_new_device_ensure (PeerupCli *cli, const char *network, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *found = peerup_cli_find_config (cli, &local_error);
  g_autofree char *path = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupPrivateKey) key = NULL;

  if (found != NULL)
    return g_steal_pointer (&found);
  if (!g_error_matches (local_error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  path = peerup_cli_new_device_path (cli);
  config = peerup_new_device_make (path, -1, NULL, network, &key, error);
  if (config == NULL)
    return NULL;
  peerup_cli_say (_ ("This device is new, and is %s from now on; its configuration is %s."),
                  peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)), path);
  return g_steal_pointer (&path);
}
