/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup identity show, keyring, file: where the private key of this device is, and its way from the file to the login
 * keyring and back; by the daemon that runs for the configuration, or else by the files alone.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-attached.h"
#include "config/peerup-config-identity.h"
#include "keyring/peerup-keyring.h"

/* (nullable): without an error no daemon runs. In a fiber. */
static PeerupClient *
attach (const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  PeerupClient *client = dex_await_object (peerup_client_attach (path), &reason);

  if (client == NULL && !g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    g_propagate_error (error, g_steal_pointer (&reason));
  return client;
}

/* show */

static GVariant *
look (const char *path, GError **error)
{
  g_autoptr (PeerupConfig) config = peerup_config_load (path, NULL, error);
  g_autoptr (PeerupPeerId) peer = config != NULL ? peerup_config_identity_load_peer (config, FALSE, error) : NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GError) reason = NULL;
  gboolean locked, found;

  if (peer == NULL)
    return NULL;
  found = peerup_keyring_look (&locked, NULL, &reason);
  g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (peer));
  g_variant_dict_insert (&dict, "store", "s", peerup_config_key_store_to_string (peerup_config_get_key_store (config)));
  g_variant_dict_insert (&dict, "key_file", "s", peerup_config_get_key_file (config));
  g_variant_dict_insert (&dict, "keyring", "s", !found ? "none" : locked ? "locked" : "ready");
  g_variant_dict_insert (&dict, "keyring_text", "s", found ? "" : reason->message);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static GVariant *
ask (const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupClient) client = attach (path, &reason);
  g_autoptr (GVariant) answer = NULL;

  if (client == NULL && reason == NULL)
    return look (path, error);
  if (client == NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else if (peerup_attached_call (client, "GetIdentity", NULL, &answer, error))
    return g_variant_get_child_value (answer, 0);
  return NULL;
}

static void
say (GVariant *identity)
{
  const char *peer = "", *store = "", *file = "", *keyring = "", *text = "";

  (void) g_variant_lookup (identity, "peer_id", "&s", &peer);
  (void) g_variant_lookup (identity, "store", "&s", &store);
  (void) g_variant_lookup (identity, "key_file", "&s", &file);
  (void) g_variant_lookup (identity, "keyring", "&s", &keyring);
  (void) g_variant_lookup (identity, "keyring_text", "&s", &text);
  peerup_cli_print (_ ("peer ID: %s\n"), peer);
  if (g_str_equal (store, "file"))
    peerup_cli_print (_ ("private key: in the file %s\n"), file);
  else
    peerup_cli_print (_ ("private key: in the login keyring\n"));
  if (g_str_equal (keyring, "none"))
    peerup_cli_print (_ ("login keyring: %s\n"), text);
  else
    peerup_cli_print (_ ("login keyring: %s\n"), g_str_equal (keyring, "locked") ? _ ("locked") : _ ("unlocked"));
}

static int
show_fiber (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = peerup_cli_find_config (cli, &error);
  g_autoptr (GVariant) identity = path != NULL ? ask (path, &error) : NULL;

  if (identity == NULL)
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (identity);
  else
    say (identity);
  return PEERUP_CLI_OK;
}

int
cmd_identity_show (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, show_fiber);
}

/* keyring, file */

static gboolean
move_by_daemon (PeerupClient *client, PeerupConfigKeyStore to, gboolean *moved, char **left, GError **error)
{
  g_autoptr (GVariant) answer = NULL, result = NULL;

  /* A person may be asked first. */
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (peerup_client_get_proxy (client)), G_MAXINT);
  if (!peerup_attached_call (client, "MoveIdentity", g_variant_new ("(s)", peerup_config_key_store_to_string (to)),
                             &answer, error))
    return FALSE;
  result = g_variant_get_child_value (answer, 0);
  return g_variant_lookup (result, "changed", "b", moved) && g_variant_lookup (result, "left", "s", left);
}

/* Nobody else waits for this thread. */
static gboolean
move_by_files (const char *path, PeerupConfigKeyStore to, gboolean *moved, char **left, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (peerup_config_identity_move (path, to, NULL, moved, &reason))
    *left = g_strdup ("");
  else if (*moved)
    *left = g_strdup_printf (_ ("The old place still has the key: %s. The next start of Peer-Up takes it away"),
                             reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return *left != NULL;
}

static gboolean
move (const char *path, PeerupConfigKeyStore to, gboolean *moved, char **left, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupClient) client = attach (path, &reason);

  if (client != NULL)
    return move_by_daemon (client, to, moved, left, error);
  if (reason == NULL)
    return move_by_files (path, to, moved, left, error);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static const char *
say_where (PeerupConfigKeyStore to, gboolean moved)
{
  if (to == PEERUP_CONFIG_KEY_STORE_FILE)
    return moved ? _ ("The private key is in its file now.") : _ ("The private key is in its file already.");
  return moved ? _ ("The private key is in the login keyring now.")
               : _ ("The private key is in the login keyring already.");
}

static int
run_move (PeerupCli *cli, PeerupConfigKeyStore to)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = peerup_cli_find_config (cli, &error);
  g_autofree char *left = NULL;
  gboolean moved = FALSE;

  if (path == NULL || !move (path, to, &moved, &left, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'store': <%s>, 'changed': <%b>, 'left': <%s>}",
                                                    peerup_config_key_store_to_string (to), moved, left));
  else
    peerup_cli_say ("%s", say_where (to, moved));
  if (!cli->json && left[0] != '\0')
    peerup_cli_say ("%s.", left);
  return PEERUP_CLI_OK;
}

static int
keyring_fiber (PeerupCli *cli)
{
  return run_move (cli, PEERUP_CONFIG_KEY_STORE_KEYRING);
}

static int
file_fiber (PeerupCli *cli)
{
  return run_move (cli, PEERUP_CONFIG_KEY_STORE_FILE);
}

int
cmd_identity_keyring (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, keyring_fiber);
}

int
cmd_identity_file (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, file_fiber);
}
