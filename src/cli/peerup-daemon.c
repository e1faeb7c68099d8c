/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Engines with their controls, in the foreground, until they are told to end. Each lives in a fiber of its own and ends
 * by itself. The first SIGTERM or SIGINT lets open streams end, and circuits for relay.drain_time; the second
 * cuts them; SIGHUP reads the configurations again. The service manager is told of all that.
 */
#include "cli/peerup-daemon.h"

#include <glib-unix.h>
#include <libdex.h>
#include <sys/resource.h>

#include "control/peerup-control.h"
#include "engine/peerup-engine-private.h"
#include "http/peerup-http-face.h"
#include "http/peerup-http-original-relay.h"
#include "identity/peerup-file-lock.h"
#include "service/peerup-activation.h"
#include "service/peerup-log.h"
#include "service/peerup-notify.h"
#include "service/peerup-watchdog.h"

#define STACK (512 * 1024)

typedef struct _Program Program;

/* One engine. */
typedef struct
{
  Program *program;
  const char *config_path;
  const char *label; /* nullable */
  PeerupEngine *engine;
  PeerupControl *control;
  PeerupHttpServer *http;
  PeerupHttpServer *relay_admin; /* (nullable) */
  char *socket_path;
  DexPromise *started; /* resolved when it runs, or will not */
  DexPromise *end;     /* resolved when it is time to stop */
  GCancellable *hurry; /* cancelled when it is time to cut */
  gboolean running;
  GError *error;
} Daemon;

struct _Program
{
  PeerupEngineFlags flags;
  GPtrArray *daemons;
  PeerupWatchdog *watchdog;
};

static Daemon *
daemon_new (Program *program, const char *config_path, const char *label)
{
  Daemon *self = g_new0 (Daemon, 1);

  self->program = program;
  self->config_path = config_path;
  self->label = label;
  self->engine = peerup_engine_new (config_path, program->flags);
  peerup_engine_set_profile (self->engine, label);
  self->started = dex_promise_new ();
  self->end = dex_promise_new ();
  self->hurry = g_cancellable_new ();
  return self;
}

static void
daemon_free (gpointer data)
{
  Daemon *self = data;

  g_clear_object (&self->control);
  g_object_unref (self->engine);
  g_object_unref (self->hurry);
  dex_unref (self->started);
  dex_unref (self->end);
  g_clear_error (&self->error);
  g_free (self->socket_path);
  g_free (self);
}

static void
request_end (Daemon *self)
{
  if (dex_future_is_pending (DEX_FUTURE (self->end)))
    dex_promise_resolve_boolean (self->end, TRUE);
  else
    g_cancellable_cancel (self->hurry);
}

static gboolean
on_end_signal (gpointer data)
{
  const Program *self = data;

  for (guint i = 0; i < self->daemons->len; i++)
    request_end (g_ptr_array_index (self->daemons, i));
  return G_SOURCE_CONTINUE;
}

static gboolean
on_reload_signal (gpointer data)
{
  const Program *self = data;

  peerup_notify_reloading ();
  for (guint i = 0; i < self->daemons->len; i++)
    {
      const Daemon *daemon = g_ptr_array_index (self->daemons, i);

      /* Only while it runs there is a file that is followed. */
      if (peerup_engine_get_state (daemon->engine) == PEERUP_ENGINE_RUNNING && daemon->engine->monitor != NULL)
        peerup_config_monitor_reload (daemon->engine->monitor);
    }
  peerup_notify ("READY=1");
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

static guint
count_running (const Program *self)
{
  guint n = 0;

  for (guint i = 0; i < self->daemons->len; i++)
    n += ((const Daemon *) g_ptr_array_index (self->daemons, i))->running;
  return n;
}

/* Whether all is well */

static char *
check (gpointer data)
{
  const Program *self = data;
  char *trouble = NULL;

  for (guint i = 0; i < self->daemons->len && trouble == NULL; i++)
    {
      const Daemon *daemon = g_ptr_array_index (self->daemons, i);

      if (!daemon->running)
        continue;
      if (peerup_engine_get_state (daemon->engine) == PEERUP_ENGINE_STOPPED)
        trouble = g_strdup_printf ("the engine of %s does not run", daemon->config_path);
      else
        trouble = peerup_control_check_socket (daemon->control);
    }
  return trouble;
}

/* What is said of it */

static void
log_start (const Daemon *self)
{
  const PeerupLogFields fields = { .message_id = PEERUP_LOG_ID_START, .profile = self->label };
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (self->engine);

  peerup_log (G_LOG_LEVEL_MESSAGE, &fields, "This is %s", peerup_engine_get_peer_id (self->engine));
  for (guint i = 0; addresses[i] != NULL; i++)
    peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "Listening on %s", addresses[i]);
}

/* What the service manager is to wait for beyond the longest that anything may take. */
#define STOP_SLACK (10 * G_USEC_PER_SEC)

/* Circuits of others may go on for longer than a service manager would wait. */
static void
announce_circuits (const Daemon *self, guint n_circuits, gint64 time)
{
  g_autofree char *longest = peerup_cli_format_duration (time / G_USEC_PER_SEC);
  g_autofree char *state =
    g_strdup_printf ("EXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT, MAX (time, PEERUP_ENGINE_DRAIN_TIME) + STOP_SLACK);

  peerup_notify (state);
  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE,
                     "%u %s through this relay may go on for %s; a second signal cuts all", n_circuits,
                     n_circuits == 1 ? "circuit" : "circuits", longest);
}

/* The program ends with the last of its engines. */
static void
announce_end (const Daemon *self)
{
  const PeerupLogFields fields = { .message_id = PEERUP_LOG_ID_STOP, .profile = self->label };
  PeerupEngineRelayInfo relay = { 0 };

  if (peerup_engine_get_relay (self->engine) != NULL)
    peerup_engine_relay_get_numbers (peerup_engine_get_relay (self->engine), &relay);
  if (count_running (self->program) == 1)
    peerup_notify ("STOPPING=1");
  peerup_log (G_LOG_LEVEL_MESSAGE, &fields, "Ending: open streams get %d seconds",
              (int) (PEERUP_ENGINE_DRAIN_TIME / G_USEC_PER_SEC));
  if (relay.n_circuits > 0)
    announce_circuits (self, relay.n_circuits, peerup_config_get_relay_drain_time (self->engine->config));
}

/* The bus */

static PeerupDaemonBus wanted_bus;

void
peerup_daemon_set_bus (PeerupDaemonBus bus)
{
  wanted_bus = bus;
}

/* There is one name, so the first of several engines has it; and a relay's daemon is not the person's. */
static void
own_bus (const Daemon *self)
{
  gboolean first = g_ptr_array_index (self->program->daemons, 0) == self;
  gboolean is_default = wanted_bus == PEERUP_DAEMON_BUS_DEFAULT;

  if (wanted_bus == PEERUP_DAEMON_BUS_NONE || !first || (is_default && self->program->flags != PEERUP_ENGINE_DEFAULT) ||
      (is_default && g_getenv ("DBUS_SESSION_BUS_ADDRESS") == NULL))
    return;
  if (!peerup_control_own_bus (self->control,
                               wanted_bus == PEERUP_DAEMON_BUS_SYSTEM ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION))
    peerup_engine_say (self->engine, G_LOG_LEVEL_WARNING,
                       "There is no session bus here: DBUS_SESSION_BUS_ADDRESS does not name one");
}

/* The original's clients look for it beside the configuration, where there need not be room for it: /etc. */
static void
serve_relay_admin (Daemon *self)
{
  g_autoptr (GError) error = NULL;

  self->relay_admin = peerup_http_original_relay_new (self->control, self->config_path, &error);
  if (self->relay_admin == NULL)
    peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "Scripts of the original cannot administer this relay: %s",
                       error->message);
}

/* One engine's life, in its fiber */

static gboolean
start (Daemon *self, GError **error)
{
  PeerupControlClaim *claim = peerup_control_claim (self->config_path, error);

  if (claim == NULL)
    return FALSE;
  self->control = peerup_control_new (self->engine);
  g_signal_connect_swapped (self->control, "stop-requested", G_CALLBACK (request_end), self);
  self->socket_path = g_strdup (peerup_control_claim_get_path (claim));
  /* The socket first: who finds it can ask why the start takes long. */
  if (!peerup_control_listen (self->control, claim, error))
    return FALSE;
  self->http = peerup_http_face_new (self->control, self->socket_path, error);
  if (self->http == NULL)
    return FALSE;
  if (self->program->flags & PEERUP_ENGINE_RELAY)
    serve_relay_admin (self);
  own_bus (self);
  return dex_await (peerup_engine_start (self->engine), error);
}

static DexFuture *
daemon_fiber (gpointer data)
{
  Daemon *self = data;

  self->running = start (self, &self->error);
  if (self->running)
    log_start (self);
  dex_promise_resolve_boolean (self->started, self->running);
  if (self->running)
    {
      dex_await (dex_ref (self->end), NULL);
      announce_end (self);
      dex_await (peerup_engine_stop (self->engine, self->hurry), &self->error);
    }
  self->running = FALSE;
  g_clear_pointer (&self->relay_admin, peerup_http_server_free);
  g_clear_pointer (&self->http, peerup_http_server_free);
  if (self->control != NULL)
    peerup_control_close (self->control);
  return dex_future_new_true ();
}

/* All of them */

static int
fail (const Daemon *self)
{
  g_autoptr (GError) named = NULL;

  if (self->label == NULL)
    return peerup_cli_fail (self->error);
  named = g_error_copy (self->error);
  g_prefix_error (&named, "profile %s: ", self->label);
  return peerup_cli_fail (named);
}

static void
report_ready (Program *self)
{
  gint64 interval = peerup_watchdog_get_interval ();
  guint n = count_running (self);

  /* From now on others wait for the loop. */
  peerup_file_lock_set_timeout (PEERUP_FILE_LOCK_TIMEOUT_LOOP);
  peerup_notify ("READY=1");
  if (self->daemons->len == 1)
    peerup_notify_status ("This is %s",
                          peerup_engine_get_peer_id (((Daemon *) g_ptr_array_index (self->daemons, 0))->engine));
  else
    peerup_notify_status ("%u of %u profiles run", n, self->daemons->len);
  if (interval > 0)
    self->watchdog = peerup_watchdog_new (interval, check, self);
}

/* In a fiber. The worst code of all; what could not start is said at once, so that it is not found out at the end. */
static int
run_all (Program *self)
{
  g_autoptr (GPtrArray) lives = g_ptr_array_new_with_free_func (dex_unref);
  int code = PEERUP_CLI_OK;

  for (guint i = 0; i < self->daemons->len; i++)
    g_ptr_array_add (lives,
                     dex_scheduler_spawn (NULL, STACK, daemon_fiber, g_ptr_array_index (self->daemons, i), NULL));
  for (guint i = 0; i < self->daemons->len; i++)
    {
      const Daemon *daemon = g_ptr_array_index (self->daemons, i);

      if (!dex_await_boolean (dex_ref (DEX_FUTURE (daemon->started)), NULL))
        code = fail (daemon);
    }
  peerup_activation_drop_rest ();
  if (count_running (self) > 0)
    report_ready (self);
  for (guint i = 0; i < lives->len; i++)
    {
      const Daemon *daemon = g_ptr_array_index (self->daemons, i);
      gboolean ran = dex_future_is_pending (g_ptr_array_index (lives, i));

      dex_await (dex_ref (g_ptr_array_index (lives, i)), NULL);
      if (ran && daemon->error != NULL)
        code = fail (daemon);
    }
  g_clear_pointer (&self->watchdog, peerup_watchdog_free);
  return code;
}

/* For the fiber. */
static Program *program;

static int
run (PeerupCli *cli)
{
  guint sources[] = {
    g_unix_signal_add (SIGTERM, on_end_signal, program),
    g_unix_signal_add (SIGINT, on_end_signal, program),
    g_unix_signal_add (SIGHUP, on_reload_signal, program),
  };
  int code = run_all (program);

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  return code;
}

int
peerup_daemon_run (PeerupCli *cli, const char *const *configs, const char *const *labels, const char *levels,
                   PeerupEngineFlags flags)
{
  Program self = { .flags = flags };
  g_autoptr (GPtrArray) daemons = g_ptr_array_new_with_free_func (daemon_free);
  g_autoptr (GError) error = NULL;

  peerup_cli_set_log (G_LOG_LEVEL_INFO, cli->json);
  if (levels != NULL && !peerup_log_set_from_text (levels, &error))
    return peerup_cli_fail_usage (cli, "--log-level: %s", error->message);
  /* Of several each line says itself whose it is, as far as that is known. */
  if (labels != NULL && labels[1] == NULL)
    peerup_log_set_profile (labels[0]);
  raise_descriptors ();
  dex_init ();
  for (guint i = 0; configs[i] != NULL; i++)
    g_ptr_array_add (daemons, daemon_new (&self, configs[i], labels != NULL ? labels[i] : NULL));
  self.daemons = daemons;
  program = &self;
  return peerup_cli_run_fiber (cli, run);
}
