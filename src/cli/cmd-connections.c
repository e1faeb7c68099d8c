/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup connections: what the daemon's connections do, once or, with --watch, each second
 * until it is interrupted. It opens none.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-path-text.h"

#define INTERVAL G_USEC_PER_SEC
/* To the corner and clear what was there; only to a terminal. */
#define REPAINT "\033[H\033[J"

static gboolean watch;

const GOptionEntry cmd_connections_options[] = {
  { "watch", 'w', 0, G_OPTION_ARG_NONE, &watch, N_ ("Show them anew each second, until interrupted"), NULL },
  G_OPTION_ENTRY_NULL,
};

static gboolean
on_signal (gpointer data)
{
  DexPromise *end = data;

  if (dex_future_is_pending (DEX_FUTURE (end)))
    dex_promise_resolve_boolean (end, TRUE);
  return G_SOURCE_CONTINUE;
}

/* What does not fit on a terminal of @rows would scroll the top away. */
static char *
cut (char *text, guint rows)
{
  char *line = text;

  for (guint n = 1; n < rows && line != NULL && line[0] != '\0'; n++)
    {
      line = strchr (line, '\n');
      line = line != NULL ? line + 1 : NULL;
    }
  if (line != NULL)
    line[0] = '\0';
  return text;
}

static void
print_text (GVariant *connections)
{
  g_autofree char *text = peerup_path_text_connections (connections);
  struct winsize size = { 0 };

  if (watch && isatty (STDOUT_FILENO))
    {
      gboolean has_size = ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1;

      peerup_cli_print_raw (REPAINT);
      peerup_cli_print ("%s", has_size ? cut (text, size.ws_row) : text);
    }
  else
    peerup_cli_print (watch ? "%s\n" : "%s", text);
  if (text[0] == '\0')
    peerup_cli_say (_ ("No peer is connected."));
}

static gboolean
show (PeerupCli *cli, PeerupDBusEngine1 *proxy, GError **error)
{
  g_autoptr (GVariant) connections = NULL;

  if (!PEERUP_ASK (proxy, list_connections, &connections, error))
    return FALSE;
  if (cli->json && watch)
    peerup_cli_print_variant_line (connections);
  else if (cli->json)
    peerup_cli_print_variant (connections);
  else
    print_text (connections);
  return TRUE;
}

static gboolean
show_until (PeerupCli *cli, PeerupDBusEngine1 *proxy, DexFuture *end, GError **error)
{
  gint64 next = g_get_monotonic_time ();

  while (show (cli, proxy, error))
    {
      next = MAX (next + INTERVAL, g_get_monotonic_time ());
      dex_await (dex_future_first (dex_timeout_new_deadline (next), dex_ref (end), NULL), NULL);
      if (!dex_future_is_pending (end))
        return TRUE;
    }
  return FALSE;
}

static gboolean
show_all (PeerupCli *cli, PeerupDBusEngine1 *proxy, GError **error)
{
  DexPromise *end = dex_promise_new ();
  gboolean done;

  peerup_cli_catch_signals (cli, on_signal, end);
  done = show_until (cli, proxy, DEX_FUTURE (end), error);
  dex_unref (end);
  return done;
}

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;
  PeerupDBusEngine1 *proxy;

  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client = dex_await_object (peerup_client_attach (path), &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  proxy = peerup_client_get_proxy (client);
  if (watch ? show_all (cli, proxy, &error) : show (cli, proxy, &error))
    return peerup_cli_release_signals (cli, PEERUP_CLI_OK);
  return peerup_cli_release_signals (cli, peerup_cli_fail (error));
}

int
cmd_connections (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}
