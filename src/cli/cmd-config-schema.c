/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup config sample, explain and schema: what a configuration may hold, from the table that also checks it. No
 * file is read.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include "config/peerup-config-keys.h"

int
cmd_config_sample (PeerupCli *cli)
{
  g_autofree char *text = peerup_config_schema_sample ();

  if (cli->json)
    {
      GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "text", "s", text);
      peerup_cli_print_variant (g_variant_dict_end (&dict));
    }
  else
    peerup_cli_print ("%s", text);
  return PEERUP_CLI_OK;
}

int
cmd_config_schema (PeerupCli *cli)
{
  peerup_cli_print_json (peerup_config_schema_to_json ());
  return PEERUP_CLI_OK;
}

/* As far as @path leads, and what the next part was likely meant to be. */
static int
fail_unknown (const char *path)
{
  const PeerupConfigKey *key = &peerup_config_root_key;
  g_auto (GStrv) parts = g_strsplit (path, ".", -1);
  g_autofree char *quoted = peerup_config_quote (path);
  g_autofree char *suggestion = NULL;
  g_autoptr (GError) error = NULL;
  gsize i = 0;

  for (const PeerupConfigKey *next; parts[i] != NULL; i++, key = next)
    if ((next = peerup_config_key_get_child (key, parts[i])) == NULL)
      break;
  suggestion = peerup_config_key_suggest (key, parts[i] != NULL ? parts[i] : "");
  g_set_error (&error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("there is no key %s; %s"), quoted,
               suggestion != NULL ? suggestion : _ ("“peerup config explain” lists them"));
  return peerup_cli_fail (error);
}

static void
print_key_json (const PeerupConfigKey *key)
{
  g_autofree char *values = peerup_config_key_describe_values (key);
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "key", "s", key->path);
  g_variant_dict_insert (&dict, "documentation", "s", key->doc != NULL ? key->doc : "");
  g_variant_dict_insert (&dict, "values", "s", values);
  if (key->value != NULL)
    g_variant_dict_insert (&dict, "default", "s", key->value);
  g_variant_dict_insert (&dict, "required", "b", key->required);
  g_variant_dict_insert (&dict, "change", "s", peerup_config_key_describe_effect (key));
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

int
cmd_config_explain (PeerupCli *cli)
{
  const char *path = cli->arguments[0];
  const PeerupConfigKey *key = path != NULL ? peerup_config_schema_find (path) : &peerup_config_root_key;
  g_autofree char *text = NULL;

  if (key == NULL)
    return fail_unknown (path);
  if (cli->json)
    {
      print_key_json (key);
      return PEERUP_CLI_OK;
    }
  text = peerup_config_key_explain (key);
  peerup_cli_print ("%s", text);
  return PEERUP_CLI_OK;
}
