/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup log: what the running daemon logs, by the domains the messages come from.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-answers.h"

/* (transfer floating): a{ss} of the arguments; NULL if one is no level. What domains and levels there are the daemon
 * knows. */
static GVariant *
read_levels (PeerupCli *cli)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));

  for (guint i = 0; cli->arguments[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (cli->arguments[i], "=", 2);

      if (g_strv_length (parts) != 2)
        {
          g_variant_builder_clear (&builder);
          return NULL;
        }
      g_variant_builder_add (&builder, "{ss}", g_str_equal (parts[0], "all") ? "*" : parts[0], parts[1]);
    }
  return g_variant_builder_end (&builder);
}

static gboolean
set_levels (PeerupDBusEngine1 *proxy, GVariant *levels, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_set_log_levels (proxy, levels, dex_promise_get_cancellable (promise), peerup_client_ready,
                                           dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL && peerup_dbus_engine1_call_set_log_levels_finish (proxy, result, error);
}

static void
print_levels (GVariant *levels)
{
  PeerupTable *table = peerup_table_new ("", 2);
  g_autofree char *text = NULL;
  GVariantIter iter;
  const char *domain, *level;

  g_variant_iter_init (&iter, levels);
  while (g_variant_iter_next (&iter, "{&s&s}", &domain, &level))
    peerup_table_add (table, g_str_equal (domain, "*") ? "all" : domain, level);
  text = peerup_table_end (table);
  peerup_cli_print ("%s", text);
}

/* The levels of the arguments, for the fiber; owned by cmd_log(). */
static GVariant *wanted;

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GVariant) levels = NULL;
  g_autoptr (GError) error = NULL;

  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client = dex_await_object (peerup_client_attach (path), &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  if (cli->arguments[0] != NULL && !set_levels (peerup_client_get_proxy (client), wanted, &error))
    return peerup_cli_fail (error);
  if (!PEERUP_ASK (peerup_client_get_proxy (client), get_log_levels, &levels, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (levels);
  else
    print_levels (levels);
  return PEERUP_CLI_OK;
}

int
cmd_log (PeerupCli *cli)
{
  g_autoptr (GVariant) levels = read_levels (cli);

  if (levels == NULL)
    return peerup_cli_fail_usage (cli, _ ("a level is written as swarm=debug, or all=info"));
  wanted = g_variant_ref_sink (levels);
  return peerup_cli_run_fiber (cli, run);
}
