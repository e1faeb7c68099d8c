/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup auth: the authorized_keys file of the configuration. A running daemon follows it.
 */
#include "cli/peerup-commands.h"

#include "config/peerup-config-edit.h"
#include "engine/peerup-arguments.h"
#include "engine/peerup-known-peers.h"
#include "trust/peerup-authorized-keys-file.h"

static char *comment;
static char *expires;
static char *name;

const GOptionEntry cmd_auth_add_options[] = {
  { "comment", 0, 0, G_OPTION_ARG_STRING, &comment, "A note for people", "TEXT" },
  { "expires", 0, 0, G_OPTION_ARG_STRING, &expires, "When it ends: 2026-01-31T18:00:00Z, or from now: 1h30m, 7d",
    "TIME" },
  { "name", 0, 0, G_OPTION_ARG_STRING, &name, "Call the peer so from now on", "NAME" },
  G_OPTION_ENTRY_NULL,
};

static const char *
keys_file (PeerupConfig *config, GError **error)
{
  const char *path = peerup_config_get_authorized_keys_file (config);

  if (path == NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                 "%s names no authorized_keys file: set security.authorized_keys_file",
                 peerup_config_get_path (config));
  return path;
}

static gboolean
parse_expires (gint64 *seconds, GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 microseconds;

  *seconds = PEERUP_EXPIRES_NEVER;
  if (expires == NULL)
    return TRUE;
  if (!peerup_expires_parse (expires, seconds))
    {
      if (!peerup_cli_parse_duration (expires, &microseconds, NULL))
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                       "“%s” is no time: write --expires as 2026-01-31T18:00:00Z, 1h30m or 7d", expires);
          return FALSE;
        }
      *seconds = now + MAX (microseconds / G_USEC_PER_SEC, 1);
    }
  if (*seconds > now)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "--expires %s is over already", expires);
  return FALSE;
}

static gboolean
set_name (PeerupConfig *config, PeerupPeerId *peer, GError **error)
{
  g_autoptr (PeerupConfigEdit) edit = NULL;

  if (name == NULL)
    return TRUE;
  edit = peerup_config_edit_open (peerup_config_get_path (config), error);
  return edit != NULL && peerup_config_edit_add_name (edit, name, peer, error) &&
         peerup_config_edit_commit (edit, error);
}

static void
remember_address (PeerupConfig *config, PeerupPeerId *peer, PeerupMultiaddr *address)
{
  g_autofree char *path = peerup_known_peers_path (peerup_config_get_path (config));
  g_autoptr (GPtrArray) one = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GError) error = NULL;

  if (address == NULL)
    return;
  g_ptr_array_add (one, peerup_multiaddr_with_peer_id (address, peer));
  if (!peerup_known_peers_add (path, one, &error))
    peerup_cli_say ("peerup: the address is not remembered: %s", error->message);
}

static int
report_added (PeerupCli *cli, PeerupPeerId *peer, gint64 until)
{
  g_autofree char *time = until != PEERUP_EXPIRES_NEVER ? peerup_expires_format (until) : NULL;
  const char *id = peerup_peer_id_get_string (peer);

  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'peer_id': <%s>, 'status': <'added'>}", id));
  else
    peerup_cli_say ("%s is authorized%s%s.", name != NULL ? name : id, time != NULL ? " until " : "",
                    time != NULL ? time : "");
  return PEERUP_CLI_OK;
}

int
cmd_auth_add (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (GError) error = NULL;
  const char *path = NULL;
  gint64 until;

  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    path = keys_file (config, &error);
  if (path != NULL)
    peer = peerup_peer_argument_parse (cli->arguments[0], config, &address, &error);
  if (peer == NULL || !parse_expires (&until, &error) || !set_name (config, peer, &error) ||
      !peerup_authorized_keys_file_add (path, peer, comment, until, &error))
    return peerup_cli_fail (error);
  remember_address (config, peer, address);
  return report_added (cli, peer, until);
}

int
cmd_auth_remove (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (GError) error = NULL;
  const char *path = NULL;

  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    path = keys_file (config, &error);
  if (path != NULL)
    peer = peerup_peer_argument_parse (cli->arguments[0], config, NULL, &error);
  if (peer == NULL || !peerup_authorized_keys_file_remove (path, peer, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (
      g_variant_new_parsed ("{'peer_id': <%s>, 'status': <'removed'>}", peerup_peer_id_get_string (peer)));
  else
    peerup_cli_say ("%s is no longer authorized.", cli->arguments[0]);
  return PEERUP_CLI_OK;
}

/* (nullable) */
static char *
format_expires (gint64 seconds)
{
  if (seconds == PEERUP_EXPIRES_NEVER)
    return NULL;
  return seconds == PEERUP_EXPIRES_MALFORMED ? g_strdup ("unreadable") : peerup_expires_format (seconds);
}

static GVariant *
describe_entry (PeerupAuthorizedKeys *keys, guint entry, PeerupConfig *config)
{
  PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, entry);
  const char *label = peerup_config_name_of_peer (config, peer);
  const char *note = peerup_authorized_keys_get_comment (keys, entry);
  const char *verified = peerup_authorized_keys_get_attribute (keys, entry, PEERUP_AUTHORIZED_KEYS_VERIFIED);
  g_autofree char *until = format_expires (peerup_authorized_keys_get_expires (keys, entry));
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (peer));
  if (label != NULL)
    g_variant_dict_insert (&dict, "name", "s", label);
  if (note != NULL)
    g_variant_dict_insert (&dict, "comment", "s", note);
  if (verified != NULL)
    g_variant_dict_insert (&dict, "verified", "s", verified);
  if (until != NULL)
    g_variant_dict_insert (&dict, "expires_at", "s", until);
  return g_variant_dict_end (&dict);
}

static void
list_json (PeerupAuthorizedKeys *keys, PeerupConfig *config)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    g_variant_builder_add_value (&list, describe_entry (keys, i, config));
  peerup_cli_print_variant (g_variant_builder_end (&list));
}

static void
list_text (PeerupAuthorizedKeys *keys, PeerupConfig *config)
{
  PeerupTable *table = peerup_table_new ("", 4);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *text = NULL;

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, i);
      gint64 seconds = peerup_authorized_keys_get_expires (keys, i);
      g_autofree char *until = format_expires (seconds);
      g_autofree char *validity =
        until == NULL ? g_strdup ("always") : g_strdup_printf ("%s %s", seconds <= now ? "expired" : "until", until);

      peerup_table_add (table, peerup_peer_id_get_string (peer), peerup_config_name_of_peer (config, peer), validity,
                        peerup_authorized_keys_get_comment (keys, i));
    }
  text = peerup_table_end (table);
  peerup_cli_print ("%s", text);
}

int
cmd_auth_list (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GError) error = NULL;
  const char *path = NULL;

  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    path = keys_file (config, &error);
  if (path != NULL)
    keys = peerup_authorized_keys_file_load (path, &error);
  if (keys == NULL)
    return peerup_cli_fail (error);
  if (cli->json)
    list_json (keys, config);
  else if (peerup_authorized_keys_get_n_entries (keys) > 0)
    list_text (keys, config);
  else
    peerup_cli_say ("Nobody is authorized yet: add a peer with “peerup auth add PEER-ID”.");
  return PEERUP_CLI_OK;
}

static void
print_verdict (PeerupCli *cli, const char *path, guint n_entries, char **problems, char **notes)
{
  if (cli->json)
    {
      GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "file", "s", path);
      g_variant_dict_insert (&dict, "valid", "b", problems[0] == NULL);
      g_variant_dict_insert (&dict, "entries", "u", n_entries);
      g_variant_dict_insert (&dict, "problems", "^as", problems);
      g_variant_dict_insert (&dict, "warnings", "^as", notes);
      peerup_cli_print_variant (g_variant_dict_end (&dict));
      return;
    }
  for (guint i = 0; problems[i] != NULL; i++)
    peerup_cli_say ("%s: %s", path, problems[i]);
  for (guint i = 0; notes[i] != NULL; i++)
    peerup_cli_say ("%s: note: %s", path, notes[i]);
  if (problems[0] == NULL)
    peerup_cli_print ("%s is valid: %u authorized\n", path, n_entries);
  else
    peerup_cli_say ("peerup: %s is not valid, and a daemon would not start with it: mend the lines above", path);
}

int
cmd_auth_validate (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) problems = NULL;
  g_auto (GStrv) notes = NULL;
  const char *path = cli->arguments[0];

  if (path == NULL)
    {
      config = peerup_cli_load_config (cli, &error);
      path = config != NULL ? keys_file (config, &error) : NULL;
    }
  if (path != NULL)
    keys = peerup_authorized_keys_file_load (path, &error);
  if (keys == NULL)
    return peerup_cli_fail (error);
  problems = peerup_authorized_keys_dup_problems (keys);
  notes = peerup_authorized_keys_dup_notes (keys);
  print_verdict (cli, path, peerup_authorized_keys_get_n_entries (keys), problems, notes);
  return problems[0] == NULL ? PEERUP_CLI_OK : PEERUP_CLI_FAILED;
}
