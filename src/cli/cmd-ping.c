/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup ping: as ping(8), to a peer. Ends with 1 if nothing was answered.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "client/peerup-client.h"

static int count = 4;
static char *interval;
/* An engine of our own will not do. */
static gboolean by_daemon;

const GOptionEntry cmd_ping_options[] = {
  { "count", 'c', 0, G_OPTION_ARG_INT, &count, N_ ("How many pings, 0 for no end (default: 4)"), "N" },
  { "interval", 'i', 0, G_OPTION_ARG_STRING, &interval, N_ ("Time between two of them (default: 1s)"), "TIME" },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  PeerupCli *cli;
  gint64 interval;
  DexPromise *end;
  GVariantBuilder results;
  guint sent, received;
  gint64 min, max, sum;
  gint64 started;
} Session;

static gboolean
on_signal (gpointer data)
{
  Session *self = data;

  if (dex_future_is_pending (DEX_FUTURE (self->end)))
    dex_promise_resolve_boolean (self->end, TRUE);
  return G_SOURCE_CONTINUE;
}

static void
note_answer (Session *self, gint64 rtt, const char *path)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *text = peerup_cli_format_rtt (rtt);

  self->received++;
  self->sum += rtt;
  self->min = self->received == 1 ? rtt : MIN (self->min, rtt);
  self->max = MAX (self->max, rtt);
  g_variant_dict_insert (&dict, "seq", "u", self->sent);
  g_variant_dict_insert (&dict, "rtt_ms", "d", rtt / 1000.0);
  g_variant_dict_insert (&dict, "path", "s", path);
  g_variant_builder_add_value (&self->results, g_variant_dict_end (&dict));
  if (!self->cli->json)
    peerup_cli_print ("seq=%u time=%s %s\n", self->sent, text, path);
}

static void
note_failure (Session *self, GError *error)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_dbus_error_strip_remote_error (error);
  g_variant_dict_insert (&dict, "seq", "u", self->sent);
  g_variant_dict_insert (&dict, "error", "s", error->message);
  g_variant_builder_add_value (&self->results, g_variant_dict_end (&dict));
  if (!self->cli->json)
    peerup_cli_say ("seq=%u %s", self->sent, error->message);
}

/* What the next ping would only meet again. */
static gboolean
is_final (const GError *error)
{
  return g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
}

/* FALSE: there is no use in another. */
static gboolean
ping_once (Session *self, PeerupDBusEngine1 *proxy, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autofree char *path = NULL;
  guint64 rtt;

  self->sent++;
  peerup_dbus_engine1_call_ping (proxy, self->cli->arguments[0], dex_promise_get_cancellable (promise),
                                 peerup_client_ready, dex_ref (promise));
  dex_await (dex_future_first (dex_ref (promise), dex_ref (self->end), NULL), NULL);
  if (dex_future_is_pending (DEX_FUTURE (promise)))
    {
      /* Interrupted: the one that is under way does not count. */
      self->sent--;
      dex_unref (promise);
      return FALSE;
    }
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  if (peerup_dbus_engine1_call_ping_finish (proxy, &rtt, &path, result, &local_error))
    {
      note_answer (self, rtt, path);
      return TRUE;
    }
  if (is_final (local_error))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  note_failure (self, local_error);
  return TRUE;
}

static void
ping_all (Session *self, PeerupDBusEngine1 *proxy, GError **error)
{
  gint64 next = g_get_monotonic_time ();

  while (ping_once (self, proxy, error) && (count == 0 || self->sent < (guint) count))
    {
      next = MAX (next + self->interval, g_get_monotonic_time ());
      dex_await (dex_future_first (dex_timeout_new_deadline (next), dex_ref (self->end), NULL), NULL);
      if (!dex_future_is_pending (DEX_FUTURE (self->end)))
        return;
    }
}

static double
loss_percent (Session *self)
{
  return self->sent > 0 ? 100.0 * (self->sent - self->received) / self->sent : 0;
}

static GVariant *
describe_stats (Session *self)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "sent", "u", self->sent);
  g_variant_dict_insert (&dict, "received", "u", self->received);
  g_variant_dict_insert (&dict, "lost", "u", self->sent - self->received);
  g_variant_dict_insert (&dict, "loss_pct", "d", loss_percent (self));
  if (self->received > 0)
    {
      g_variant_dict_insert (&dict, "min_ms", "d", self->min / 1000.0);
      g_variant_dict_insert (&dict, "avg_ms", "d", self->sum / 1000.0 / self->received);
      g_variant_dict_insert (&dict, "max_ms", "d", self->max / 1000.0);
    }
  return g_variant_dict_end (&dict);
}

static void
print_statistics (Session *self)
{
  gint64 elapsed = (g_get_monotonic_time () - self->started) / 1000;

  if (self->cli->json)
    {
      GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "peer", "s", self->cli->arguments[0]);
      g_variant_dict_insert_value (&dict, "results", g_variant_builder_end (&self->results));
      g_variant_dict_insert_value (&dict, "stats", describe_stats (self));
      peerup_cli_print_variant (g_variant_dict_end (&dict));
      return;
    }
  g_variant_builder_clear (&self->results);
  peerup_cli_print ("--- %s ping statistics ---\n%u sent, %u received, %.0f%% lost, time %" PRId64 " ms\n",
                    self->cli->arguments[0], self->sent, self->received, loss_percent (self), elapsed);
  if (self->received > 0)
    peerup_cli_print ("rtt min/avg/max = %.3f/%.3f/%.3f ms\n", self->min / 1000.0, self->sum / 1000.0 / self->received,
                      self->max / 1000.0);
}

static int
run_session (Session *self, PeerupClient *client)
{
  g_autoptr (GError) error = NULL;

  self->end = dex_promise_new ();
  peerup_cli_catch_signals (self->cli, on_signal, self);
  self->started = g_get_monotonic_time ();
  ping_all (self, peerup_client_get_proxy (client), &error);
  dex_await (peerup_client_close (client, NULL), NULL);
  dex_unref (self->end);
  if (error != NULL)
    {
      g_variant_builder_clear (&self->results);
      return peerup_cli_release_signals (self->cli, peerup_cli_fail (error));
    }
  print_statistics (self);
  return peerup_cli_release_signals (self->cli, self->received > 0 ? PEERUP_CLI_OK : PEERUP_CLI_FAILED);
}

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;
  Session self = { .cli = cli, .interval = G_USEC_PER_SEC };

  if (count < 0)
    return peerup_cli_fail_usage (cli, _ ("-c is a number from 0 (no end) up"));
  if (interval != NULL && !peerup_cli_parse_duration (interval, &self.interval, &error))
    return peerup_cli_fail_usage (cli, "%s", error->message);
  path = peerup_cli_find_config (cli, &error);
  if (path != NULL)
    client =
      dex_await_object (by_daemon ? peerup_client_attach (path) : peerup_client_open (path, PEERUP_ENGINE_DIAL_ONLY),
                        &error);
  if (client == NULL)
    return peerup_cli_fail (error);
  g_variant_builder_init (&self.results, G_VARIANT_TYPE ("aa{sv}"));
  return run_session (&self, client);
}

int
cmd_ping (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}

int
cmd_daemon_ping (PeerupCli *cli)
{
  by_daemon = TRUE;
  return peerup_cli_run_fiber (cli, run);
}
