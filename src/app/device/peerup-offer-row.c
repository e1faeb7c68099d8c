/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A service of a device, and its local port. The switch is where the session's forwards say; a hand on it asks the
 * engine, and it follows when the engine has done so. */
#include "app/device/peerup-offer-row.h"

#include <glib/gi18n.h>

#include "app/device/peerup-meter.h"
#include "app/device/peerup-use.h"
#include "app/model/peerup-device-text.h"
#include "app/widgets/peerup-toast.h"

#define MAX_ERROR 240

struct _PeerupOfferRow
{
  AdwActionRow parent_instance;

  PeerupSession *session;
  PeerupDBusDevice1 *device;
  PeerupOffer *offer;
  PeerupDBusForward1 *forward; /* (nullable): its local port */
  GVariant *templates;         /* (nullable) */
  PeerupMeter *meter;          /* (nullable): of the forward */
  char *rate;                  /* (nullable): "1.2 MB/s" */
  char *open_uri;              /* (nullable): what the desktop can open */
  GCancellable *cancellable;

  GtkImage *icon;
  GtkButton *retry_button;
  GtkButton *copy_button;
  GtkButton *open_button;
  GtkSwitch *toggle;
};

G_DEFINE_FINAL_TYPE (PeerupOfferRow, peerup_offer_row, ADW_TYPE_ACTION_ROW)

PeerupDBusForward1 *
peerup_offer_find_forward (PeerupSession *session, const char *peer_id, const char *service)
{
  GListModel *forwards = G_LIST_MODEL (peerup_session_get_forwards (session));

  for (guint i = 0; i < g_list_model_get_n_items (forwards); i++)
    {
      g_autoptr (PeerupDBusForward1) forward = g_list_model_get_item (forwards, i);

      if (g_strcmp0 (peerup_dbus_forward1_get_peer_id (forward), peer_id) == 0 &&
          g_strcmp0 (peerup_dbus_forward1_get_service (forward), service) == 0)
        return g_steal_pointer (&forward);
    }
  return NULL;
}

/* (transfer full) */
static char *
dup_name (PeerupOfferRow *self)
{
  return peerup_text_isolate (peerup_offer_get_name (self->offer));
}

/* (transfer full) (nullable): @key of the service's kind, filled in. */
static char *
dup_use (PeerupOfferRow *self, const char *key)
{
  g_autoptr (GVariant) template = peerup_use_find_template (self->templates, peerup_offer_get_kind (self->offer));
  const char *pattern = NULL;

  if (self->forward == NULL || template == NULL || !g_variant_lookup (template, key, "&s", &pattern))
    return NULL;
  return *pattern != '\0' ? peerup_use_fill (pattern, peerup_dbus_forward1_get_address (self->forward)) : NULL;
}

/* (transfer full) (nullable) */
static char *
dup_line (PeerupOfferRow *self)
{
  char *line = dup_use (self, "use");

  if (line == NULL && self->forward != NULL)
    line = peerup_use_format_address (peerup_dbus_forward1_get_address (self->forward));
  return line;
}

static gboolean
has_failed (PeerupOfferRow *self)
{
  return self->forward != NULL && g_strcmp0 (peerup_dbus_forward1_get_state (self->forward), "failed") == 0;
}

/* What it is, while it is no local port: "SSH · terminal, files". (transfer full) */
static char *
describe_kind (PeerupOfferRow *self)
{
  g_autoptr (GVariant) template = peerup_use_find_template (self->templates, peerup_offer_get_kind (self->offer));
  g_autofree char *kind = NULL;
  g_autofree char *tags = peerup_text_clean (peerup_offer_get_tags (self->offer));
  const char *name = NULL;

  if (!peerup_offer_is_offered (self->offer))
    return g_strdup (_ ("No longer offered"));
  if (template != NULL)
    g_variant_lookup (template, "name", "&s", &name);
  kind = peerup_text_clean (name != NULL ? name : peerup_offer_get_kind (self->offer));
  return g_strconcat (kind, *kind != '\0' && *tags != '\0' ? " · " : "", tags, NULL);
}

/* (transfer full) */
static char *
describe_failure (PeerupOfferRow *self)
{
  g_autofree char *name = NULL;
  g_autofree char *error = NULL;

  /* The engine names each address that it has tried, which is too much where the device is away anyhow. */
  if (g_strcmp0 (peerup_dbus_device1_get_state (self->device), "connected") != 0)
    {
      name = peerup_device_dup_title_isolated (peerup_dbus_device1_get_name (self->device),
                                               peerup_dbus_device1_get_peer_id (self->device));
      /* TRANSLATORS: %s is a device */
      return g_strdup_printf (_ ("%s cannot be reached: check that it is on and online"), name);
    }
  error = peerup_text_clean_to (peerup_dbus_forward1_get_error (self->forward), MAX_ERROR);
  return *error != '\0' ? g_steal_pointer (&error) : g_strdup (_ ("It does not work"));
}

/* (transfer full) */
static char *
describe (PeerupOfferRow *self)
{
  g_autofree char *line = dup_line (self);
  g_autofree char *error = NULL;

  if (self->forward == NULL)
    return describe_kind (self);
  if (has_failed (self))
    {
      error = describe_failure (self);
      return g_strdup_printf ("%s\n%s", line != NULL ? line : "", error);
    }
  if (g_strcmp0 (peerup_dbus_forward1_get_state (self->forward), "connecting") == 0)
    return g_strdup_printf ("%s\n%s", line != NULL ? line : "", _ ("Connecting…"));
  if (self->rate != NULL)
    return g_strdup_printf ("%s\n%s", line != NULL ? line : "", self->rate);
  return g_strdup (line != NULL ? line : "");
}

static void
update_icon (PeerupOfferRow *self)
{
  g_autoptr (GVariant) template = peerup_use_find_template (self->templates, peerup_offer_get_kind (self->offer));
  GtkIconTheme *theme = gtk_icon_theme_get_for_display (gtk_widget_get_display (GTK_WIDGET (self)));
  const char *icon = NULL;

  if (template != NULL)
    g_variant_lookup (template, "icon", "&s", &icon);
  gtk_image_set_from_icon_name (self->icon, icon != NULL && gtk_icon_theme_has_icon (theme, icon)
                                              ? icon
                                              : "network-server-symbolic");
}

static void
on_handler_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupOfferRow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GAppInfo) handler = g_app_info_get_default_for_uri_scheme_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_visible (GTK_WIDGET (self->open_button), handler != NULL && self->open_uri != NULL);
}

/* Open is there where the desktop has a program for it. */
static void
update_open (PeerupOfferRow *self)
{
  g_autofree char *uri = dup_use (self, "open");
  g_autofree char *scheme = uri != NULL ? g_uri_parse_scheme (uri) : NULL;

  if (g_strcmp0 (uri, self->open_uri) == 0)
    return;
  g_free (self->open_uri);
  self->open_uri = scheme != NULL ? g_steal_pointer (&uri) : NULL;
  gtk_widget_set_visible (GTK_WIDGET (self->open_button), FALSE);
  if (scheme != NULL)
    g_app_info_get_default_for_uri_scheme_async (scheme, self->cancellable, on_handler_found, g_object_ref (self));
}

static void
update (PeerupOfferRow *self)
{
  g_autofree char *title = peerup_text_clean (peerup_offer_get_name (self->offer));
  g_autofree char *subtitle = describe (self);
  gboolean on = self->forward != NULL;

  /* An answer may come when the row is gone. */
  if (self->toggle == NULL)
    return;
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle);
  gtk_switch_set_active (self->toggle, on);
  gtk_switch_set_state (self->toggle, on);
  gtk_widget_set_visible (GTK_WIDGET (self->copy_button), on && !has_failed (self));
  gtk_widget_set_visible (GTK_WIDGET (self->retry_button), has_failed (self));
  update_icon (self);
  update_open (self);
}

/* The rate is asked for while somebody can see it and there is one. */
static void
update_meter (PeerupOfferRow *self)
{
  gboolean running = self->forward != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)) &&
                     peerup_dbus_forward1_get_active (self->forward) > 0;

  if (self->meter != NULL)
    peerup_meter_set_running (self->meter, running);
  if (!running)
    g_clear_pointer (&self->rate, g_free);
}

static void
on_rate (PeerupOfferRow *self, gint64 at, double bytes)
{
  g_autofree char *size = g_format_size ((guint64) bytes);

  g_clear_pointer (&self->rate, g_free);
  if (bytes >= 1)
    /* TRANSLATORS: so much data in a second: "1.2 MB/s" */
    self->rate = g_strdup_printf (_ ("%s/s"), size);
  update (self);
}

static void
on_forward_notify (PeerupOfferRow *self)
{
  update_meter (self);
  update (self);
}

/* @forward: (nullable) */
static void
set_forward (PeerupOfferRow *self, PeerupDBusForward1 *forward)
{
  if (forward == self->forward)
    return;
  if (self->forward != NULL)
    g_signal_handlers_disconnect_by_data (self->forward, self);
  g_clear_object (&self->meter);
  g_set_object (&self->forward, forward);
  if (forward != NULL)
    g_signal_connect_object (forward, "notify", G_CALLBACK (on_forward_notify), self, G_CONNECT_SWAPPED);
  if (G_IS_DBUS_PROXY (forward))
    {
      self->meter = peerup_meter_new (G_DBUS_PROXY (forward), "BytesIn", "BytesOut");
      g_signal_connect_object (self->meter, "rate", G_CALLBACK (on_rate), self, G_CONNECT_SWAPPED);
    }
}

static void
on_forwards_changed (PeerupOfferRow *self)
{
  g_autoptr (PeerupDBusForward1) forward =
    peerup_offer_find_forward (self->session, peerup_dbus_device1_get_peer_id (self->device),
                               peerup_offer_get_name (self->offer));

  set_forward (self, forward);
  update_meter (self);
  update (self);
}

/* Operations */

typedef struct
{
  PeerupOfferRow *row;
  guint16 ports[PEERUP_USE_N_PORTS];
  guint n_ports;
  guint next;
} Add;

static void
add_free (Add *add)
{
  g_object_unref (add->row);
  g_free (add);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Add, add_free)

static void add_next (Add *add);

static void
on_added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Add) add = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autofree char *name = NULL;
  g_autofree char *what = NULL;

  if (answer != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  /* Somebody else may have the port. */
  if (add->next < add->n_ports)
    {
      add_next (g_steal_pointer (&add));
      return;
    }
  name = dup_name (add->row);
  /* TRANSLATORS: %s is the name of a service; a reason follows after a colon */
  what = g_strdup_printf (_ ("Cannot use %s"), name);
  peerup_toast_error (GTK_WIDGET (add->row), what, error);
  update (add->row);
}

/* @add: (transfer full) */
static void
add_next (Add *add)
{
  PeerupOfferRow *self = add->row;
  g_autofree char *listen = g_strdup_printf ("%u", add->ports[add->next++]);
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "keep", "b", TRUE);
  peerup_session_call_async (self->session, "AddForward",
                             g_variant_new ("(sss@a{sv})", peerup_dbus_device1_get_peer_id (self->device),
                                            peerup_offer_get_name (self->offer), listen, g_variant_dict_end (&options)),
                             self->cancellable, on_added, add);
}

static void
add_forward (PeerupOfferRow *self)
{
  g_autoptr (GVariant) template = peerup_use_find_template (self->templates, peerup_offer_get_kind (self->offer));
  Add *add = g_new0 (Add, 1);

  add->row = g_object_ref (self);
  add->n_ports = peerup_use_list_ports (template, add->ports);
  add_next (add);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupOfferRow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autofree char *name = NULL;
  g_autofree char *what = NULL;

  if (answer != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  name = dup_name (self);
  /* TRANSLATORS: %s is the name of a service; a reason follows after a colon */
  what = g_strdup_printf (_ ("Cannot stop using %s"), name);
  peerup_toast_error (GTK_WIDGET (self), what, error);
  update (self);
}

static gboolean
on_state_set (PeerupOfferRow *self, gboolean wanted)
{
  if (wanted == (self->forward != NULL))
    return FALSE;
  if (wanted)
    add_forward (self);
  else
    peerup_session_call_async (self->session, "RemoveForward",
                               g_variant_new ("(s)", peerup_dbus_forward1_get_id (self->forward)), self->cancellable,
                               on_removed, g_object_ref (self));
  return TRUE;
}

/* A forward forgets its failure when it is made anew; first the device must be there. */
static void
on_forward_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupOfferRow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  g_autofree char *name = NULL;
  g_autofree char *what = NULL;

  if (answer != NULL)
    {
      add_forward (self);
      return;
    }
  name = dup_name (self);
  what = g_strdup_printf (_ ("Cannot use %s"), name);
  peerup_toast_error (GTK_WIDGET (self), what, error);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupOfferRow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autofree char *name = dup_name (self);
  g_autofree char *what = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->retry_button), TRUE);
  if (answer != NULL && has_failed (self))
    {
      peerup_session_call_async (self->session, "RemoveForward",
                                 g_variant_new ("(s)", peerup_dbus_forward1_get_id (self->forward)), self->cancellable,
                                 on_forward_ended, g_object_ref (self));
      return;
    }
  if (answer != NULL)
    return;
  what = g_strdup_printf (_ ("Cannot use %s"), name);
  peerup_toast_error (GTK_WIDGET (self), what, error);
}

static void
on_retry (PeerupOfferRow *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->retry_button), FALSE);
  peerup_session_call_async (self->session, "Connect",
                             g_variant_new ("(s)", peerup_dbus_device1_get_peer_id (self->device)), self->cancellable,
                             on_connected, g_object_ref (self));
}

static void
on_copy (PeerupOfferRow *self)
{
  g_autofree char *line = dup_line (self);

  if (line == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), line);
  peerup_toast (GTK_WIDGET (self), _ ("Copied"));
}

static void
on_launched (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupOfferRow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = dup_name (self);
  g_autofree char *what = NULL;

  if (gtk_uri_launcher_launch_finish (GTK_URI_LAUNCHER (source), result, &error) ||
      g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_DISMISSED))
    return;
  /* TRANSLATORS: %s is the name of a service; a reason follows after a colon */
  what = g_strdup_printf (_ ("Cannot open %s"), name);
  peerup_toast_error (GTK_WIDGET (self), what, error);
}

static void
on_open (PeerupOfferRow *self)
{
  g_autoptr (GtkUriLauncher) launcher = gtk_uri_launcher_new (self->open_uri);

  gtk_uri_launcher_launch (launcher, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), self->cancellable,
                           on_launched, g_object_ref (self));
}

void
peerup_offer_row_set_templates (PeerupOfferRow *self, GVariant *templates)
{
  g_return_if_fail (PEERUP_IS_OFFER_ROW (self));
  if (templates == self->templates)
    return;
  g_clear_pointer (&self->templates, g_variant_unref);
  if (templates != NULL)
    self->templates = g_variant_ref (templates);
  update (self);
}

static void
on_mapped (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (peerup_offer_row_parent_class)->map (widget);
  update_meter (PEERUP_OFFER_ROW (widget));
}

static void
on_unmapped (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (peerup_offer_row_parent_class)->unmap (widget);
  update_meter (PEERUP_OFFER_ROW (widget));
}

static void
peerup_offer_row_dispose (GObject *object)
{
  PeerupOfferRow *self = PEERUP_OFFER_ROW (object);

  g_cancellable_cancel (self->cancellable);
  if (self->forward != NULL)
    set_forward (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_OFFER_ROW);
  G_OBJECT_CLASS (peerup_offer_row_parent_class)->dispose (object);
}

static void
peerup_offer_row_finalize (GObject *object)
{
  PeerupOfferRow *self = PEERUP_OFFER_ROW (object);

  g_clear_object (&self->session);
  g_clear_object (&self->device);
  g_clear_object (&self->offer);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->templates, g_variant_unref);
  g_free (self->rate);
  g_free (self->open_uri);
  G_OBJECT_CLASS (peerup_offer_row_parent_class)->finalize (object);
}

static void
peerup_offer_row_class_init (PeerupOfferRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_offer_row_dispose;
  object_class->finalize = peerup_offer_row_finalize;
  widget_class->map = on_mapped;
  widget_class->unmap = on_unmapped;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/device/peerup-offer-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupOfferRow, icon);
  gtk_widget_class_bind_template_child (widget_class, PeerupOfferRow, retry_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupOfferRow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupOfferRow, open_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupOfferRow, toggle);
  gtk_widget_class_bind_template_callback (widget_class, on_retry);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
  gtk_widget_class_bind_template_callback (widget_class, on_state_set);
}

static void
peerup_offer_row_init (PeerupOfferRow *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
peerup_offer_row_new (PeerupSession *session, PeerupDBusDevice1 *device, PeerupOffer *offer, GVariant *templates)
{
  PeerupOfferRow *self = g_object_new (PEERUP_TYPE_OFFER_ROW, NULL);

  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  self->offer = g_object_ref (offer);
  self->templates = templates != NULL ? g_variant_ref (templates) : NULL;
  g_signal_connect_object (peerup_session_get_forwards (session), "items-changed", G_CALLBACK (on_forwards_changed),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (device, "notify::state", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  on_forwards_changed (self);
  return GTK_WIDGET (self);
}
