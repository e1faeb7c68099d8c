/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup relay serve, drain and resume: the daemon as a relay of others, and its relaying ended
 * in good order and begun again while it runs.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-daemon.h"
#include "cli/peerup-relay-config.h"
#include "cli/peerup-relay-daemon.h"
#include "client/peerup-client.h"

static char *timeout_text;

const GOptionEntry cmd_relay_drain_options[] = {
  { "timeout", 0, 0, G_OPTION_ARG_STRING, &timeout_text,
    N_ ("How long circuits may go on, as in 2m; relay.drain_time unless given"), "DURATION" },
  { NULL },
};

static char *
find_config (PeerupCli *cli, GError **error)
{
  if (cli->profiles != NULL)
    return peerup_cli_find_config (cli, error);
  return peerup_relay_config_find (cli->config, error);
}

int
cmd_relay_serve (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = find_config (cli, &error);

  if (path == NULL)
    return peerup_cli_fail (error);
  return peerup_daemon_run (cli, (const char *const[]) { path, NULL }, NULL, NULL, PEERUP_ENGINE_RELAY);
}

/* To the daemon that runs */

static PeerupClient *
attach (PeerupCli *cli, GError **error)
{
  g_autofree char *path = find_config (cli, error);

  if (path == NULL || !peerup_relay_become_owner (path, error))
    return NULL;
  return dex_await_object (peerup_client_attach (path), error);
}

static GAsyncResult *
await_result (DexPromise *promise, GError **error)
{
  return dex_await_object (DEX_FUTURE (promise), error);
}

static gboolean
drain (PeerupDBusEngine1 *proxy, guint64 timeout_ms, gboolean *drained, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_drain_relay (proxy, timeout_ms, dex_promise_get_cancellable (promise), peerup_client_ready,
                                        dex_ref (promise));
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_drain_relay_finish (proxy, drained, result, error);
}

static void
say_how_long (PeerupDBusEngine1 *proxy)
{
  guint n = peerup_dbus_engine1_get_relay_circuits (proxy);

  if (n > 0)
    peerup_cli_say (g_dngettext (GETTEXT_PACKAGE, "Nothing new is taken; waiting for %u circuit to end.",
                                 "Nothing new is taken; waiting for %u circuits to end.", n),
                    n);
}

static int
run_drain (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupClient) client = NULL;
  gint64 timeout = 0;
  gboolean drained;

  if (timeout_text != NULL && !peerup_cli_parse_duration (timeout_text, &timeout, &error))
    return peerup_cli_fail_usage (cli, "--timeout: %s", error->message);
  client = attach (cli, &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  say_how_long (peerup_client_get_proxy (client));
  if (!drain (peerup_client_get_proxy (client), timeout > 0 ? MAX (timeout / 1000, 1) : 0, &drained, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'drained': <%b>}", drained));
  else if (drained)
    peerup_cli_say (_ ("The relay serves nobody now; the daemon goes on. To serve again: peerup relay resume"));
  else
    peerup_cli_say (_ ("The relay serves again: somebody resumed it."));
  return drained ? PEERUP_CLI_OK : PEERUP_CLI_FAILED;
}

int
cmd_relay_drain (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_drain);
}

static gboolean
resume (PeerupDBusEngine1 *proxy, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_resume_relay (proxy, dex_promise_get_cancellable (promise), peerup_client_ready,
                                         dex_ref (promise));
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_resume_relay_finish (proxy, result, error);
}

static int
run_resume (PeerupCli *cli)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupClient) client = attach (cli, &error);

  if (client == NULL || !resume (peerup_client_get_proxy (client), &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (g_variant_new_parsed ("{'status': <'serving'>}"));
  else
    peerup_cli_say (_ ("The relay serves again."));
  return PEERUP_CLI_OK;
}

int
cmd_relay_resume (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run_resume);
}
