/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How a device is reached. The legs over a relay are measured now and then while the group is shown; all else follows
 * the device. */
#include "app/device/peerup-connection-group.h"

#include <glib/gi18n.h>

#include "app/device/peerup-graph.h"
#include "app/device/peerup-meter.h"
#include "app/device/peerup-path-view.h"
#include "app/model/peerup-device-text.h"

#define MAX_EXPLANATION 600
/* Seconds between two measurements of the legs over a relay. */
#define LEGS_INTERVAL 15

struct _PeerupConnectionGroup
{
  AdwPreferencesGroup parent_instance;

  PeerupSession *session;
  PeerupDBusDevice1 *device;
  PeerupMeter *meter; /* (nullable) */
  PeerupSamples *round_trips;
  PeerupSamples *rates;
  GCancellable *trace; /* (nullable): while the legs are measured */
  guint legs_timer;    /* while they are seen */
  char *traced_relay;  /* (nullable): the relay whose legs these are */
  gint64 near_us;      /* 0: not known */
  gint64 far_us;

  PeerupPathView *path_view;
  GtkLabel *explanation;
  GtkWidget *graph_row;
  GtkLabel *round_trip_label;
  PeerupGraph *round_trip_graph;
  GtkLabel *rate_label;
  PeerupGraph *rate_graph;
};

G_DEFINE_FINAL_TYPE (PeerupConnectionGroup, peerup_connection_group, ADW_TYPE_PREFERENCES_GROUP)

static gboolean
is_connected (PeerupConnectionGroup *self)
{
  return g_strcmp0 (peerup_dbus_device1_get_state (self->device), "connected") == 0;
}

static PeerupPath
find_path (PeerupConnectionGroup *self)
{
  if (!is_connected (self) || peerup_dbus_device1_get_silent (self->device))
    return PEERUP_PATH_NONE;
  return g_strcmp0 (peerup_dbus_device1_get_path (self->device), "relayed") == 0 ? PEERUP_PATH_RELAYED
                                                                                 : PEERUP_PATH_DIRECT;
}

static void
update_path (PeerupConnectionGroup *self)
{
  PeerupPath path = find_path (self);
  const char *relay_id = peerup_dbus_device1_get_relay_id (self->device);
  g_autofree char *name = peerup_device_dup_title (peerup_dbus_device1_get_name (self->device),
                                                   peerup_dbus_device1_get_peer_id (self->device));
  g_autofree char *relay = NULL;
  gboolean traced = path == PEERUP_PATH_RELAYED && g_strcmp0 (relay_id, self->traced_relay) == 0;

  if (path == PEERUP_PATH_RELAYED && relay_id != NULL && *relay_id != '\0')
    relay = peerup_path_view_dup_relay (peerup_dbus_device1_get_relay_name (self->device), relay_id);
  if (path == PEERUP_PATH_DIRECT)
    peerup_path_view_set (self->path_view, path, name, NULL, peerup_dbus_device1_get_rtt_us (self->device), 0);
  else
    peerup_path_view_set (self->path_view, path, name, relay, traced ? self->near_us : 0, traced ? self->far_us : 0);
}

/* A peer ID is for Details: @text has the end of the relay's instead. (transfer full) */
static char *
shorten_relay (PeerupConnectionGroup *self, const char *text)
{
  const char *relay_id = peerup_dbus_device1_get_relay_id (self->device);
  g_autofree char *short_id = peerup_device_dup_short_id (relay_id);
  GString *out = g_string_new (text);

  if (*short_id != '\0')
    g_string_replace (out, relay_id, short_id, 0);
  return g_string_free (out, FALSE);
}

static void
update_explanation (PeerupConnectionGroup *self)
{
  g_autofree char *clean = peerup_text_clean_to (peerup_dbus_device1_get_explanation (self->device), MAX_EXPLANATION);
  g_autofree char *text = NULL;

  if (peerup_dbus_device1_get_ended (self->device))
    text = g_strdup (_ ("Its time is over: it is not let in any more."));
  else if (g_strcmp0 (peerup_dbus_device1_get_state (self->device), "disconnected") == 0)
    text = g_strdup (_ ("Not connected now. This comes back by itself when both devices are online."));
  else
    text = shorten_relay (self, clean);
  gtk_label_set_label (self->explanation, text);
  gtk_widget_set_visible (GTK_WIDGET (self->explanation), *text != '\0');
}

/* Numbers */

static void
update_round_trip (PeerupConnectionGroup *self)
{
  gint64 us = peerup_dbus_device1_get_rtt_us (self->device);
  g_autofree char *now = us > 0 ? peerup_text_dup_round_trip (us) : g_strdup ("–");
  g_autofree char *name = NULL;

  /* TRANSLATORS: what a graph shows; %s is the last value, as "6 ms" */
  name = g_strdup_printf (_ ("Round trip over the last three minutes, now %s"), now);
  gtk_label_set_label (self->round_trip_label, now);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->round_trip_graph), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
update_rate (PeerupConnectionGroup *self, double bytes)
{
  g_autofree char *size = g_format_size ((guint64) bytes);
  g_autofree char *now = g_strdup_printf (_ ("%s/s"), size);
  /* TRANSLATORS: what a graph shows; %s is the last value, as "1.2 MB/s" */
  g_autofree char *name = g_strdup_printf (_ ("Data over the last three minutes, now %s"), now);

  gtk_label_set_label (self->rate_label, now);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->rate_graph), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
on_rate (PeerupConnectionGroup *self, gint64 at, double bytes)
{
  gint64 us = peerup_dbus_device1_get_rtt_us (self->device);

  if (us > 0)
    peerup_samples_add (self->round_trips, at, (double) us);
  peerup_samples_add (self->rates, at, bytes);
  update_rate (self, bytes);
}

/* Legs */

static void
take_legs (PeerupConnectionGroup *self, GVariant *trace)
{
  g_autoptr (GVariant) hops = g_variant_lookup_value (trace, "hops", G_VARIANT_TYPE ("aa{sv}"));
  gint64 legs[2] = { 0, 0 };

  for (gsize i = 0; hops != NULL && i < MIN (g_variant_n_children (hops), G_N_ELEMENTS (legs)); i++)
    {
      g_autoptr (GVariant) hop = g_variant_get_child_value (hops, i);

      g_variant_lookup (hop, "leg_us", "x", &legs[i]);
    }
  self->near_us = legs[0];
  self->far_us = legs[1];
}

static void
on_traced (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupConnectionGroup) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autoptr (GVariant) trace = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->trace);
  if (answer == NULL)
    return;
  g_variant_get (answer, "(@a{sv})", &trace);
  take_legs (self, trace);
  update_path (self);
}

static void
stop_trace (PeerupConnectionGroup *self)
{
  if (self->trace != NULL)
    g_cancellable_cancel (self->trace);
  g_clear_object (&self->trace);
}

static void
measure_legs (PeerupConnectionGroup *self)
{
  self->trace = g_cancellable_new ();
  peerup_session_call_async (self->session, "Trace",
                             g_variant_new ("(s)", peerup_dbus_device1_get_peer_id (self->device)), self->trace,
                             on_traced, g_object_ref (self));
}

static gboolean
on_legs_due (gpointer data)
{
  PeerupConnectionGroup *self = data;

  /* What takes longer has no need of another one. */
  if (self->trace == NULL)
    measure_legs (self);
  return G_SOURCE_CONTINUE;
}

static void
update_trace (PeerupConnectionGroup *self)
{
  const char *relay_id = peerup_dbus_device1_get_relay_id (self->device);

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) || find_path (self) != PEERUP_PATH_RELAYED)
    {
      g_clear_handle_id (&self->legs_timer, g_source_remove);
      return;
    }
  if (g_set_str (&self->traced_relay, relay_id))
    {
      stop_trace (self);
      self->near_us = self->far_us = 0;
    }
  else if (self->legs_timer != 0)
    return;
  g_clear_handle_id (&self->legs_timer, g_source_remove);
  self->legs_timer = g_timeout_add_seconds (LEGS_INTERVAL, on_legs_due, self);
  on_legs_due (self);
}

static void
update (PeerupConnectionGroup *self)
{
  gboolean connected = is_connected (self);

  gtk_widget_set_visible (self->graph_row, connected);
  if (self->meter != NULL)
    peerup_meter_set_running (self->meter, connected && gtk_widget_get_mapped (GTK_WIDGET (self)));
  update_trace (self);
  update_path (self);
  update_explanation (self);
  update_round_trip (self);
}

void
peerup_connection_group_set_device (PeerupConnectionGroup *self, PeerupSession *session, PeerupDBusDevice1 *device)
{
  g_return_if_fail (PEERUP_IS_CONNECTION_GROUP (self) && self->device == NULL);
  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  if (G_IS_DBUS_PROXY (device))
    {
      self->meter = peerup_meter_new (G_DBUS_PROXY (device), "BytesReceived", "BytesSent");
      g_signal_connect_object (self->meter, "rate", G_CALLBACK (on_rate), self, G_CONNECT_SWAPPED);
    }
  g_signal_connect_object (device, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update_rate (self, 0);
  update (self);
}

static void
on_mapped (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (peerup_connection_group_parent_class)->map (widget);
  update (PEERUP_CONNECTION_GROUP (widget));
}

static void
on_unmapped (GtkWidget *widget)
{
  PeerupConnectionGroup *self = PEERUP_CONNECTION_GROUP (widget);

  GTK_WIDGET_CLASS (peerup_connection_group_parent_class)->unmap (widget);
  if (self->meter != NULL)
    peerup_meter_set_running (self->meter, FALSE);
  update_trace (self);
}

static void
peerup_connection_group_dispose (GObject *object)
{
  PeerupConnectionGroup *self = PEERUP_CONNECTION_GROUP (object);

  g_clear_handle_id (&self->legs_timer, g_source_remove);
  stop_trace (self);
  g_clear_object (&self->meter);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_CONNECTION_GROUP);
  G_OBJECT_CLASS (peerup_connection_group_parent_class)->dispose (object);
}

static void
peerup_connection_group_finalize (GObject *object)
{
  PeerupConnectionGroup *self = PEERUP_CONNECTION_GROUP (object);

  g_clear_object (&self->session);
  g_clear_object (&self->device);
  g_clear_object (&self->round_trips);
  g_clear_object (&self->rates);
  g_free (self->traced_relay);
  G_OBJECT_CLASS (peerup_connection_group_parent_class)->finalize (object);
}

static void
peerup_connection_group_class_init (PeerupConnectionGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_connection_group_dispose;
  object_class->finalize = peerup_connection_group_finalize;
  widget_class->map = on_mapped;
  widget_class->unmap = on_unmapped;
  g_type_ensure (PEERUP_TYPE_GRAPH);
  g_type_ensure (PEERUP_TYPE_PATH_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/device/peerup-connection-group.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupConnectionGroup, path_view);
  gtk_widget_class_bind_template_child (widget_class, PeerupConnectionGroup, explanation);
  gtk_widget_class_bind_template_child (widget_class, PeerupConnectionGroup, graph_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupConnectionGroup, round_trip_label);
  gtk_widget_class_bind_template_child (widget_class, PeerupConnectionGroup, round_trip_graph);
  gtk_widget_class_bind_template_child (widget_class, PeerupConnectionGroup, rate_label);
  gtk_widget_class_bind_template_child (widget_class, PeerupConnectionGroup, rate_graph);
}

static void
peerup_connection_group_init (PeerupConnectionGroup *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->round_trips = peerup_samples_new ();
  self->rates = peerup_samples_new ();
  peerup_graph_set_samples (self->round_trip_graph, self->round_trips);
  peerup_graph_set_samples (self->rate_graph, self->rates);
}
