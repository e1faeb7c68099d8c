/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The frame of commands that ask the running daemon one thing. One a process.
 */
#include "cli/peerup-attached.h"

static PeerupAttached the_func;

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;

  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client = dex_await_object (peerup_client_attach (path), &error);
  if (client == NULL || !the_func (cli, client, &error))
    return peerup_cli_fail (error);
  return PEERUP_CLI_OK;
}

int
peerup_attached_run (PeerupCli *cli, PeerupAttached func)
{
  the_func = func;
  return peerup_cli_run_fiber (cli, run);
}

gboolean
peerup_attached_call (PeerupClient *client, const char *method, GVariant *parameters, GVariant **answer, GError **error)
{
  GDBusProxy *proxy = G_DBUS_PROXY (peerup_client_get_proxy (client));
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) given = NULL;

  g_dbus_proxy_call (proxy, method, parameters, G_DBUS_CALL_FLAGS_NONE, -1, dex_promise_get_cancellable (promise),
                     peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  given = result != NULL ? g_dbus_proxy_call_finish (proxy, result, error) : NULL;
  if (given == NULL)
    return FALSE;
  if (answer != NULL)
    *answer = g_steal_pointer (&given);
  return TRUE;
}
