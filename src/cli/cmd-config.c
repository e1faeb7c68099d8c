/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup config: look at the file; nothing is changed.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

static void
print_verdict_json (const char *path, GPtrArray *warnings, const GError *error)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  for (guint i = 0; warnings != NULL && i < warnings->len; i++)
    g_variant_builder_add (&list, "s", g_ptr_array_index (warnings, i));
  g_variant_dict_insert (&dict, "file", "s", path);
  g_variant_dict_insert (&dict, "valid", "b", error == NULL);
  g_variant_dict_insert_value (&dict, "warnings", g_variant_builder_end (&list));
  if (error != NULL)
    g_variant_dict_insert (&dict, "error", "s", error->message);
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

int
cmd_config_validate (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  path = cli->arguments[0] != NULL ? g_strdup (cli->arguments[0]) : peerup_cli_find_config (cli, &error);
  if (path == NULL)
    return peerup_cli_fail (error);
  config = peerup_config_load (path, &warnings, &error);
  if (cli->json)
    print_verdict_json (path, warnings, error);
  for (guint i = 0; !cli->json && warnings != NULL && i < warnings->len; i++)
    peerup_cli_say ("%s", (const char *) g_ptr_array_index (warnings, i));
  if (config == NULL)
    return cli->json ? PEERUP_CLI_FAILED : peerup_cli_fail (error);
  if (!cli->json)
    peerup_cli_print (_ ("%s is valid\n"), path);
  return PEERUP_CLI_OK;
}

int
cmd_config_show (PeerupCli *cli)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *yaml = NULL;

  config = peerup_cli_load_config (cli, &error);
  if (config == NULL)
    return peerup_cli_fail (error);
  if (cli->json)
    {
      peerup_cli_print_json (peerup_config_to_json (config));
      return PEERUP_CLI_OK;
    }
  yaml = peerup_config_to_yaml (config);
  peerup_cli_print ("%s", yaml);
  return PEERUP_CLI_OK;
}
