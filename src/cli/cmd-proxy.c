/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup proxy: a forward for as long as the command runs, by the daemon if one runs (a
 * second identity of the same name would only be in its way), else by an engine of its own.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "client/peerup-client.h"

static gboolean bind_any;

const GOptionEntry cmd_proxy_options[] = {
  { "bind-any", 0, 0, G_OPTION_ARG_NONE, &bind_any, N_ ("Allow a HOST other than loopback: other machines can use it"),
    NULL },
  G_OPTION_ENTRY_NULL,
};

/* An engine of our own will not do. */
static gboolean by_daemon;
static char *peer, *service, *listen_at;

const GOptionEntry cmd_daemon_connect_options[] = {
  { "peer", 0, 0, G_OPTION_ARG_STRING, &peer, N_ ("Whose service"), "PEER" },
  { "service", 0, 0, G_OPTION_ARG_STRING, &service, N_ ("Its name"), "SERVICE" },
  { "listen", 0, 0, G_OPTION_ARG_STRING, &listen_at, N_ ("Where: a port of this machine, 0 for any, or HOST:PORT"),
    "PORT" },
  { "bind-any", 0, 0, G_OPTION_ARG_NONE, &bind_any, N_ ("Allow a HOST other than loopback: other machines can use it"),
    NULL },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  DexPromise *end;
  GCancellable *hurry;
} Proxy;

static gboolean
on_signal (gpointer data)
{
  Proxy *self = data;

  if (dex_future_is_pending (DEX_FUTURE (self->end)))
    dex_promise_resolve_boolean (self->end, TRUE);
  else
    g_cancellable_cancel (self->hurry);
  return G_SOURCE_CONTINUE;
}

/* An engine of our own says it in the log. */
static void
on_forward_changed (PeerupDBusEngine1 *proxy, const char *id, const char *state, const char *error, gpointer data)
{
  if (g_str_equal (id, (const char *) data) && g_str_equal (state, "failed") && error[0] != '\0')
    peerup_cli_say ("peerup: %s", error);
}

static gboolean
add_forward (PeerupDBusEngine1 *proxy, char **arguments, char **id, char **address, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  GVariantDict options = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GAsyncResult) result = NULL;

  if (bind_any)
    g_variant_dict_insert (&options, "any-address", "b", TRUE);
  peerup_dbus_engine1_call_add_forward (proxy, arguments[0], arguments[1], arguments[2], g_variant_dict_end (&options),
                                        dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL && peerup_dbus_engine1_call_add_forward_finish (proxy, id, address, result, error);
}

static void
report (PeerupCli *cli, const char *id, const char *address)
{
  char **arguments = cli->arguments;

  if (cli->json)
    {
      peerup_cli_print_variant (g_variant_new_parsed ("{'id': <%s>, 'address': <%s>, 'peer': <%s>, 'service': <%s>}",
                                                      id, address, arguments[0], arguments[1]));
      return;
    }
  peerup_cli_print ("%s\n", address);
  peerup_cli_say (_ ("%s of %s is there now; press Ctrl+C to end."), arguments[1], arguments[0]);
}

/* Until a signal, or the daemon's end. */
static gboolean
hold (PeerupCli *cli, PeerupClient *client, Proxy *self, GError **error)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  g_autofree char *address = NULL;
  char *id = NULL;

  if (!add_forward (proxy, cli->arguments, &id, &address, error))
    return FALSE;
  report (cli, id, address);
  if (!peerup_client_is_embedded (client))
    g_signal_connect_data (proxy, "forward-changed", G_CALLBACK (on_forward_changed), id,
                           (GClosureNotify) (void (*) (void)) g_free, 0);
  else
    g_free (id);
  dex_await (dex_future_first (dex_ref (self->end), peerup_client_wait_closed (client), NULL), NULL);
  if (!dex_future_is_pending (DEX_FUTURE (self->end)))
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the daemon that carried the port has ended"));
  return FALSE;
}

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;
  Proxy self = { 0 };

  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client =
      dex_await_object (by_daemon ? peerup_client_attach (path) : peerup_client_open (path, PEERUP_ENGINE_DIAL_ONLY),
                        &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  self.end = dex_promise_new ();
  self.hurry = g_cancellable_new ();
  peerup_cli_catch_signals (cli, on_signal, &self);
  hold (cli, client, &self, &error);
  dex_await (peerup_client_close (client, self.hurry), NULL);
  dex_unref (self.end);
  g_object_unref (self.hurry);
  return peerup_cli_release_signals (cli, error == NULL ? PEERUP_CLI_OK : peerup_cli_fail (error));
}

int
cmd_proxy (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}

int
cmd_daemon_connect (PeerupCli *cli)
{
  if (peer == NULL || service == NULL || listen_at == NULL)
    return peerup_cli_fail_usage (cli, _ ("it takes --peer, --service and --listen"));
  g_strfreev (cli->arguments);
  cli->arguments = g_new0 (char *, 4);
  cli->arguments[0] = g_strdup (peer);
  cli->arguments[1] = g_strdup (service);
  cli->arguments[2] = g_strdup (listen_at);
  by_daemon = TRUE;
  return peerup_cli_run_fiber (cli, run);
}
