/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup stop: asks the daemon to end, and waits until it has.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "client/peerup-client.h"

static gboolean
stop (PeerupClient *client, GError **error)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_stop (proxy, dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL && peerup_dbus_engine1_call_stop_finish (proxy, result, error) &&
         dex_await (peerup_client_wait_closed (client), error);
}

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;

  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client = dex_await_object (peerup_client_attach (path), &error);
  if (client == NULL || !stop (client, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'status': <'stopped'>}"));
  else
    peerup_cli_say (_ ("The daemon has ended."));
  return PEERUP_CLI_OK;
}

int
cmd_stop (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}
