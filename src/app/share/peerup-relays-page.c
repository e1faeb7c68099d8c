/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A page of the window about the relays in use. Their round trips, of which no event tells, are asked for while the
 * page is seen. */
#include "app/share/peerup-relays-page.h"

#include "app/share/peerup-add-relay-dialog.h"
#include "app/share/peerup-own-relay-group.h"
#include "app/share/peerup-relay-row.h"
#include "app/share/peerup-share-text.h"

/* Seconds between two looks at the round trips. */
#define RTT_INTERVAL 10

struct _PeerupRelaysPage
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
  PeerupDBusEngine1 *engine; /* (nullable) */
  GCancellable *cancellable;
  guint timer; /* while it is mapped, or 0 */
  AdwBanner *relay_banner;
  AdwPreferencesGroup *relays_group;
  GtkListBox *relays_list;
  AdwPreferencesGroup *empty_group;
  PeerupOwnRelayGroup *own_group;
};

G_DEFINE_FINAL_TYPE (PeerupRelaysPage, peerup_relays_page, ADW_TYPE_NAVIGATION_PAGE)

static void
update (PeerupRelaysPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (peerup_session_get_relays (self->session)));
  const char *grade = self->engine != NULL ? peerup_dbus_engine1_get_grade (self->engine) : NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->relays_group), n > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->empty_group), n == 0 && self->engine != NULL);
  adw_banner_set_revealed (self->relay_banner, n == 0 && peerup_share_grade_is_bad (grade));
}

static void
update_engine (PeerupRelaysPage *self)
{
  if (self->engine != NULL)
    g_signal_handlers_disconnect_by_data (self->engine, self);
  g_set_object (&self->engine, peerup_session_get_engine (self->session));
  if (self->engine != NULL)
    g_signal_connect_object (self->engine, "notify::grade", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "relays.add", self->engine != NULL);
  update (self);
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  return peerup_relay_row_new (PEERUP_RELAYS_PAGE (data)->session, item);
}

/* Round trips */

static void
set_rtt (PeerupRelaysPage *self, const char *id, gint64 rtt_us)
{
  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->relays_list)); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    if (PEERUP_IS_RELAY_ROW (row) && g_strcmp0 (peerup_relay_row_get_id (PEERUP_RELAY_ROW (row)), id) == 0)
      peerup_relay_row_set_rtt (PEERUP_RELAY_ROW (row), rtt_us);
}

static void
on_relays (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupRelaysPage) self = data;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, NULL);
  g_autoptr (GVariant) list = answer != NULL ? g_variant_get_child_value (answer, 0) : NULL;
  GVariantIter iter;
  GVariant *relay;

  if (list == NULL || self->session == NULL)
    return;
  g_variant_iter_init (&iter, list);
  while ((relay = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_autoptr (GVariant) owned = relay;
      const char *id = NULL;
      gint64 rtt_us = 0;

      g_variant_lookup (owned, "rtt_us", "x", &rtt_us);
      if (g_variant_lookup (owned, "id", "&s", &id))
        set_rtt (self, id, rtt_us);
    }
}

static gboolean
ask_round_trips (gpointer data)
{
  PeerupRelaysPage *self = data;

  if (self->engine != NULL && g_list_model_get_n_items (G_LIST_MODEL (peerup_session_get_relays (self->session))) > 0)
    peerup_session_call_async (self->session, "ListRelays", NULL, self->cancellable, on_relays, g_object_ref (self));
  return G_SOURCE_CONTINUE;
}

static void
peerup_relays_page_map (GtkWidget *widget)
{
  PeerupRelaysPage *self = PEERUP_RELAYS_PAGE (widget);

  GTK_WIDGET_CLASS (peerup_relays_page_parent_class)->map (widget);
  self->timer = g_timeout_add_seconds (RTT_INTERVAL, ask_round_trips, self);
  ask_round_trips (self);
}

static void
peerup_relays_page_unmap (GtkWidget *widget)
{
  PeerupRelaysPage *self = PEERUP_RELAYS_PAGE (widget);

  g_clear_handle_id (&self->timer, g_source_remove);
  GTK_WIDGET_CLASS (peerup_relays_page_parent_class)->unmap (widget);
}

/* Object */

static void
add_relay (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupRelaysPage *self = PEERUP_RELAYS_PAGE (widget);

  adw_dialog_present (ADW_DIALOG (peerup_add_relay_dialog_new (self->session, widget)), widget);
}

static void
peerup_relays_page_dispose (GObject *object)
{
  PeerupRelaysPage *self = PEERUP_RELAYS_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->relays_list != NULL)
    gtk_list_box_bind_model (self->relays_list, NULL, NULL, NULL, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_RELAYS_PAGE);
  g_clear_object (&self->engine);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_relays_page_parent_class)->dispose (object);
}

static void
peerup_relays_page_finalize (GObject *object)
{
  g_object_unref (PEERUP_RELAYS_PAGE (object)->cancellable);
  G_OBJECT_CLASS (peerup_relays_page_parent_class)->finalize (object);
}

static void
peerup_relays_page_class_init (PeerupRelaysPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_relays_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_relays_page_finalize;
  widget_class->map = peerup_relays_page_map;
  widget_class->unmap = peerup_relays_page_unmap;
  g_type_ensure (PEERUP_TYPE_OWN_RELAY_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-relays-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupRelaysPage, relay_banner);
  gtk_widget_class_bind_template_child (widget_class, PeerupRelaysPage, relays_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupRelaysPage, relays_list);
  gtk_widget_class_bind_template_child (widget_class, PeerupRelaysPage, empty_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupRelaysPage, own_group);
  gtk_widget_class_install_action (widget_class, "relays.add", NULL, add_relay);
}

static void
peerup_relays_page_init (PeerupRelaysPage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupRelaysPage *
peerup_relays_page_new (PeerupSession *session)
{
  PeerupRelaysPage *self = g_object_new (PEERUP_TYPE_RELAYS_PAGE, NULL);
  GListModel *relays = G_LIST_MODEL (peerup_session_get_relays (session));

  self->session = g_object_ref (session);
  gtk_list_box_bind_model (self->relays_list, relays, make_row, self, NULL);
  peerup_own_relay_group_set_session (self->own_group, session);
  g_signal_connect_object (session, "notify::engine", G_CALLBACK (update_engine), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (relays, "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update_engine (self);
  return self;
}
