/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup service: the services section of the configuration. The file is edited in place
 * and checked before it is replaced; a running daemon follows it.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-service-place.h"
#include "config/peerup-config-edit.h"
#include "control/peerup-control-socket.h"
#include "engine/peerup-arguments.h"

static char **allow;
static char *kind;
static char **tags;
static char *protocol;
static char *template_id;

const GOptionEntry cmd_service_add_options[] = {
  { "allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &allow, N_ ("Only this peer may use it (may be repeated)"), "PEER" },
  { "kind", 0, 0, G_OPTION_ARG_STRING, &kind, N_ ("What sort of service peers are told it is, as ssh"), "KIND" },
  { "tag", 0, 0, G_OPTION_ARG_STRING_ARRAY, &tags, N_ ("A word that peers are told of it (may be repeated)"), "TAG" },
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol,
    N_ ("Taken as by older programs, and without effect: its name is what counts"), "ID" },
  { "template", 0, 0, G_OPTION_ARG_STRING, &template_id,
    N_ ("Find the service on this machine, as the kind ID, which is NAME without it"), "ID" },
  G_OPTION_ENTRY_NULL,
};

static gboolean
daemon_runs (const char *config_path)
{
  g_auto (GStrv) candidates = peerup_control_socket_candidates (config_path);

  for (guint i = 0; candidates[i] != NULL; i++)
    if (peerup_control_socket_is_live (candidates[i], NULL))
      return TRUE;
  return FALSE;
}

static int
report (PeerupCli *cli, const char *config_path, const char *name, const char *what)
{
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'name': <%s>, 'status': <%s>}", name, what));
  else
    peerup_cli_say (_ ("Service %s is %s.%s"), name, _ (what),
                    daemon_runs (config_path)
                      ? ""
                      : _ (" No daemon runs for this configuration: start it with “peerup daemon”."));
  return PEERUP_CLI_OK;
}

static GPtrArray *
parse_allowed (PeerupConfig *config, GError **error)
{
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);

  for (guint i = 0; allow[i] != NULL; i++)
    {
      PeerupPeerId *peer = peerup_peer_argument_parse (allow[i], config, NULL, error);

      if (peer == NULL)
        return NULL;
      g_ptr_array_add (peers, peer);
    }
  return g_steal_pointer (&peers);
}

/* @usual_kind, @usual_tags: (nullable): where the arguments say nothing. */
static gboolean
add_service (PeerupConfig *config, const char *name, const char *address, const char *usual_kind, char **usual_tags,
             GError **error)
{
  const char *told_kind = kind != NULL ? kind : usual_kind;
  const char *const *told_tags = (const char *const *) (tags != NULL ? tags : usual_tags);
  g_autoptr (PeerupConfigEdit) edit = NULL;
  g_autoptr (GPtrArray) peers = NULL;

  if (allow != NULL && (peers = parse_allowed (config, error)) == NULL)
    return FALSE;
  edit = peerup_cli_edit_open (peerup_config_get_path (config), "service add", name, error);
  return edit != NULL && peerup_config_edit_add_service (edit, name, address, error) &&
         (told_kind == NULL || peerup_config_edit_set_service_kind (edit, name, told_kind, error)) &&
         (told_tags == NULL || peerup_config_edit_set_service_tags (edit, name, told_tags, error)) &&
         (peers == NULL || peerup_config_edit_set_allowed_peers (edit, name, peers, error)) &&
         peerup_config_edit_commit (edit, error);
}

static int
run_add (PeerupCli *cli)
{
  const char *name = cli->arguments[0];
  const char *id = template_id != NULL ? template_id : name;
  g_autofree char *address = NULL;
  g_auto (GStrv) usual_tags = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  config = peerup_cli_load_config (cli, &error);
  if (config == NULL)
    return peerup_cli_fail (error);
  if (cli->arguments[1] != NULL)
    address = peerup_cli_complete_address (cli->arguments[1]);
  else
    address = peerup_service_place_find (cli, name, id, &usual_tags, &error);
  if (address == NULL || !add_service (config, name, address, usual_tags != NULL ? id : NULL, usual_tags, &error))
    return peerup_cli_fail (error);
  if (cli->arguments[1] == NULL && !cli->json)
    peerup_cli_say (_ ("Found at %s."), address);
  return report (cli, peerup_config_get_path (config), name, N_ ("added"));
}

int
cmd_service_add (PeerupCli *cli)
{
  if (cli->arguments[1] != NULL && template_id != NULL)
    return peerup_cli_fail_usage (cli, _ ("--template finds the address, so only one of the two can be given"));
  return peerup_cli_run_fiber (cli, run_add);
}

typedef gboolean (*Change) (PeerupConfigEdit *edit, const char *name, GError **error);

static int
change (PeerupCli *cli, Change func, const char *operation, const char *what)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupConfigEdit) edit = NULL;
  g_autoptr (GError) error = NULL;

  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    edit = peerup_cli_edit_open (path, operation, cli->arguments[0], &error);
  if (edit == NULL || !func (edit, cli->arguments[0], &error) || !peerup_config_edit_commit (edit, &error))
    return peerup_cli_fail (error);
  return report (cli, path, cli->arguments[0], what);
}

static gboolean
enable (PeerupConfigEdit *edit, const char *name, GError **error)
{
  return peerup_config_edit_set_service_enabled (edit, name, TRUE, error);
}

static gboolean
disable (PeerupConfigEdit *edit, const char *name, GError **error)
{
  return peerup_config_edit_set_service_enabled (edit, name, FALSE, error);
}

int
cmd_service_remove (PeerupCli *cli)
{
  return change (cli, peerup_config_edit_remove_service, "service remove", N_ ("removed"));
}

int
cmd_service_enable (PeerupCli *cli)
{
  return change (cli, enable, "service enable", N_ ("enabled"));
}

int
cmd_service_disable (PeerupCli *cli)
{
  return change (cli, disable, "service disable", N_ ("disabled"));
}

static void
list_json (GPtrArray *services)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < services->len; i++)
    {
      const PeerupConfigService *service = g_ptr_array_index (services, i);
      GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "name", "s", service->name);
      g_variant_dict_insert (&dict, "local_address", "s", service->local_address != NULL ? service->local_address : "");
      g_variant_dict_insert (&dict, "enabled", "b", service->enabled);
      g_variant_dict_insert (&dict, "kind", "s", service->kind != NULL ? service->kind : "");
      g_variant_dict_insert (&dict, "tags", "^as", service->tags);
      if (service->allowed_peers != NULL)
        {
          GVariantBuilder peers = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

          for (guint j = 0; j < service->allowed_peers->len; j++)
            g_variant_builder_add (&peers, "s",
                                   peerup_peer_id_get_string (g_ptr_array_index (service->allowed_peers, j)));
          g_variant_dict_insert_value (&dict, "allowed_peers", g_variant_builder_end (&peers));
        }
      g_variant_builder_add_value (&list, g_variant_dict_end (&dict));
    }
  peerup_cli_print_variant (g_variant_builder_end (&list));
}

static char *
describe_allowed (PeerupConfig *config, GPtrArray *peers)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (peers == NULL)
    return g_strdup (_ ("every authorized peer"));
  for (guint i = 0; i < peers->len; i++)
    {
      PeerupPeerId *peer = g_ptr_array_index (peers, i);
      const char *name = peerup_config_name_of_peer (config, peer);

      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", name != NULL ? name : peerup_peer_id_get_string (peer));
    }
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : g_strdup (_ ("nobody"));
}

int
cmd_service_list (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  PeerupTable *table;
  GPtrArray *services;

  config = peerup_cli_load_config (cli, &error);
  if (config == NULL)
    return peerup_cli_fail (error);
  services = peerup_config_get_services (config);
  if (cli->json)
    return list_json (services), PEERUP_CLI_OK;
  if (services->len == 0)
    peerup_cli_say (_ ("No service yet: add one with “peerup service add NAME ADDRESS”."));
  table = peerup_table_new ("", 4);
  for (guint i = 0; i < services->len; i++)
    {
      const PeerupConfigService *service = g_ptr_array_index (services, i);
      g_autofree char *allowed = describe_allowed (config, service->allowed_peers);

      peerup_table_add (table, service->name, service->local_address, service->enabled ? _ ("enabled") : _ ("disabled"),
                        allowed);
    }
  text = peerup_table_end (table);
  peerup_cli_print ("%s", text);
  return PEERUP_CLI_OK;
}
