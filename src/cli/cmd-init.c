/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup init: everything a new device needs, and nothing a second time. What exists is
 * kept: an identity brought from elsewhere is used, and a configuration is never replaced.
 * It asks nothing, because there is nothing it cannot find out.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-cli-new-device.h"

static int port = -1;
static char **relays;

const GOptionEntry cmd_init_options[] = {
  { "port", 0, 0, G_OPTION_ARG_INT, &port, N_ ("Listen on this port, 0 for another at each start"), "PORT" },
  { "relay", 0, 0, G_OPTION_ARG_STRING_ARRAY, &relays, N_ ("A relay this device may use (may be repeated)"),
    "MULTIADDR" },
  G_OPTION_ENTRY_NULL,
};

static void
report (PeerupCli *cli, PeerupConfig *config, PeerupPrivateKey *key)
{
  const char *id = peerup_peer_id_get_string (peerup_private_key_get_peer_id (key));
  const char *authorized = peerup_config_get_authorized_keys_file (config);
  const char *profile = cli->profiles != NULL ? cli->profiles[0] : "";
  const char *option = cli->profiles != NULL ? " --profile " : "";

  if (cli->json)
    {
      GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "peer_id", "s", id);
      g_variant_dict_insert (&dict, "config", "s", peerup_config_get_path (config));
      g_variant_dict_insert (&dict, "key_file", "s", peerup_config_get_key_file (config));
      g_variant_dict_insert (&dict, "authorized_keys_file", "s", authorized != NULL ? authorized : "");
      peerup_cli_print_variant (g_variant_dict_end (&dict));
      return;
    }
  peerup_cli_print ("%s\n", id);
  peerup_cli_say (_ ("This is the peer ID of this device; its configuration is %s.\n"
                     "Next, offer a service and invite another device, or join one that has invited this:\n"
                     "  peerup%s%s service add ssh 22 && peerup%s%s daemon\n"
                     "  peerup%s%s invite\n"
                     "  peerup%s%s join"),
                  peerup_config_get_path (config), option, profile, option, profile, option, profile, option, profile);
}

int
cmd_init (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (GError) error = NULL;

  if (port > 65535 || port < -1)
    return peerup_cli_fail_usage (cli, _ ("--port is a number from 0 to 65535"));
  path = peerup_cli_new_device_path (cli);
  if (g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    {
      return peerup_cli_fail_text (
        PEERUP_ERROR_EXISTS,
        _ ("%s is there already, and nothing was changed: see it with “peerup config show”, or "
           "name another with --config"),
        path);
    }
  config = peerup_new_device_make (path, port, (const char *const *) relays, NULL, &key, &error);
  if (config == NULL)
    return peerup_cli_fail (error);
  report (cli, config, key);
  return PEERUP_CLI_OK;
}
