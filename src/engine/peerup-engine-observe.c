/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Follows health and telemetry.metrics of the configuration: makes the figures, opens the ports, and
 * answers for the engine's health. Lives while one of the two is on; the engine does without.
 */
#include "engine/peerup-engine-observe.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-metrics.h"
#include "engine/peerup-engine-private.h"
#include "observe/peerup-observer-server.h"

/* Milliseconds until a port is tried again that could not be had: another process of ours may
 * be about to end. */
#define RETRY_INTERVAL 5000

/* One port, and what is to be seen there. */
typedef struct
{
  char *address; /* "HOST:PORT", as it is configured */
  gboolean health;
  gboolean metrics;
  PeerupObserverServer *server; /* NULL while it cannot be had */
} Door;

struct _PeerupEngineObserver
{
  PeerupEngine *engine;         /* borrowed */
  PeerupEngineMetrics *metrics; /* NULL unless they are on */
  GPtrArray *doors;
  GSource *retry; /* NULL unless a port is missing */
};

static void
door_free (gpointer data)
{
  Door *door = data;

  g_clear_pointer (&door->server, peerup_observer_server_free);
  g_free (door->address);
  g_free (door);
}

static Door *
door_new (const char *address, gboolean health, gboolean metrics)
{
  Door *door = g_new0 (Door, 1);

  door->address = g_strdup (address);
  door->health = health;
  door->metrics = metrics;
  return door;
}

static gboolean
has_same_address (gconstpointer a, gconstpointer b)
{
  return g_str_equal (((const Door *) a)->address, ((const Door *) b)->address);
}

/* Pages */

static guint
count_connected (PeerupEngine *engine)
{
  GListModel *peers = peerup_engine_get_peers (engine);
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, i);

      n += peerup_peer_get_state (peer) == PEERUP_PEER_CONNECTED;
    }
  return n;
}

/* "ok", or why nobody should count on this engine now. */
static const char *
judge_health (PeerupEngine *engine)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (engine);
  PeerupEngineRelay *relay = peerup_engine_get_relay (engine);
  PeerupEngineRelayInfo info = { 0 };

  if (relay != NULL)
    peerup_engine_relay_get_info (relay, &info);
  if (engine->state == PEERUP_ENGINE_STARTING)
    return "starting";
  if (engine->state != PEERUP_ENGINE_RUNNING || info.state == PEERUP_ENGINE_RELAY_DRAINING ||
      info.state == PEERUP_ENGINE_RELAY_DRAINED)
    return "draining";
  return addresses[0] != NULL ? "ok" : "not listening";
}

static void
answer_health (const char *accept, PeerupObserverAnswer *answer, gpointer data)
{
  PeerupEngine *engine = data;
  const char *status = judge_health (engine);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 uptime = engine->started_at > 0 ? MAX (now - engine->started_at, 0) : 0;

  if (!g_str_equal (status, "ok"))
    answer->status = 503;
  answer->content_type = "application/json";
  answer->body =
    g_strdup_printf ("{\"status\":\"%s\",\"uptime_seconds\":%" G_GINT64_FORMAT ",\"connected_peers\":%u}\n", status,
                     uptime, count_connected (engine));
}

static void
answer_metrics (const char *accept, PeerupObserverAnswer *answer, gpointer data)
{
  const PeerupEngineObserver *self = data;
  PeerupMetricsFormat format =
    peerup_observer_prefers_openmetrics (accept) ? PEERUP_METRICS_OPENMETRICS : PEERUP_METRICS_TEXT;

  answer->content_type = peerup_metrics_format_get_content_type (format);
  answer->body = peerup_engine_metrics_write (self->metrics, format);
}

/* Ports */

/* No host, and localhost, are this machine by both of its loopback addresses. */
static PeerupObserverServer *
open_server (const char *address, GError **error)
{
  g_autofree char *host = NULL;
  PeerupObserverServer *server;
  guint16 port;

  if (!peerup_config_parse_host_port (address, &host, &port, error))
    return NULL;
  server = peerup_observer_server_new (*host == '\0' || g_str_equal (host, "localhost") ? NULL : host, port, error);
  if (server == NULL && error != NULL && g_error_matches (*error, PEERUP_ERROR, PEERUP_ERROR_EXISTS))
    {
      g_clear_error (error);
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                   _ ("%s is used by another program: stop that one, or choose another port"), address);
    }
  return server;
}

static const char *
problem_key (const Door *door)
{
  return door->health ? "health" : "metrics";
}

static void
observer_report (PeerupEngineObserver *self, const Door *door, const GError *error)
{
  g_autofree char *text = NULL;
  const char *pages = door->health && door->metrics ? "/healthz and /metrics are"
                      : door->health                ? "/healthz is"
                                                    : "/metrics is";

  text = g_strdup_printf (_ ("%s not to be had (%s in %s): %s"), pages,
                          door->health ? "health.listen_address" : "telemetry.metrics.listen_address",
                          self->engine->config_path, error->message);
  peerup_engine_set_problem (self->engine, problem_key (door), text);
}

static void
observer_set_pages (PeerupEngineObserver *self, Door *door)
{
  peerup_observer_server_clear_pages (door->server);
  if (door->health)
    peerup_observer_server_add_page (door->server, "/healthz", TRUE, answer_health, self->engine);
  if (door->metrics)
    peerup_observer_server_add_page (door->server, "/metrics", FALSE, answer_metrics, self);
}

static void
observer_open_door (PeerupEngineObserver *self, Door *door)
{
  g_autoptr (GError) error = NULL;

  door->server = open_server (door->address, &error);
  if (door->server == NULL)
    {
      observer_report (self, door, error);
      return;
    }
  observer_set_pages (self, door);
  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "%s%s%s on http://%s", door->health ? "/healthz" : "",
                     door->health && door->metrics ? " and " : "", door->metrics ? "/metrics" : "", door->address);
  peerup_engine_set_problem (self->engine, problem_key (door), NULL);
}

/* Whether all are open. */
static gboolean
observer_open_doors (PeerupEngineObserver *self)
{
  gboolean all = TRUE;

  for (guint i = 0; i < self->doors->len; i++)
    {
      Door *door = g_ptr_array_index (self->doors, i);

      if (door->server == NULL)
        observer_open_door (self, door);
      all = all && door->server != NULL;
    }
  return all;
}

static void
observer_stop_retrying (PeerupEngineObserver *self)
{
  if (self->retry != NULL)
    g_source_destroy (self->retry);
  g_clear_pointer (&self->retry, g_source_unref);
}

static gboolean
on_retry (gpointer data)
{
  PeerupEngineObserver *self = data;

  if (!observer_open_doors (self))
    return G_SOURCE_CONTINUE;
  observer_stop_retrying (self);
  return G_SOURCE_REMOVE;
}

static void
observer_retry (PeerupEngineObserver *self)
{
  self->retry = g_timeout_source_new (RETRY_INTERVAL);
  g_source_set_callback (self->retry, on_retry, self, NULL);
  g_source_attach (self->retry, g_main_context_get_thread_default ());
}

/* What @config asks for. */
static GPtrArray *
list_doors (PeerupConfig *config)
{
  GPtrArray *doors = g_ptr_array_new_with_free_func (door_free);
  gboolean health = config != NULL && peerup_config_get_health_enabled (config);
  gboolean metrics = config != NULL && peerup_config_get_metrics_enabled (config);
  gboolean same = health && metrics &&
                  g_str_equal (peerup_config_get_health_address (config), peerup_config_get_metrics_address (config));

  if (health)
    g_ptr_array_add (doors, door_new (peerup_config_get_health_address (config), TRUE, same));
  if (metrics && !same)
    g_ptr_array_add (doors, door_new (peerup_config_get_metrics_address (config), FALSE, TRUE));
  return doors;
}

/* Ports that stay keep their connections; the others go before new ones come. */
static void
observer_set_doors (PeerupEngineObserver *self, GPtrArray *doors)
{
  for (guint i = 0; i < doors->len; i++)
    {
      Door *door = g_ptr_array_index (doors, i);
      guint old;

      if (!g_ptr_array_find_with_equal_func (self->doors, door, has_same_address, &old))
        continue;
      door->server = g_steal_pointer (&((Door *) g_ptr_array_index (self->doors, old))->server);
      if (door->server != NULL)
        observer_set_pages (self, door);
    }
  g_ptr_array_unref (self->doors);
  self->doors = doors;
  peerup_engine_set_problem (self->engine, "health", NULL);
  peerup_engine_set_problem (self->engine, "metrics", NULL);
}

static PeerupEngineObserver *
observer_new (PeerupEngine *engine)
{
  PeerupEngineObserver *self = g_new0 (PeerupEngineObserver, 1);

  self->engine = engine;
  self->doors = g_ptr_array_new_with_free_func (door_free);
  return self;
}

static void
observer_free (PeerupEngineObserver *self)
{
  observer_stop_retrying (self);
  observer_set_doors (self, g_ptr_array_new_with_free_func (door_free));
  g_ptr_array_unref (self->doors);
  g_clear_pointer (&self->metrics, peerup_engine_metrics_free);
  g_free (self);
}

void
peerup_engine_observe (PeerupEngine *engine, PeerupConfig *config)
{
  g_autoptr (GPtrArray) doors = list_doors (config);
  gboolean metrics = config != NULL && peerup_config_get_metrics_enabled (config);
  PeerupEngineObserver *self = engine->observer;

  if (doors->len == 0)
    {
      g_clear_pointer (&engine->observer, observer_free);
      return;
    }
  if (self == NULL)
    self = engine->observer = observer_new (engine);
  observer_stop_retrying (self);
  /* A page that is going has its figures until it is gone. */
  if (metrics && self->metrics == NULL)
    self->metrics = peerup_engine_metrics_new (engine);
  observer_set_doors (self, g_steal_pointer (&doors));
  if (!metrics)
    g_clear_pointer (&self->metrics, peerup_engine_metrics_free);
  if (!observer_open_doors (self))
    observer_retry (self);
}

PeerupEngineMetrics *
peerup_engine_get_metrics (PeerupEngine *engine)
{
  return engine->observer != NULL ? engine->observer->metrics : NULL;
}
