/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup service acl: who may use a service, besides grants. allowed_peers of the service in the configuration is
 * edited in place; a running daemon follows it, and cuts those who are no longer on the list.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-cli-trust.h"
#include "cli/peerup-cli-until.h"
#include "config/peerup-config-edit.h"
#include "engine/peerup-arguments.h"

static char **allow;
static char **removed;
static gboolean everybody;
static gboolean nobody;

const GOptionEntry cmd_service_acl_options[] = {
  { "allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &allow, N_ ("Put this peer on the list (may be repeated)"), "PEER" },
  { "remove", 0, 0, G_OPTION_ARG_STRING_ARRAY, &removed, N_ ("Take this peer off the list (may be repeated)"), "PEER" },
  { "everybody", 0, 0, G_OPTION_ARG_NONE, &everybody, N_ ("No list: every authorized peer, but no guest"), NULL },
  { "nobody", 0, 0, G_OPTION_ARG_NONE, &nobody, N_ ("An empty list: nobody without a grant"), NULL },
  G_OPTION_ENTRY_NULL,
};

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
}

static const PeerupConfigService *
find_service (PeerupConfig *config, const char *name, GError **error)
{
  const PeerupConfigService *service = peerup_config_find_service (config, name);

  if (service == NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                 _ ("there is no service “%s” here: “peerup service list” shows those there are"), name);
  return service;
}

/* Puts @names on @list, or takes them off it. */
static gboolean
change_list (PeerupConfig *config, GPtrArray *list, char **names, gboolean add, GError **error)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (PeerupPeerId) peer = peerup_peer_argument_parse (names[i], config, NULL, error);
      guint index;

      if (peer == NULL)
        return FALSE;
      if (g_ptr_array_find_with_equal_func (list, peer, peerup_peer_id_equal, &index))
        {
          if (!add)
            g_ptr_array_remove_index (list, index);
          continue;
        }
      if (!add)
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("“%s” is not on the list"), names[i]);
          return FALSE;
        }
      g_ptr_array_add (list, g_steal_pointer (&peer));
    }
  return TRUE;
}

/* @list: (out) (nullable): as it is to be. */
static gboolean
choose_list (PeerupConfig *config, const PeerupConfigService *service, GPtrArray **list, GError **error)
{
  g_autoptr (GPtrArray) chosen = new_list ();

  *list = NULL;
  if (everybody)
    return TRUE;
  for (guint i = 0; !nobody && service->allowed_peers != NULL && i < service->allowed_peers->len; i++)
    g_ptr_array_add (chosen, peerup_peer_id_ref (service->allowed_peers->pdata[i]));
  if (removed != NULL && service->allowed_peers == NULL)
    {
      g_set_error (
        error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
        _ ("every authorized peer may use %s, so nobody can be taken off its list: say who may, with --allow"),
        service->name);
      return FALSE;
    }
  if ((allow != NULL && !change_list (config, chosen, allow, TRUE, error)) ||
      (removed != NULL && !change_list (config, chosen, removed, FALSE, error)))
    return FALSE;
  *list = g_steal_pointer (&chosen);
  return TRUE;
}

static gboolean
write_list (PeerupConfig *config, const char *name, GPtrArray *list, GError **error)
{
  g_autoptr (PeerupConfigEdit) edit =
    peerup_cli_edit_open (peerup_config_get_path (config), "service acl", name, error);

  return edit != NULL && peerup_config_edit_set_allowed_peers (edit, name, list, error) &&
         peerup_config_edit_commit (edit, error);
}

static void
show_json (PeerupConfig *config, const char *name, GPtrArray *list, GPtrArray *grants)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  GVariantBuilder granted = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  g_variant_dict_insert (&dict, "name", "s", name);
  g_variant_dict_insert (&dict, "everybody", "b", list == NULL);
  if (list != NULL)
    {
      GVariantBuilder peers = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

      for (guint i = 0; i < list->len; i++)
        g_variant_builder_add (&peers, "s", peerup_peer_id_get_string (list->pdata[i]));
      g_variant_dict_insert_value (&dict, "allowed_peers", g_variant_builder_end (&peers));
    }
  for (guint i = 0; grants != NULL && i < grants->len; i++)
    if (g_str_equal (((PeerupGrant *) grants->pdata[i])->service, name))
      g_variant_builder_add_value (&granted,
                                   peerup_cli_describe_grant (config, grants->pdata[i], peerup_cli_get_now ()));
  g_variant_dict_insert_value (&dict, "grants", g_variant_builder_end (&granted));
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

static void
show_text (PeerupConfig *config, const char *name, GPtrArray *list, GPtrArray *grants)
{
  PeerupTable *table = peerup_table_new ("", 2);
  g_autofree char *text = NULL;

  if (list == NULL)
    peerup_table_add (table, _ ("every authorized peer"), _ ("no guest"));
  for (guint i = 0; list != NULL && i < list->len; i++)
    peerup_table_add (table, peerup_cli_call_peer (config, list->pdata[i]), _ ("on the list"));
  for (guint i = 0; grants != NULL && i < grants->len; i++)
    {
      const PeerupGrant *grant = grants->pdata[i];
      g_autofree char *until = peerup_cli_format_until (grant->until, peerup_cli_get_now ());
      g_autofree char *how = g_strdup_printf (/* TRANSLATORS: "for ever" or "until …" */ _ ("by a grant %s"), until);

      if (g_str_equal (grant->service, name))
        peerup_table_add (table, peerup_cli_call_peer (config, grant->peer), how);
    }
  text = peerup_table_end (table);
  if (text[0] == '\0')
    peerup_cli_say (_ ("Nobody may use %s: allow a peer with “peerup service acl %s --allow PEER”."), name, name);
  peerup_cli_print ("%s", text);
}

int
cmd_service_acl (PeerupCli *cli)
{
  const char *name = cli->arguments[0];
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GPtrArray) grants = NULL;
  g_autoptr (GError) error = NULL;
  const PeerupConfigService *service = NULL;
  guint n_asked = (allow != NULL || removed != NULL) + everybody + nobody;

  if (n_asked > 1)
    return peerup_cli_fail_usage (cli, _ ("only one of --allow and --remove, --everybody, --nobody can be given"));
  config = peerup_cli_load_config (cli, &error);
  if (config != NULL)
    service = find_service (config, name, &error);
  if (service == NULL)
    return peerup_cli_fail (error);
  if (n_asked == 0)
    list = service->allowed_peers != NULL ? g_ptr_array_ref (service->allowed_peers) : NULL;
  else if (!choose_list (config, service, &list, &error) || !write_list (config, name, list, &error))
    return peerup_cli_fail (error);
  /* A file that cannot be read is for “peerup grant list” to complain about. */
  grants = peerup_cli_load_grants (config, NULL);
  if (cli->json)
    show_json (config, name, list, grants);
  else
    show_text (config, name, list, grants);
  return PEERUP_CLI_OK;
}
