/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Tries the connection with a device. One question at a time; closing the dialog takes the open one back. */
#include "app/device/peerup-test-dialog.h"

#include <glib/gi18n.h>

#include "app/device/peerup-path-view.h"
#include "app/model/peerup-device-text.h"
#include "app/widgets/peerup-toast.h"

#define N_PINGS  5
#define MAX_TEXT 600

struct _PeerupTestDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  PeerupDBusDevice1 *device;
  GCancellable *cancellable;
  guint n_pings;
  GString *report; /* what Copy copies */

  AdwWindowTitle *window_title;
  GtkWidget *copy_button;
  AdwPreferencesGroup *ping_group;
  GtkWidget *spinner;
  GtkWidget *trace_group;
  GtkListBox *trace_list;
  GtkLabel *explanation;
};

G_DEFINE_FINAL_TYPE (PeerupTestDialog, peerup_test_dialog, ADW_TYPE_DIALOG)

static void ping (PeerupTestDialog *self);

/* @title, @text: plain */
static GtkWidget *
make_row (PeerupTestDialog *self, const char *title, const char *text)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  adw_action_row_set_subtitle_selectable (ADW_ACTION_ROW (row), TRUE);
  gtk_widget_add_css_class (row, "property");
  g_string_append_printf (self->report, "%s: %s\n", title, text);
  return row;
}

static void
end (PeerupTestDialog *self)
{
  gtk_widget_set_visible (self->spinner, FALSE);
  gtk_widget_set_sensitive (self->copy_button, TRUE);
}

/* (transfer full): of a leg. */
static char *
describe_hop (GVariant *hop)
{
  const char *transport = "", *address = "";
  g_autofree char *where = NULL;
  g_autofree char *time = NULL;
  gint64 us = 0;

  g_variant_lookup (hop, "transport", "&s", &transport);
  g_variant_lookup (hop, "address", "&s", &address);
  where = peerup_text_clean_to (*address != '\0' ? address : transport, MAX_TEXT);
  if (!g_variant_lookup (hop, "leg_us", "x", &us))
    g_variant_lookup (hop, "rtt_us", "x", &us);
  if (us <= 0)
    return *where != '\0' ? g_steal_pointer (&where) : g_strdup (_ ("Not known"));
  time = peerup_text_dup_round_trip (us);
  return *where != '\0' ? g_strdup_printf ("%s · %s", time, where) : g_steal_pointer (&time);
}

static void
show_trace (PeerupTestDialog *self, GVariant *trace)
{
  g_autoptr (GVariant) hops = g_variant_lookup_value (trace, "hops", G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *clean = NULL;
  const char *explanation = "";

  for (gsize i = 0, n = hops != NULL ? g_variant_n_children (hops) : 0; i < n; i++)
    {
      g_autoptr (GVariant) hop = g_variant_get_child_value (hops, i);
      const char *id = "", *name = "";
      g_autofree char *called = NULL;
      g_autofree char *title = NULL;
      g_autofree char *text = describe_hop (hop);
      g_autofree char *to = NULL;

      g_variant_lookup (hop, "peer_id", "&s", &id);
      g_variant_lookup (hop, "name", "&s", &name);
      called = i + 1 < n ? peerup_path_view_dup_relay (name, id) : peerup_device_dup_title (name, id);
      title = peerup_text_isolate (called);
      /* TRANSLATORS: a part of the path; %s is the device or relay it leads to */
      to = g_strdup_printf (_ ("To %s"), title);
      gtk_list_box_append (self->trace_list, make_row (self, to, text));
    }
  g_variant_lookup (trace, "explanation", "&s", &explanation);
  clean = peerup_text_clean_to (explanation, MAX_TEXT);
  gtk_label_set_label (self->explanation, clean);
  g_string_append (self->report, clean);
  gtk_widget_set_visible (self->trace_group, TRUE);
}

static void
on_traced (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupTestDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autoptr (GVariant) trace = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer != NULL)
    {
      g_variant_get (answer, "(@a{sv})", &trace);
      show_trace (self, trace);
    }
  else
    {
      g_autofree char *text = peerup_text_clean_to (error->message, MAX_TEXT);

      gtk_label_set_label (self->explanation, text);
      gtk_widget_set_visible (GTK_WIDGET (self->trace_list), FALSE);
      gtk_widget_set_visible (self->trace_group, TRUE);
      g_string_append (self->report, text);
    }
  end (self);
}

/* (transfer full) */
static char *
describe_ping (GVariant *answer)
{
  g_autofree char *time = NULL;
  const char *path;
  guint64 us;

  g_variant_get (answer, "(t&s)", &us, &path);
  time = peerup_text_dup_round_trip ((gint64) MIN (us, G_MAXINT64));
  if (g_str_equal (path, "relayed"))
    /* TRANSLATORS: %s is a time as "6 ms" */
    return g_strdup_printf (_ ("%s, over a relay"), time);
  /* TRANSLATORS: %s is a time as "6 ms" */
  return g_strdup_printf (_ ("%s, directly"), time);
}

static void
on_ping (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupTestDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autofree char *title = NULL;
  g_autofree char *text = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->n_pings++;
  /* TRANSLATORS: the first, second, … of several tries */
  title = g_strdup_printf (_ ("Try %u"), self->n_pings);
  text = answer != NULL ? describe_ping (answer) : peerup_text_clean_to (error->message, MAX_TEXT);
  adw_preferences_group_add (self->ping_group, make_row (self, title, text));
  /* Who cannot be reached is not asked again and again: each takes its time. */
  if (answer == NULL && self->n_pings == 1)
    {
      end (self);
      return;
    }
  if (self->n_pings < N_PINGS)
    {
      ping (self);
      return;
    }
  peerup_session_call_async (self->session, "Trace",
                             g_variant_new ("(s)", peerup_dbus_device1_get_peer_id (self->device)), self->cancellable,
                             on_traced, g_object_ref (self));
}

static void
ping (PeerupTestDialog *self)
{
  peerup_session_call_async (self->session, "Ping",
                             g_variant_new ("(s)", peerup_dbus_device1_get_peer_id (self->device)), self->cancellable,
                             on_ping, g_object_ref (self));
}

static void
on_copy (PeerupTestDialog *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->report->str);
  peerup_toast (self->copy_button, _ ("Copied to the clipboard"));
}

static void
on_closed (AdwDialog *dialog)
{
  g_cancellable_cancel (PEERUP_TEST_DIALOG (dialog)->cancellable);
}

static void
peerup_test_dialog_dispose (GObject *object)
{
  PeerupTestDialog *self = PEERUP_TEST_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_TEST_DIALOG);
  G_OBJECT_CLASS (peerup_test_dialog_parent_class)->dispose (object);
}

static void
peerup_test_dialog_finalize (GObject *object)
{
  PeerupTestDialog *self = PEERUP_TEST_DIALOG (object);

  g_clear_object (&self->session);
  g_clear_object (&self->device);
  g_clear_object (&self->cancellable);
  g_string_free (self->report, TRUE);
  G_OBJECT_CLASS (peerup_test_dialog_parent_class)->finalize (object);
}

static void
peerup_test_dialog_class_init (PeerupTestDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_test_dialog_dispose;
  object_class->finalize = peerup_test_dialog_finalize;
  ADW_DIALOG_CLASS (klass)->closed = on_closed;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/device/peerup-test-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupTestDialog, window_title);
  gtk_widget_class_bind_template_child (widget_class, PeerupTestDialog, copy_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupTestDialog, ping_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupTestDialog, spinner);
  gtk_widget_class_bind_template_child (widget_class, PeerupTestDialog, trace_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupTestDialog, trace_list);
  gtk_widget_class_bind_template_child (widget_class, PeerupTestDialog, explanation);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
}

static void
peerup_test_dialog_init (PeerupTestDialog *self)
{
  self->cancellable = g_cancellable_new ();
  self->report = g_string_new (NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

AdwDialog *
peerup_test_dialog_new (PeerupSession *session, PeerupDBusDevice1 *device)
{
  PeerupTestDialog *self = g_object_new (PEERUP_TYPE_TEST_DIALOG, NULL);
  g_autofree char *title =
    peerup_device_dup_title (peerup_dbus_device1_get_name (device), peerup_dbus_device1_get_peer_id (device));

  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  adw_window_title_set_subtitle (self->window_title, title);
  g_string_append_printf (self->report, "%s (%s)\n", title, peerup_dbus_device1_get_peer_id (device));
  ping (self);
  return ADW_DIALOG (self);
}
