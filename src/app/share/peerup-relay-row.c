/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What Relay1 says, in words, with the name that the configuration has for it, which is asked for once. */
#include "app/share/peerup-relay-row.h"

#include <glib/gi18n.h>

#include "app/model/peerup-device-text.h"
#include "app/share/peerup-share-calls.h"
#include "app/share/peerup-share-text.h"
#include "app/widgets/peerup-copy-row.h"

struct _PeerupRelayRow
{
  AdwExpanderRow parent_instance;

  PeerupSession *session;
  PeerupDBusRelay1 *relay;
  GCancellable *cancellable;
  char *name; /* (nullable): of the configuration */
  gint64 rtt_us;
  GtkImage *state_image;
  AdwActionRow *owner_row;
  PeerupCopyRow *id_row;
  AdwActionRow *limits_row;
  AdwButtonRow *remove_row;
};

G_DEFINE_FINAL_TYPE (PeerupRelayRow, peerup_relay_row, ADW_TYPE_EXPANDER_ROW)

static char *
dup_title (PeerupRelayRow *self)
{
  g_autofree char *id = NULL;

  if (self->name != NULL && self->name[0] != '\0')
    return peerup_text_clean (self->name);
  id = peerup_device_dup_short_id (peerup_dbus_relay1_get_id (self->relay));
  /* TRANSLATORS: a relay without a name; %s is the end of its peer ID */
  return g_strdup_printf (_ ("Relay %s"), id);
}

static gboolean
is_device (PeerupRelayRow *self)
{
  g_autoptr (PeerupDBusDevice1) device = peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id",
                                                                  peerup_dbus_relay1_get_id (self->relay));

  return device != NULL;
}

static void
update (PeerupRelayRow *self)
{
  const char *state = peerup_dbus_relay1_get_state (self->relay);
  gboolean silent = peerup_dbus_relay1_get_silent (self->relay);
  gboolean configured = g_strcmp0 (peerup_dbus_relay1_get_origin (self->relay), "configured") == 0;
  g_autofree char *title = dup_title (self);
  g_autofree char *words = peerup_share_describe_relay (state, silent, peerup_dbus_relay1_get_failures (self->relay),
                                                        peerup_dbus_relay1_get_error (self->relay));
  g_autofree char *limits = peerup_dbus_relay1_get_limited (self->relay)
                              ? peerup_share_describe_limits (peerup_dbus_relay1_get_limit_seconds (self->relay),
                                                              peerup_dbus_relay1_get_limit_bytes (self->relay))
                              : g_strdup (_ ("None"));
  g_autofree char *time = self->rtt_us > 0 ? peerup_text_dup_round_trip (self->rtt_us) : NULL;
  g_autofree char *subtitle =
    /* TRANSLATORS: how a relay does, and its round trip: "Ready, 48 ms" */
    time != NULL && g_strcmp0 (state, "reserved") == 0 && !silent ? g_strdup_printf (_ ("%s, %s"), words, time)
                                                                  : g_steal_pointer (&words);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self), subtitle);
  gtk_image_set_from_icon_name (self->state_image, peerup_share_get_relay_icon (state, silent));
  adw_action_row_set_subtitle (self->owner_row, !configured        ? _ ("One of your devices, as it can be reached")
                                                : is_device (self) ? _ ("One of your devices")
                                                                   : _ ("A machine that you added"));
  adw_action_row_set_subtitle (self->limits_row, limits);
  peerup_copy_row_set_text (self->id_row, peerup_dbus_relay1_get_id (self->relay));
  /* One that offers itself is not in the configuration. */
  gtk_widget_set_visible (GTK_WIDGET (self->remove_row), configured);
}

/* Its name */

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupRelayRow) self = data;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, NULL);
  g_autoptr (GVariant) facts = answer != NULL ? g_variant_get_child_value (answer, 0) : NULL;

  /* It has none that could be told, then. */
  if (facts == NULL || self->session == NULL)
    return;
  g_clear_pointer (&self->name, g_free);
  g_variant_lookup (facts, "name", "s", &self->name);
  update (self);
}

static void
resolve (PeerupRelayRow *self)
{
  const char *id = peerup_dbus_relay1_get_id (self->relay);

  if (id != NULL)
    peerup_session_call_async (self->session, "Resolve", g_variant_new ("(s)", id), self->cancellable, on_resolved,
                               g_object_ref (self));
}

/* Its end */

static void
on_response (PeerupRelayRow *self, const char *response)
{
  if (g_str_equal (response, "remove"))
    peerup_share_call (GTK_WIDGET (self), self->session, "RemoveRelay",
                       g_variant_new ("(s)", peerup_dbus_relay1_get_id (self->relay)), _ ("Cannot remove the relay"));
}

static void
on_remove (PeerupRelayRow *self)
{
  g_autofree char *title = dup_title (self);
  g_autofree char *shown = peerup_text_isolate (title);
  /* TRANSLATORS: %s is the name of a relay */
  g_autofree char *heading = g_strdup_printf (_ ("Remove %s?"), shown);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (peerup_session_get_relays (self->session)));
  AdwDialog *alert = adw_alert_dialog_new (
    heading, n > 1 ? _ ("Connections through this relay end. Other devices find this one through the other relays.")
                   : _ ("It is the only relay: connections through it end, and devices outside this network may not "
                        "reach this one any longer."));

  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (alert), "cancel", _ ("_Cancel"), "remove", _ ("_Remove"), NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (alert), "remove", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (alert), "cancel");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (alert), "cancel");
  g_signal_connect_object (alert, "response", G_CALLBACK (on_response), self, G_CONNECT_SWAPPED);
  adw_dialog_present (alert, GTK_WIDGET (self));
}

/* Object */

static void
peerup_relay_row_dispose (GObject *object)
{
  PeerupRelayRow *self = PEERUP_RELAY_ROW (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_RELAY_ROW);
  g_clear_object (&self->session);
  g_clear_object (&self->relay);
  G_OBJECT_CLASS (peerup_relay_row_parent_class)->dispose (object);
}

static void
peerup_relay_row_finalize (GObject *object)
{
  PeerupRelayRow *self = PEERUP_RELAY_ROW (object);

  g_object_unref (self->cancellable);
  g_free (self->name);
  G_OBJECT_CLASS (peerup_relay_row_parent_class)->finalize (object);
}

static void
peerup_relay_row_class_init (PeerupRelayRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_relay_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_relay_row_finalize;
  g_type_ensure (PEERUP_TYPE_COPY_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-relay-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupRelayRow, state_image);
  gtk_widget_class_bind_template_child (widget_class, PeerupRelayRow, owner_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupRelayRow, id_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupRelayRow, limits_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupRelayRow, remove_row);
  gtk_widget_class_bind_template_callback (widget_class, on_remove);
}

static void
peerup_relay_row_init (PeerupRelayRow *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
peerup_relay_row_new (PeerupSession *session, PeerupDBusRelay1 *relay)
{
  PeerupRelayRow *self = g_object_new (PEERUP_TYPE_RELAY_ROW, NULL);

  self->session = g_object_ref (session);
  self->relay = g_object_ref (relay);
  self->rtt_us = peerup_dbus_relay1_get_rtt_us (relay);
  g_signal_connect_object (relay, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_devices (session), "items-changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  update (self);
  resolve (self);
  return GTK_WIDGET (self);
}

const char *
peerup_relay_row_get_id (PeerupRelayRow *self)
{
  g_return_val_if_fail (PEERUP_IS_RELAY_ROW (self), NULL);
  return peerup_dbus_relay1_get_id (self->relay);
}

void
peerup_relay_row_set_rtt (PeerupRelayRow *self, gint64 rtt_us)
{
  g_return_if_fail (PEERUP_IS_RELAY_ROW (self));
  if (self->rtt_us == rtt_us)
    return;
  self->rtt_us = rtt_us;
  update (self);
}
