/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Follows the two lists while metrics are on. Bytes and connections are read from the objects
 * when somebody asks; only the end of a connection is told, for its duration.
 */
#include "engine/peerup-tunnel-metrics.h"

#include "tunnel/peerup-forward.h"
#include "tunnel/peerup-service.h"

/* Names that are counted by themselves: the bytes of each are two figures of a family. */
#define NAMES_MAX (PEERUP_METRICS_FAMILY_MAX / 2 - 1)

typedef struct
{
  guint64 received;
  guint64 sent;
  guint64 total;
  guint64 active;
} Sums;

/* One of the lists, and what it held when it last told. */
typedef struct
{
  PeerupTunnelMetrics *figures;
  GListModel *model;
  GPtrArray *items;
} Followed;

struct _PeerupTunnelMetrics
{
  PeerupMetricFamily *bytes;
  PeerupMetricFamily *connections;
  PeerupMetricFamily *active;
  PeerupMetricFamily *duration;
  Followed services;
  Followed forwards;
  GHashTable *gone; /* name to Sums */
};

static const char *
get_name (gpointer item)
{
  return PEERUP_IS_SERVICE (item) ? peerup_service_get_name (item) : peerup_forward_get_service (item);
}

static void
add_sums (Sums *sums, const Sums *more)
{
  sums->received += more->received;
  sums->sent += more->sent;
  sums->total += more->total;
  sums->active += more->active;
}

static void
add_item (Sums *sums, gpointer item)
{
  gboolean is_service = PEERUP_IS_SERVICE (item);
  Sums more;

  if (is_service)
    peerup_service_get_bytes (item, &more.received, &more.sent);
  else
    peerup_forward_get_bytes (item, &more.received, &more.sent);
  more.total = is_service ? peerup_service_get_total (item) : peerup_forward_get_total (item);
  more.active = is_service ? peerup_service_get_active (item) : peerup_forward_get_active (item);
  add_sums (sums, &more);
}

/* (transfer none): names are a user's own, and so many that somebody would read them. */
static Sums *
get_sums (GHashTable *table, const char *name)
{
  Sums *sums = g_hash_table_lookup (table, name);

  if (sums == NULL && g_hash_table_size (table) >= NAMES_MAX)
    {
      name = PEERUP_METRICS_OTHER;
      sums = g_hash_table_lookup (table, name);
    }
  if (sums == NULL)
    {
      sums = g_new0 (Sums, 1);
      g_hash_table_insert (table, g_strdup (name), sums);
    }
  return sums;
}

static void
on_session_ended (GObject *item, gint64 carried, gpointer data)
{
  const PeerupTunnelMetrics *self = data;
  PeerupMetric *duration = peerup_metric_family_get (self->duration, get_name (item), NULL);

  peerup_metric_observe (duration, carried / (double) G_USEC_PER_SEC);
}

/* By now whatever it carried has ended. */
static void
followed_drop (Followed *self, guint position)
{
  g_autoptr (GObject) item = g_ptr_array_steal_index (self->items, position);

  g_signal_handlers_disconnect_by_func (item, on_session_ended, self->figures);
  add_item (get_sums (self->figures->gone, get_name (item)), item);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  Followed *self = data;

  while (removed-- > 0)
    followed_drop (self, position);
  for (guint i = 0; i < added; i++)
    {
      GObject *item = g_list_model_get_item (model, position + i);

      g_signal_connect (item, "session-ended", G_CALLBACK (on_session_ended), self->figures);
      g_ptr_array_insert (self->items, position + i, item);
    }
}

static void
followed_init (Followed *self, PeerupTunnelMetrics *figures, GListModel *model)
{
  self->figures = figures;
  self->model = g_object_ref (model);
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), self);
  on_items_changed (model, 0, 0, g_list_model_get_n_items (model), self);
}

static void
followed_clear (Followed *self)
{
  g_signal_handlers_disconnect_by_func (self->model, on_items_changed, self);
  while (self->items->len > 0)
    followed_drop (self, self->items->len - 1);
  g_ptr_array_unref (self->items);
  g_object_unref (self->model);
}

PeerupTunnelMetrics *
peerup_tunnel_metrics_new (PeerupMetrics *metrics, GListModel *services, GListModel *forwards)
{
  static const char *const service[] = { "service", NULL };
  static const char *const direction_service[] = { "direction", "service", NULL };
  static const double seconds[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048 };
  PeerupTunnelMetrics *self = g_new0 (PeerupTunnelMetrics, 1);

  self->bytes = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_proxy_bytes_total",
                                    "Bytes of services and forwards: rx from peers, tx to them.", direction_service);
  self->connections = peerup_metrics_add (metrics, PEERUP_METRIC_COUNTER, "peerup_proxy_connections_total",
                                          "Connections begun to services and forwards.", service);
  self->active = peerup_metrics_add (metrics, PEERUP_METRIC_GAUGE, "peerup_proxy_active_connections",
                                     "Connections of services and forwards that are open.", service);
  self->duration = peerup_metrics_add_histogram (metrics, "peerup_proxy_duration_seconds",
                                                 "How long connections were carried that have ended.", service, seconds,
                                                 G_N_ELEMENTS (seconds));
  self->gone = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  followed_init (&self->services, self, services);
  followed_init (&self->forwards, self, forwards);
  return self;
}

void
peerup_tunnel_metrics_free (PeerupTunnelMetrics *self)
{
  g_return_if_fail (self != NULL);

  followed_clear (&self->services);
  followed_clear (&self->forwards);
  g_hash_table_unref (self->gone);
  g_free (self);
}

static void
add_followed (GHashTable *table, const Followed *followed)
{
  for (guint i = 0; i < followed->items->len; i++)
    {
      gpointer item = g_ptr_array_index (followed->items, i);

      add_item (get_sums (table, get_name (item)), item);
    }
}

void
peerup_tunnel_metrics_collect (PeerupTunnelMetrics *self)
{
  g_autoptr (GHashTable) table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  const char *name;
  const Sums *sums;

  g_return_if_fail (self != NULL);

  g_hash_table_iter_init (&iter, self->gone);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &sums))
    add_sums (get_sums (table, name), sums);
  add_followed (table, &self->services);
  add_followed (table, &self->forwards);
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &sums))
    {
      peerup_metric_set (peerup_metric_family_get (self->bytes, "rx", name, NULL), sums->received);
      peerup_metric_set (peerup_metric_family_get (self->bytes, "tx", name, NULL), sums->sent);
      peerup_metric_set (peerup_metric_family_get (self->connections, name, NULL), sums->total);
      peerup_metric_set (peerup_metric_family_get (self->active, name, NULL), sums->active);
    }
}
