/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup daemon: the engine with its controls, in the foreground, until it is told to end.
 * The first SIGTERM or SIGINT lets open streams end, and circuits for relay.drain_time; the second
 * cuts them.
 */
#include "cli/peerup-commands.h"

#include <glib-unix.h>
#include <libdex.h>
#include <sys/resource.h>

#include "cli/peerup-daemon.h"
#include "cli/peerup-notify.h"
#include "control/peerup-control.h"
#include "engine/peerup-engine-private.h"

typedef struct
{
  PeerupEngine *engine;
  PeerupControl *control;
  DexPromise *end;     /* resolved when it is time to stop */
  GCancellable *hurry; /* cancelled when it is time to cut */
} Daemon;

static void
request_end (Daemon *self)
{
  if (dex_future_is_pending (DEX_FUTURE (self->end)))
    dex_promise_resolve_boolean (self->end, TRUE);
  else
    g_cancellable_cancel (self->hurry);
}

static gboolean
on_signal (gpointer data)
{
  request_end (data);
  return G_SOURCE_CONTINUE;
}

/* A daemon may have more connections than the usual 1,024 descriptors allow; nothing here uses
 * select(), which could not count further. What there is in the end the limits go by. */
static void
raise_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_debug ("The number of descriptors stays as it is: %s", g_strerror (errno));
}

static void
log_start (PeerupEngine *engine)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (engine);

  g_message ("This is %s", peerup_engine_get_peer_id (engine));
  for (guint i = 0; addresses[i] != NULL; i++)
    g_message ("Listening on %s", addresses[i]);
}

/* What the service manager is to wait for is a little more than the longest that anything may take. */
#define STOP_SLACK (10 * G_USEC_PER_SEC)

static void
announce_end (PeerupEngine *engine)
{
  PeerupEngineRelayInfo relay = { 0 };
  gint64 time = PEERUP_ENGINE_DRAIN_TIME;
  g_autofree char *state = NULL;

  if (peerup_engine_get_relay (engine) != NULL)
    peerup_engine_relay_get_info (peerup_engine_get_relay (engine), &relay);
  if (relay.n_circuits > 0)
    time = MAX (time, peerup_config_get_relay_drain_time (engine->config));
  peerup_notify ("STOPPING=1");
  state = g_strdup_printf ("EXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT, time + STOP_SLACK);
  peerup_notify (state);
  g_message ("Ending: open streams get %d seconds", (int) (PEERUP_ENGINE_DRAIN_TIME / G_USEC_PER_SEC));
  if (relay.n_circuits > 0)
    {
      g_autofree char *longest = peerup_cli_format_duration (time / G_USEC_PER_SEC);

      g_message ("%u %s through this relay may go on for %s; a second signal cuts all", relay.n_circuits,
                 relay.n_circuits == 1 ? "circuit" : "circuits", longest);
    }
}

/* In a fiber. */
static gboolean
serve (Daemon *self, PeerupControlClaim *claim, GError **error)
{
  self->control = peerup_control_new (self->engine);
  g_signal_connect_swapped (self->control, "stop-requested", G_CALLBACK (request_end), self);
  /* The socket first: who finds it can ask why the start takes long. */
  if (!peerup_control_listen (self->control, claim, error) || !dex_await (peerup_engine_start (self->engine), error))
    return FALSE;
  log_start (self->engine);
  peerup_notify ("READY=1");
  dex_await (dex_ref (self->end), NULL);
  announce_end (self->engine);
  return dex_await (peerup_engine_stop (self->engine, self->hurry), error);
}

/* What is to run, for the fiber. */
static char *(*find_config) (PeerupCli *cli, GError **error);
static PeerupEngineFlags engine_flags;

static int
run (PeerupCli *cli)
{
  g_autofree char *path = NULL;
  g_autoptr (PeerupControlClaim) claim = NULL;
  g_autoptr (GError) error = NULL;
  Daemon self = { 0 };
  guint sources[2];

  path = find_config (cli, &error);
  claim = path != NULL ? peerup_control_claim (path, &error) : NULL;
  if (claim == NULL)
    return peerup_cli_fail (error);
  self.engine = peerup_engine_new (path, engine_flags);
  self.end = dex_promise_new ();
  self.hurry = g_cancellable_new ();
  sources[0] = g_unix_signal_add (SIGTERM, on_signal, &self);
  sources[1] = g_unix_signal_add (SIGINT, on_signal, &self);
  serve (&self, g_steal_pointer (&claim), &error);
  peerup_control_close (self.control);
  g_source_remove (sources[0]);
  g_source_remove (sources[1]);
  g_object_unref (self.control);
  g_object_unref (self.engine);
  g_object_unref (self.hurry);
  dex_unref (self.end);
  return error == NULL ? PEERUP_CLI_OK : peerup_cli_fail (error);
}

int
peerup_daemon_run (PeerupCli *cli, char *(*find) (PeerupCli *cli, GError **error), PeerupEngineFlags flags)
{
  peerup_cli_set_log (G_LOG_LEVEL_INFO, cli->json);
  raise_descriptors ();
  find_config = find;
  engine_flags = flags;
  return peerup_cli_run_fiber (cli, run);
}

int
cmd_daemon (PeerupCli *cli)
{
  return peerup_daemon_run (cli, peerup_cli_find_config, PEERUP_ENGINE_DEFAULT);
}
