/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup relay list, remove: the relays this device uses, with what the daemon says of them if
 * one runs.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-path-text.h"
#include "cli/peerup-relay-daemon.h"
#include "cli/peerup-relay-entries.h"
#include "config/peerup-config-edit.h"

/* (nullable): no daemon, or one that cannot say. */
static GVariant *
ask_daemon (const char *config_path)
{
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *relays = NULL;

  if (!peerup_relay_daemon_runs (config_path))
    return NULL;
  client = dex_await_object (peerup_client_attach (config_path), &error);
  if (client != NULL)
    relays = peerup_relay_daemon_list (client, &error);
  if (relays == NULL)
    peerup_cli_say (_ ("peerup: the daemon does not say how its relays do: %s"), error->message);
  return relays;
}

static void
list_json (GPtrArray *entries, GVariant *relays)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < entries->len; i++)
    {
      const PeerupRelayEntry *entry = entries->pdata[i];
      g_autoptr (GVariant) state = peerup_relay_daemon_lookup (relays, entry->peer);

      g_variant_builder_add_value (&list, peerup_relay_entry_describe (entry, state));
    }
  peerup_cli_print_variant (g_variant_builder_end (&list));
}

static void
list_text (GPtrArray *entries, GVariant *relays)
{
  for (guint i = 0; i < entries->len; i++)
    {
      const PeerupRelayEntry *entry = entries->pdata[i];
      g_autoptr (GVariant) state = peerup_relay_daemon_lookup (relays, entry->peer);
      g_autofree char *how = state != NULL ? peerup_path_text_relay (state) : NULL;
      g_autofree char *places = peerup_relay_entry_format_places (entry);

      peerup_cli_print ("%u. %s  %s\n", i + 1, entry->name != NULL ? entry->name : "", places);
      peerup_cli_print ("   %s\n", peerup_peer_id_get_string (entry->peer));
      if (how != NULL)
        peerup_cli_print ("   %s\n", how);
    }
}

static int
run_list (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GVariant) relays = NULL;
  g_autoptr (GError) error = NULL;

  config = peerup_cli_load_config (cli, &error);
  if (config == NULL)
    return peerup_cli_fail (error);
  entries = peerup_relay_entries_new (config);
  relays = entries->len > 0 ? ask_daemon (peerup_config_get_path (config)) : NULL;
  if (cli->json)
    list_json (entries, relays);
  else if (entries->len > 0)
    list_text (entries, relays);
  else
    peerup_cli_say (_ ("No relay yet: add one with “peerup relay add ADDRESS”."));
  return PEERUP_CLI_OK;
}

int
cmd_relay_list (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_list);
}

static gboolean
remove_addresses (const char *path, const PeerupRelayEntry *entry, GError **error)
{
  g_autoptr (PeerupConfigEdit) edit =
    peerup_cli_edit_open (path, "relay remove", peerup_relay_entry_get_label (entry), error);

  if (edit == NULL)
    return FALSE;
  for (guint i = 0; i < entry->addresses->len; i++)
    if (!peerup_config_edit_remove_relay (edit, entry->addresses->pdata[i], error))
      return FALSE;
  return peerup_config_edit_commit (edit, error);
}

int
cmd_relay_remove (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;
  PeerupRelayEntry *entry = NULL;

  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    {
      entries = peerup_relay_entries_new (config);
      entry = peerup_relay_entries_find (entries, cli->arguments[0], &error);
    }
  if (entry == NULL || !remove_addresses (peerup_config_get_path (config), entry, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'peer_id': <%s>, 'status': <'removed'>, 'addresses': <%u>}",
                                                    peerup_peer_id_get_string (entry->peer), entry->addresses->len));
  else
    peerup_cli_say (g_dngettext (GETTEXT_PACKAGE, "The relay %s is removed, with its %u address.",
                                 "The relay %s is removed, with its %u addresses.", entry->addresses->len),
                    peerup_relay_entry_get_label (entry), entry->addresses->len);
  return PEERUP_CLI_OK;
}
