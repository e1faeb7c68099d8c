/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup init: everything a new device needs, and nothing a second time. What exists is
 * kept: an identity brought from elsewhere is used, and a configuration is never replaced.
 * It asks nothing, because there is nothing it cannot find out.
 */
#include "cli/peerup-commands.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "config/peerup-config-template.h"
#include "identity/peerup-atomic-file.h"
#include "identity/peerup-private-key.h"

/* Proposed first, so that a router's rule found in the documentation fits. */
#define DEFAULT_PORT 4821
#define AUTHORIZED_KEYS                                                                  \
  "# Peers that may connect to this device, one a line: PEER-ID  key=value  # comment\n" \
  "# Manage it with “peerup auth”, or with an editor; changes count at once.\n"

static int port = -1;
static char **relays;

const GOptionEntry cmd_init_options[] = {
  { "port", 0, 0, G_OPTION_ARG_INT, &port, "Listen on this port, 0 for another at each start", "PORT" },
  { "relay", 0, 0, G_OPTION_ARG_STRING_ARRAY, &relays, "A relay this device may use (may be repeated)", "MULTIADDR" },
  G_OPTION_ENTRY_NULL,
};

static gboolean
can_listen (GSocketType type, guint16 number)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (any, number);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, type, G_SOCKET_PROTOCOL_DEFAULT, NULL);

  return socket != NULL && g_socket_bind (socket, address, FALSE, NULL);
}

/* A port that stays, so that an address given to a friend keeps working: one number for TCP
 * and QUIC. */
static guint16
choose_port (void)
{
  guint16 number = DEFAULT_PORT;

  for (guint tries = 0; tries < 32; tries++)
    {
      if (can_listen (G_SOCKET_TYPE_STREAM, number) && can_listen (G_SOCKET_TYPE_DATAGRAM, number))
        return number;
      number = g_random_int_range (20000, 32000);
    }
  return 0;
}

static gboolean
make_directory (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  if (g_mkdir_with_parents (directory, 0700) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "cannot make the directory %s: %s", directory,
               g_strerror (errno));
  return FALSE;
}

static PeerupPrivateKey *
load_or_make_key (const char *path, GError **error)
{
  g_autoptr (PeerupPrivateKey) key = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return peerup_key_file_load (path, error);
  key = peerup_private_key_generate (error);
  if (key == NULL || !make_directory (path, error) || !peerup_key_file_create (path, key, error))
    return NULL;
  return g_steal_pointer (&key);
}

static gboolean
make_authorized_keys (const char *path, GError **error)
{
  if (path == NULL || g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  return make_directory (path, error) &&
         peerup_atomic_file_create (path, AUTHORIZED_KEYS, strlen (AUTHORIZED_KEYS), error);
}

static void
report (PeerupCli *cli, PeerupConfig *config, PeerupPrivateKey *key)
{
  const char *id = peerup_peer_id_get_string (peerup_private_key_get_peer_id (key));
  const char *authorized = peerup_config_get_authorized_keys_file (config);

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
  peerup_cli_say ("This is the peer ID of this device; its configuration is %s.\n"
                  "Next, authorize another device and offer it a service:\n"
                  "  peerup auth add PEER-ID --name NAME\n"
                  "  peerup service add ssh 22 && peerup daemon",
                  peerup_config_get_path (config));
}

static PeerupConfig *
make_files (const char *path, PeerupPrivateKey **key, GError **error)
{
  g_autofree char *text = peerup_config_template_new (port >= 0 ? port : choose_port (), (const char *const *) relays);
  g_autoptr (PeerupConfig) config = peerup_config_new_from_data (text, strlen (text), path, NULL, error);

  if (config == NULL || !make_directory (path, error))
    return NULL;
  *key = load_or_make_key (peerup_config_get_key_file (config), error);
  /* The configuration last: where it is, everything it names is too. */
  if (*key == NULL || !make_authorized_keys (peerup_config_get_authorized_keys_file (config), error) ||
      !peerup_atomic_file_create (path, text, strlen (text), error))
    return NULL;
  return g_steal_pointer (&config);
}

int
cmd_init (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (GError) error = NULL;

  if (port > 65535 || port < -1)
    return peerup_cli_fail_usage (cli, "--port is a number from 0 to 65535");
  path = cli->config != NULL ? g_canonicalize_filename (cli->config, NULL)
                             : g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
  if (g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    {
      peerup_cli_say ("peerup: %s is there already, and nothing was changed: see it with “peerup config show”, or "
                      "name another with --config",
                      path);
      return PEERUP_CLI_FAILED;
    }
  config = make_files (path, &key, &error);
  if (config == NULL)
    return peerup_cli_fail (error);
  report (cli, config, key);
  return PEERUP_CLI_OK;
}
