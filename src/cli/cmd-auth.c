/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup auth: the authorized_keys file of the configuration. A running daemon follows it.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-cli-trust.h"
#include "cli/peerup-cli-until.h"
#include "config/peerup-config-edit.h"
#include "engine/peerup-arguments.h"
#include "engine/peerup-known-peers.h"
#include "trust/peerup-authorized-keys-file.h"

static char *comment;
static char *expires;
static char *name;
static gboolean guest;

const GOptionEntry cmd_auth_add_options[] = {
  { "comment", 0, 0, G_OPTION_ARG_STRING, &comment, N_ ("A note for people"), "TEXT" },
  { "expires", 0, 0, G_OPTION_ARG_STRING, &expires, N_ ("When it ends: 2026-01-31T18:00:00Z, or from now: 1h30m, 7d"),
    "TIME" },
  { "guest", 0, 0, G_OPTION_ARG_NONE, &guest, N_ ("It may use what it is granted and nothing else"), NULL },
  { "name", 0, 0, G_OPTION_ARG_STRING, &name, N_ ("Call the peer so from now on"), "NAME" },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  PeerupPeerId *peer;
  gint64 until;
} Entry;

/* One edit, so that a guest is never anything else, not for a moment. */
static gboolean
add_entry (PeerupAuthorizedKeys *keys, gpointer data, GError **error)
{
  const Entry *entry = data;
  g_autofree char *time = entry->until != PEERUP_EXPIRES_NEVER ? peerup_expires_format (entry->until) : NULL;

  if (!peerup_authorized_keys_add (keys, entry->peer, comment, error))
    return FALSE;
  if (guest &&
      !peerup_authorized_keys_set (keys, entry->peer, PEERUP_AUTHORIZED_KEYS_ROLE, PEERUP_AUTHORIZED_KEYS_GUEST, error))
    return FALSE;
  return time == NULL || peerup_authorized_keys_set (keys, entry->peer, PEERUP_AUTHORIZED_KEYS_EXPIRES, time, error);
}

static gboolean
set_name (PeerupConfig *config, PeerupPeerId *peer, GError **error)
{
  g_autoptr (PeerupConfigEdit) edit = NULL;

  if (name == NULL)
    return TRUE;
  edit = peerup_cli_edit_open (peerup_config_get_path (config), "auth add", name, error);
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
    peerup_cli_say (_ ("peerup: the address is not remembered: %s"), error->message);
}

/* @time: (nullable): until when. */
static void
say_added (const char *who, const char *time)
{
  if (time != NULL)
    peerup_cli_say (guest ? _ ("%s is authorized as a guest until %s.") : _ ("%s is authorized until %s."), who, time);
  else
    peerup_cli_say (guest ? _ ("%s is authorized as a guest.") : _ ("%s is authorized."), who);
}

static int
report_added (PeerupCli *cli, PeerupPeerId *peer, gint64 until)
{
  g_autofree char *time = until != PEERUP_EXPIRES_NEVER ? peerup_expires_format (until) : NULL;
  const char *id = peerup_peer_id_get_string (peer);

  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'peer_id': <%s>, 'status': <'added'>}", id));
  else
    say_added (name != NULL ? name : id, time);
  if (guest && !cli->json)
    peerup_cli_say (_ ("It may use nothing yet: grant it a service with “peerup grant add %s SERVICE”."),
                    name != NULL ? name : id);
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
  Entry entry = { NULL, PEERUP_EXPIRES_NEVER };

  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    path = peerup_cli_get_keys_file (config, &error);
  if (path != NULL)
    peer = peerup_peer_argument_parse (cli->arguments[0], config, &address, &error);
  entry.peer = peer;
  if (peer == NULL ||
      (expires != NULL &&
       !peerup_cli_parse_until (expires, "--expires", peerup_cli_get_now (), &entry.until, &error)) ||
      !set_name (config, peer, &error) || !peerup_authorized_keys_file_edit (path, TRUE, add_entry, &entry, &error))
    return peerup_cli_fail (error);
  remember_address (config, peer, address);
  return report_added (cli, peer, entry.until);
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
    path = peerup_cli_get_keys_file (config, &error);
  if (path != NULL)
    peer = peerup_peer_argument_parse (cli->arguments[0], config, NULL, &error);
  if (peer == NULL || !peerup_authorized_keys_file_remove (path, peer, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (
      g_variant_new_parsed ("{'peer_id': <%s>, 'status': <'removed'>}", peerup_peer_id_get_string (peer)));
  else
    peerup_cli_say (_ ("%s is no longer authorized."), cli->arguments[0]);
  return PEERUP_CLI_OK;
}

/* (nullable) */
static char *
format_expires (gint64 seconds)
{
  if (seconds == PEERUP_EXPIRES_NEVER)
    return NULL;
  return seconds == PEERUP_EXPIRES_MALFORMED ? g_strdup (_ ("unreadable")) : peerup_expires_format (seconds);
}

static GVariant *
describe_grants (PeerupConfig *config, GPtrArray *grants, PeerupPeerId *peer)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < grants->len; i++)
    if (peerup_peer_id_equal (((PeerupGrant *) grants->pdata[i])->peer, peer))
      g_variant_builder_add_value (&list, peerup_cli_describe_grant (config, grants->pdata[i], peerup_cli_get_now ()));
  return g_variant_builder_end (&list);
}

/* "guest", the group that it came by (nullable), and what it may use by grants: "group a1b2c3d4, ssh until Sunday 18:00
 * (in 3 days), web for ever"; NULL: nothing to say. */
static char *
format_rights (GPtrArray *grants, PeerupPeerId *peer, gboolean is_guest, const char *group)
{
  g_autoptr (GString) text = g_string_new (is_guest ? _ ("guest") : "");

  if (group != NULL)
    {
      g_string_append (text, text->len > 0 ? ", " : "");
      g_string_append_printf (text, _ ("group %s"), group);
    }

  for (guint i = 0; i < grants->len; i++)
    {
      const PeerupGrant *grant = grants->pdata[i];
      g_autofree char *until = peerup_cli_format_until (grant->until, peerup_cli_get_now ());

      if (peerup_peer_id_equal (grant->peer, peer))
        g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "", grant->service, until);
    }
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static GVariant *
describe_entry (PeerupAuthorizedKeys *keys, guint entry, PeerupConfig *config, GPtrArray *grants)
{
  PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, entry);
  const char *label = peerup_config_name_of_peer (config, peer);
  const char *note = peerup_authorized_keys_get_comment (keys, entry);
  const char *verified = peerup_authorized_keys_get_attribute (keys, entry, PEERUP_AUTHORIZED_KEYS_VERIFIED);
  const char *group = peerup_authorized_keys_get_attribute (keys, entry, PEERUP_AUTHORIZED_KEYS_GROUP);
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
  if (group != NULL)
    g_variant_dict_insert (&dict, "group", "s", group);
  g_variant_dict_insert (&dict, "role", "s", peerup_authorized_keys_is_guest (keys, peer) ? "guest" : "peer");
  g_variant_dict_insert_value (&dict, "grants", describe_grants (config, grants, peer));
  return g_variant_dict_end (&dict);
}

static void
list_json (PeerupAuthorizedKeys *keys, PeerupConfig *config, GPtrArray *grants)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    g_variant_builder_add_value (&list, describe_entry (keys, i, config, grants));
  peerup_cli_print_variant (g_variant_builder_end (&list));
}

static void
list_text (PeerupAuthorizedKeys *keys, PeerupConfig *config, GPtrArray *grants)
{
  PeerupTable *table = peerup_table_new ("", 5);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *text = NULL;

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, i);
      gint64 seconds = peerup_authorized_keys_get_expires (keys, i);
      g_autofree char *until = format_expires (seconds);
      g_autofree char *validity = until == NULL
                                    ? g_strdup (_ ("always"))
                                    : g_strdup_printf (seconds <= now ? _ ("expired %s") : _ ("until %s"), until);
      g_autofree char *rights =
        format_rights (grants, peer, peerup_authorized_keys_is_guest (keys, peer),
                       peerup_authorized_keys_get_attribute (keys, i, PEERUP_AUTHORIZED_KEYS_GROUP));

      peerup_table_add (table, peerup_peer_id_get_string (peer), peerup_config_name_of_peer (config, peer), validity,
                        rights, peerup_authorized_keys_get_comment (keys, i));
    }
  text = peerup_table_end (table);
  peerup_cli_print ("%s", text);
}

/* The peers are shown even if what they were granted cannot be. */
static GPtrArray *
load_grants (PeerupConfig *config)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *grants = peerup_cli_load_grants (config, &error);

  if (grants != NULL)
    return grants;
  peerup_cli_say (_ ("peerup: the grants are not shown: %s"), error->message);
  return g_ptr_array_new ();
}

int
cmd_auth_list (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GPtrArray) grants = NULL;
  g_autoptr (GError) error = NULL;
  const char *path = NULL;

  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    path = peerup_cli_get_keys_file (config, &error);
  if (path != NULL)
    keys = peerup_authorized_keys_file_load (path, &error);
  if (keys == NULL)
    return peerup_cli_fail (error);
  grants = load_grants (config);
  if (cli->json)
    list_json (keys, config, grants);
  else if (peerup_authorized_keys_get_n_entries (keys) > 0)
    list_text (keys, config, grants);
  else
    peerup_cli_say (_ ("Nobody is authorized yet: add a peer with “peerup auth add PEER-ID”."));
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
    peerup_cli_say (_ ("%s: note: %s"), path, notes[i]);
  if (problems[0] == NULL)
    peerup_cli_print (_ ("%s is valid: %u authorized\n"), path, n_entries);
  else
    peerup_cli_say (_ ("peerup: %s is not valid, and a daemon would not start with it: mend the lines above"), path);
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
      path = config != NULL ? peerup_cli_get_keys_file (config, &error) : NULL;
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
