/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup profile list: which there are, and which of them run. Reads no key and changes nothing.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "config/peerup-profile.h"
#include "control/peerup-control-socket.h"

/* Nothing answers at the sockets of the configuration: FALSE. */
static gboolean
is_running (const char *config)
{
  g_auto (GStrv) candidates = peerup_control_socket_candidates (config);

  for (guint i = 0; candidates[i] != NULL; i++)
    if (peerup_control_socket_is_live (candidates[i], NULL))
      return TRUE;
  return FALSE;
}

static void
print_json (char **names)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *config = peerup_profile_dup_config (names[i]);
      GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "name", "s", names[i]);
      g_variant_dict_insert (&dict, "config", "s", config);
      g_variant_dict_insert (&dict, "running", "b", is_running (config));
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  peerup_cli_print_variant (g_variant_builder_end (&builder));
}

static void
print_table (char **names)
{
  PeerupTable *table = peerup_table_new ("", 3);
  g_autofree char *text = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *config = peerup_profile_dup_config (names[i]);

      peerup_table_add (table, names[i], is_running (config) ? _ ("running") : _ ("stopped"), config);
    }
  text = peerup_table_end (table);
  peerup_cli_print ("%s", text);
}

int
cmd_profile_list (PeerupCli *cli)
{
  g_auto (GStrv) names = peerup_profile_list ();

  if (cli->json)
    print_json (names);
  else if (names[0] != NULL)
    print_table (names);
  else
    peerup_cli_say (_ ("There is no profile yet. To make one: peerup init --profile NAME"));
  return PEERUP_CLI_OK;
}
