/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Which figures an engine has, under the names that dashboards already know. What the engine or
 * its parts know anyway is read when somebody asks; counted as it happens is only what nobody
 * remembers otherwise: decisions, dials, requests, changes of the network.
 */
#include "engine/peerup-engine-metrics.h"

#include "engine/peerup-engine-private.h"
#include "engine/peerup-relay-metrics.h"
#include "engine/peerup-tunnel-metrics.h"
#include "observe/peerup-interfaces.h"
#include "observe/peerup-process.h"
#include "peerup-config.h"

struct _PeerupEngineMetrics
{
  PeerupEngine *engine; /* borrowed */
  PeerupSwarm *swarm;
  PeerupMetrics *metrics;
  PeerupProcess *process;
  PeerupTunnelMetrics *tunnels;
  PeerupRelayMetrics *relay;
  PeerupInterfaces interfaces; /* when they were last looked at */

  PeerupMetricFamily *connected_peers;
  PeerupMetricFamily *interface_count;
  PeerupMetricFamily *limit_refusals;
  PeerupMetricFamily *dials;
  PeerupMetricFamily *dial_duration;
  PeerupMetricFamily *requests;
  PeerupMetricFamily *request_duration;
  PeerupMetric *allowed, *denied;
  PeerupMetric *ipv4_changes, *ipv6_changes;
};

static double
to_seconds (gint64 microseconds)
{
  return microseconds / (double) G_USEC_PER_SEC;
}

/* Events */

static const char *
path_type_of (gboolean relayed)
{
  return relayed ? "RELAYED" : "DIRECT";
}

static void
on_connection_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  const PeerupEngineMetrics *self = data;

  /* What we dial is our own choice. */
  if (!peerup_connection_get_info (connection)->outbound)
    peerup_metric_add (self->allowed, 1);
}

static void
on_refused (PeerupSwarm *swarm, PeerupPeerId *peer, const char *address, const char *reason, gpointer data)
{
  const PeerupEngineMetrics *self = data;

  peerup_metric_add (self->denied, 1);
}

static void
on_dialed (PeerupSwarm *swarm, PeerupConnection *connection, gint64 duration, gpointer data)
{
  const PeerupEngineMetrics *self = data;
  const char *path_type;

  if (connection == NULL)
    {
      peerup_metric_add (peerup_metric_family_get (self->dials, "none", "failure", NULL), 1);
      return;
    }
  path_type = path_type_of (peerup_swarm_is_relayed (connection));
  peerup_metric_add (peerup_metric_family_get (self->dials, path_type, "success", NULL), 1);
  peerup_metric_observe (peerup_metric_family_get (self->dial_duration, path_type, NULL), to_seconds (duration));
}

/* The swarm tells more than that: a change of routes alone is none of the addresses. */
static void
on_addresses_changed (PeerupSwarm *swarm, gpointer data)
{
  PeerupEngineMetrics *self = data;
  PeerupInterfaces old = self->interfaces;

  peerup_interfaces_read (&self->interfaces);
  if (!peerup_interface_addresses_equal (&old.ipv4, &self->interfaces.ipv4))
    peerup_metric_add (self->ipv4_changes, 1);
  if (!peerup_interface_addresses_equal (&old.ipv6, &self->interfaces.ipv6))
    peerup_metric_add (self->ipv6_changes, 1);
}

void
peerup_engine_metrics_count_request (PeerupEngineMetrics *self, const char *method, const char *path,
                                     const char *status, gint64 duration)
{
  g_return_if_fail (self != NULL);

  peerup_metric_add (peerup_metric_family_get (self->requests, method, path, status, NULL), 1);
  peerup_metric_observe (peerup_metric_family_get (self->request_duration, method, path, status, NULL),
                         to_seconds (duration));
}

/* What is read */

/* The transport and the IP version of a multiaddr; of the way to the relay where there is one. */
static const char *
transport_of (const char *address)
{
  if (strstr (address, "/quic-v1") != NULL)
    return "quic";
  if (strstr (address, "/ws") != NULL)
    return "websocket";
  return strstr (address, "/tcp/") != NULL ? "tcp" : "other";
}

static const char *
ip_version_of (const char *address)
{
  if (g_str_has_prefix (address, "/ip6/"))
    return "ipv6";
  return g_str_has_prefix (address, "/ip4/") ? "ipv4" : "other";
}

static void
collect_peers (PeerupEngineMetrics *self)
{
  GListModel *peers = peerup_engine_get_peers (self->engine);

  peerup_metric_family_clear (self->connected_peers);
  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, i);
      const char *address = peerup_peer_get_address (peer);

      if (peerup_peer_get_state (peer) != PEERUP_PEER_CONNECTED || address == NULL)
        continue;
      peerup_metric_add (peerup_metric_family_get (self->connected_peers, path_type_of (peerup_peer_get_relayed (peer)),
                                                   transport_of (address), ip_version_of (address), NULL),
                         1);
    }
}

static void
collect_limits (PeerupEngineMetrics *self)
{
  PeerupLimits *limits = peerup_swarm_get_limits (self->swarm);

  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    peerup_metric_set (peerup_metric_family_get (self->limit_refusals, peerup_limit_get_name (limit), NULL),
                       peerup_limits_get_refusals (limits, limit));
}

static void
collect_interfaces (PeerupEngineMetrics *self)
{
  PeerupInterfaces now;

  peerup_interfaces_read (&now);
  peerup_metric_set (peerup_metric_family_get (self->interface_count, "ipv4", NULL), now.ipv4.n_addresses);
  peerup_metric_set (peerup_metric_family_get (self->interface_count, "ipv6", NULL), now.ipv6.n_addresses);
}

char *
peerup_engine_metrics_write (PeerupEngineMetrics *self, PeerupMetricsFormat format)
{
  g_return_val_if_fail (self != NULL, NULL);

  collect_peers (self);
  collect_limits (self);
  collect_interfaces (self);
  peerup_tunnel_metrics_collect (self->tunnels);
  /* Both are gone before the figures are when the engine stops. */
  if (self->engine->relay != NULL && self->engine->stun != NULL)
    peerup_relay_metrics_collect (self->relay, self->engine->relay, self->engine->stun);
  peerup_process_collect (self->process);
  return peerup_metrics_write (self->metrics, format);
}

/* Life */

/* Those that are read. */
static void
add_gauges (PeerupEngineMetrics *self)
{
  static const char *const version[] = { "version", NULL };
  static const char *const ip_version[] = { "ip_version", NULL };
  static const char *const path[] = { "path_type", "transport", "ip_version", NULL };
  static const char *const limit[] = { "limit", NULL };
  PeerupMetricFamily *info;

  info =
    peerup_metrics_add (self->metrics, PEERUP_METRIC_GAUGE, "peerup_info", "The version that runs; always 1.", version);
  peerup_metric_set (peerup_metric_family_get (info, PEERUP_VERSION, NULL), 1);
  self->connected_peers = peerup_metrics_add (self->metrics, PEERUP_METRIC_GAUGE, "peerup_connected_peers",
                                              "Peers that are connected, by the best path to each.", path);
  self->interface_count =
    peerup_metrics_add (self->metrics, PEERUP_METRIC_GAUGE, "peerup_interface_count",
                        "Addresses of the network interfaces, without loopback and link-local ones.", ip_version);
  self->limit_refusals =
    peerup_metrics_add (self->metrics, PEERUP_METRIC_COUNTER, "peerup_limit_refusals_total",
                        "What peers were refused because of a limit, by its name under network.limits.", limit);
}

/* Those that are counted; what has few values begins with 0, so that the first change is seen as one. */
static void
add_counters (PeerupEngineMetrics *self)
{
  static const char *const decision[] = { "decision", NULL };
  static const char *const change_type[] = { "change_type", NULL };
  PeerupMetricFamily *decisions;
  PeerupMetricFamily *changes;

  decisions = peerup_metrics_add (self->metrics, PEERUP_METRIC_COUNTER, "peerup_auth_decisions_total",
                                  "Peers that connected and were let in, or were not.", decision);
  self->allowed = peerup_metric_family_get (decisions, "allow", NULL);
  self->denied = peerup_metric_family_get (decisions, "deny", NULL);
  changes = peerup_metrics_add (self->metrics, PEERUP_METRIC_COUNTER, "peerup_network_change_total",
                                "Changes of the network interfaces' addresses.", change_type);
  self->ipv4_changes = peerup_metric_family_get (changes, "ipv4", NULL);
  self->ipv6_changes = peerup_metric_family_get (changes, "ipv6", NULL);
}

static void
add_dials (PeerupEngineMetrics *self)
{
  static const char *const path_type[] = { "path_type", NULL };
  static const char *const path_type_result[] = { "path_type", "result", NULL };
  static const double seconds[] = { 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2 };

  self->dials = peerup_metrics_add (self->metrics, PEERUP_METRIC_COUNTER, "peerup_path_dial_total",
                                    "Dials of peers, by the path that was found.", path_type_result);
  peerup_metric_family_get (self->dials, "DIRECT", "success", NULL);
  peerup_metric_family_get (self->dials, "RELAYED", "success", NULL);
  peerup_metric_family_get (self->dials, "none", "failure", NULL);
  self->dial_duration =
    peerup_metrics_add_histogram (self->metrics, "peerup_path_dial_duration_seconds",
                                  "How long dials took that found a path.", path_type, seconds, G_N_ELEMENTS (seconds));
}

static void
add_requests (PeerupEngineMetrics *self)
{
  static const char *const request[] = { "method", "path", "status", NULL };
  static const double seconds[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };

  self->requests = peerup_metrics_add (self->metrics, PEERUP_METRIC_COUNTER, "peerup_daemon_requests_total",
                                       "Requests of other programs that were answered.", request);
  self->request_duration = peerup_metrics_add_histogram (self->metrics, "peerup_daemon_request_duration_seconds",
                                                         "How long requests of other programs took.", request, seconds,
                                                         G_N_ELEMENTS (seconds));
}

PeerupEngineMetrics *
peerup_engine_metrics_new (PeerupEngine *engine)
{
  PeerupEngineMetrics *self = g_new0 (PeerupEngineMetrics, 1);

  self->engine = engine;
  self->swarm = g_object_ref (engine->swarm);
  self->metrics = peerup_metrics_new ();
  self->process = peerup_process_new (self->metrics, "");
  self->relay = peerup_relay_metrics_new (self->metrics);
  self->tunnels =
    peerup_tunnel_metrics_new (self->metrics, peerup_engine_get_services (engine), peerup_engine_get_forwards (engine));
  add_gauges (self);
  add_counters (self);
  add_dials (self);
  add_requests (self);
  peerup_interfaces_read (&self->interfaces);
  g_signal_connect (self->swarm, "connection-opened", G_CALLBACK (on_connection_opened), self);
  g_signal_connect (self->swarm, "refused", G_CALLBACK (on_refused), self);
  g_signal_connect (self->swarm, "dialed", G_CALLBACK (on_dialed), self);
  g_signal_connect (self->swarm, "addresses-changed", G_CALLBACK (on_addresses_changed), self);
  return self;
}

void
peerup_engine_metrics_free (PeerupEngineMetrics *self)
{
  g_return_if_fail (self != NULL);

  g_signal_handlers_disconnect_by_data (self->swarm, self);
  peerup_tunnel_metrics_free (self->tunnels);
  peerup_relay_metrics_free (self->relay);
  peerup_process_free (self->process);
  peerup_metrics_free (self->metrics);
  g_object_unref (self->swarm);
  g_free (self);
}
