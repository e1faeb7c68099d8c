/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is known of a device. The rows are made anew with each answer of the engine, which comes when one of the
 * device's connections came or went; all texts of peers are plain. */
#include "app/device/peerup-details-dialog.h"

#include <glib/gi18n.h>

#include "app/device/peerup-until.h"
#include "app/model/peerup-device-text.h"
#include "app/widgets/peerup-copy-row.h"
#include "app/widgets/peerup-toast.h"

#define MAX_TEXT   400
#define MAX_EVENTS 30

struct _PeerupDetailsDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  PeerupDBusDevice1 *device;
  GCancellable *cancellable;
  gboolean asking;
  gboolean again;    /* something has changed since it was asked */
  GPtrArray *groups; /* of Group: what the page has */
  guint n_groups;    /* of them, those that are told of already, while it is filled */
  GString *report;   /* what Copy All copies */

  AdwWindowTitle *window_title;
  GtkWidget *copy_button;
  AdwPreferencesPage *page;
};

/* Rows stay where they are while they have the same titles, so that who reads or copies one is not interrupted. */
typedef struct
{
  char *title;
  AdwPreferencesGroup *widget;
  GPtrArray *rows; /* of PeerupCopyRow, borrowed */
  guint n_rows;    /* of them, those that are told of already */
} Group;

G_DEFINE_FINAL_TYPE (PeerupDetailsDialog, peerup_details_dialog, ADW_TYPE_DIALOG)

static void
group_free (gpointer data)
{
  Group *group = data;

  g_free (group->title);
  g_ptr_array_unref (group->rows);
  g_free (group);
}

/* Takes away the rows that are not told of. */
static void
cut_rows (Group *group)
{
  while (group->rows->len > group->n_rows)
    {
      adw_preferences_group_remove (group->widget, group->rows->pdata[group->rows->len - 1]);
      g_ptr_array_set_size (group->rows, (int) group->rows->len - 1);
    }
}

static void
cut_groups (PeerupDetailsDialog *self)
{
  while (self->groups->len > self->n_groups)
    {
      const Group *group = self->groups->pdata[self->groups->len - 1];

      adw_preferences_page_remove (self->page, group->widget);
      g_ptr_array_set_size (self->groups, (int) self->groups->len - 1);
    }
}

/* @text: (nullable): nothing is added for an empty one. */
static void
add_row (PeerupDetailsDialog *self, Group *group, const char *title, const char *text)
{
  g_autofree char *clean = peerup_text_clean_to (text, MAX_TEXT);
  GtkWidget *row = group->n_rows < group->rows->len ? group->rows->pdata[group->n_rows] : NULL;

  if (*clean == '\0')
    return;
  g_string_append_printf (self->report, "%s: %s\n", title, clean);
  if (row != NULL && g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), title))
    {
      peerup_copy_row_set_text (PEERUP_COPY_ROW (row), clean);
    }
  else
    {
      cut_rows (group);
      row = peerup_copy_row_new (title, clean);
      adw_preferences_group_add (group->widget, row);
      g_ptr_array_add (group->rows, row);
    }
  group->n_rows++;
}

/* @title: plain */
static Group *
add_group (PeerupDetailsDialog *self, const char *title)
{
  Group *group = self->n_groups < self->groups->len ? self->groups->pdata[self->n_groups] : NULL;
  g_autofree char *escaped = g_markup_escape_text (title, -1);

  if (group == NULL || !g_str_equal (group->title, title))
    {
      cut_groups (self);
      group = g_new0 (Group, 1);
      group->title = g_strdup (title);
      group->widget = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
      group->rows = g_ptr_array_new ();
      adw_preferences_group_set_title (group->widget, escaped);
      adw_preferences_page_add (self->page, group->widget);
      g_ptr_array_add (self->groups, group);
    }
  self->n_groups++;
  group->n_rows = 0;
  g_string_append_printf (self->report, "%s%s\n", self->report->len > 0 ? "\n" : "", title);
  return group;
}

/* (transfer full) */
static char *
format_time (gint64 seconds)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (seconds);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  /* TRANSLATORS: a date and a time; see strftime(3) */
  return local != NULL ? g_date_time_format (local, _ ("%-d %B %Y, %H:%M:%S")) : g_strdup ("");
}

static const char *
lookup_text (GVariant *dict, const char *key)
{
  const char *text = "";

  g_variant_lookup (dict, key, "&s", &text);
  return text;
}

static void
add_time_row (PeerupDetailsDialog *self, Group *group, const char *title, GVariant *dict, const char *key)
{
  g_autofree char *text = NULL;
  gint64 us = 0;

  if (!g_variant_lookup (dict, key, "x", &us) || us <= 0)
    return;
  text = peerup_text_dup_round_trip (us);
  add_row (self, group, title, text);
}

static void
add_bytes_row (PeerupDetailsDialog *self, Group *group, GVariant *dict)
{
  guint64 received = 0, sent = 0;
  g_autofree char *in = NULL;
  g_autofree char *out = NULL;
  g_autofree char *text = NULL;

  g_variant_lookup (dict, "bytes_received", "t", &received);
  g_variant_lookup (dict, "bytes_sent", "t", &sent);
  in = g_format_size (received);
  out = g_format_size (sent);
  /* TRANSLATORS: both are amounts of data: "12 MB received, 3 MB sent" */
  text = g_strdup_printf (_ ("%s received, %s sent"), in, out);
  add_row (self, group, _ ("Data"), text);
}

static void
add_number_row (PeerupDetailsDialog *self, Group *group, const char *title, GVariant *dict, const char *key)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (dict, key, NULL);
  g_autofree char *text = value != NULL ? g_variant_print (value, FALSE) : NULL;

  add_row (self, group, title, text);
}

static void
add_age_row (PeerupDetailsDialog *self, Group *group, GVariant *dict)
{
  g_autofree char *text = NULL;
  gint64 age = 0;

  if (!g_variant_lookup (dict, "age_us", "x", &age))
    return;
  text = format_time ((g_get_real_time () - age) / G_USEC_PER_SEC);
  add_row (self, group, _ ("Open Since"), text);
}

static void
add_connection (PeerupDetailsDialog *self, GVariant *path, guint number)
{
  /* TRANSLATORS: one of several connections */
  g_autofree char *title =
    number == 0 ? g_strdup (_ ("Connection in Use")) : g_strdup_printf (_ ("Connection %u"), number + 1);
  Group *group = add_group (self, title);
  gboolean relayed = g_str_equal (lookup_text (path, "path"), "relayed");
  gboolean outbound = FALSE, silent = FALSE;

  g_variant_lookup (path, "outbound", "b", &outbound);
  g_variant_lookup (path, "silent", "b", &silent);
  add_row (self, group, _ ("Path"), relayed ? _ ("Over a relay") : _ ("Direct"));
  if (silent)
    add_row (self, group, _ ("State"), _ ("Gives no sign of life"));
  add_row (self, group, _ ("Address There"), lookup_text (path, "remote_address"));
  add_row (self, group, _ ("Address Here"), lookup_text (path, "local_address"));
  add_row (self, group, _ ("Transport"), lookup_text (path, "transport"));
  add_row (self, group, _ ("Security"), lookup_text (path, "security"));
  add_row (self, group, _ ("Multiplexer"), lookup_text (path, "muxer"));
  add_row (self, group, _ ("Opened By"), outbound ? _ ("This device") : _ ("The other device"));
  add_age_row (self, group, path);
  add_time_row (self, group, _ ("Round Trip"), path, "rtt_us");
  add_time_row (self, group, _ ("Least Round Trip"), path, "rtt_min_us");
  add_bytes_row (self, group, path);
  add_number_row (self, group, _ ("Streams"), path, "n_streams");
  add_number_row (self, group, _ ("Packets Lost"), path, "packets_lost");
  add_number_row (self, group, _ ("Bytes of a Packet"), path, "path_mtu");
  cut_rows (group);
}

static void
add_events (PeerupDetailsDialog *self, GVariant *events)
{
  gsize n = g_variant_n_children (events);
  Group *group;

  if (n == 0)
    return;
  group = add_group (self, _ ("What Happened"));
  for (gsize i = n; i > 0 && n - i < MAX_EVENTS; i--)
    {
      g_autoptr (GVariant) event = g_variant_get_child_value (events, i - 1);
      g_autofree char *time = NULL;
      gint64 at = 0;

      g_variant_lookup (event, "at_us", "x", &at);
      time = format_time (at / G_USEC_PER_SEC);
      add_row (self, group, time, lookup_text (event, "text"));
    }
  cut_rows (group);
}

static void
add_device (PeerupDetailsDialog *self)
{
  g_autoptr (PeerupDBusPeer1) peer = peerup_object_list_find (peerup_session_get_peers (self->session), "id",
                                                              peerup_dbus_device1_get_peer_id (self->device));
  gint64 expires = peerup_dbus_device1_get_expires_at (self->device);
  g_autofree char *ends = expires > 0 ? format_time (expires) : NULL;
  Group *group = add_group (self, _ ("Device"));

  add_row (self, group, _ ("Peer ID"), peerup_dbus_device1_get_peer_id (self->device));
  add_row (self, group, _ ("Name"), peerup_dbus_device1_get_name (self->device));
  add_row (self, group, _ ("Note"), peerup_dbus_device1_get_comment (self->device));
  add_row (self, group, _ ("Program"), peer != NULL ? peerup_dbus_peer1_get_agent (peer) : NULL);
  add_row (self, group, _ ("Compared"), peerup_dbus_device1_get_verified (self->device) ? _ ("Yes") : _ ("Not yet"));
  add_row (self, group, _ ("May Use"),
           peerup_dbus_device1_get_guest (self->device) ? _ ("What it was allowed, as a guest")
                                                        : _ ("What every paired device may"));
  add_row (self, group, _ ("Let in Until"), ends);
  cut_rows (group);
}

static void
begin (PeerupDetailsDialog *self)
{
  g_string_truncate (self->report, 0);
  self->n_groups = 0;
  add_device (self);
}

static void ask (PeerupDetailsDialog *self);

static void
show_paths (PeerupDetailsDialog *self, GVariant *peers)
{
  begin (self);
  for (gsize i = 0; i < g_variant_n_children (peers); i++)
    {
      g_autoptr (GVariant) peer = g_variant_get_child_value (peers, i);
      g_autoptr (GVariant) paths = g_variant_lookup_value (peer, "paths", G_VARIANT_TYPE ("aa{sv}"));
      g_autoptr (GVariant) events = g_variant_lookup_value (peer, "events", G_VARIANT_TYPE ("aa{sv}"));

      for (gsize j = 0; paths != NULL && j < g_variant_n_children (paths); j++)
        {
          g_autoptr (GVariant) path = g_variant_get_child_value (paths, j);

          add_connection (self, path, (guint) j);
        }
      if (events != NULL)
        add_events (self, events);
    }
  cut_groups (self);
}

static void
on_paths (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupDetailsDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autoptr (GVariant) peers = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->asking = FALSE;
  /* A device that is not connected has none; what was there stays where it cannot be asked for. */
  if (answer != NULL)
    {
      g_variant_get (answer, "(@aa{sv})", &peers);
      show_paths (self, peers);
    }
  if (self->again)
    ask (self);
}

static void
ask (PeerupDetailsDialog *self)
{
  self->again = self->asking;
  if (self->asking)
    return;
  self->asking = TRUE;
  peerup_session_call_async (self->session, "ListPaths",
                             g_variant_new ("(s)", peerup_dbus_device1_get_peer_id (self->device)), self->cancellable,
                             on_paths, g_object_ref (self));
}

static void
on_peer_changed (PeerupDetailsDialog *self, const char *name, GVariant *parameters)
{
  const char *id;

  g_variant_get_child (parameters, 0, "&s", &id);
  if (g_strcmp0 (id, peerup_dbus_device1_get_peer_id (self->device)) == 0)
    ask (self);
}

static void
on_copy (PeerupDetailsDialog *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->report->str);
  peerup_toast (self->copy_button, _ ("Copied to the clipboard"));
}

static void
on_closed (AdwDialog *dialog)
{
  g_cancellable_cancel (PEERUP_DETAILS_DIALOG (dialog)->cancellable);
}

static void
peerup_details_dialog_dispose (GObject *object)
{
  PeerupDetailsDialog *self = PEERUP_DETAILS_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_DETAILS_DIALOG);
  G_OBJECT_CLASS (peerup_details_dialog_parent_class)->dispose (object);
}

static void
peerup_details_dialog_finalize (GObject *object)
{
  PeerupDetailsDialog *self = PEERUP_DETAILS_DIALOG (object);

  g_clear_object (&self->session);
  g_clear_object (&self->device);
  g_clear_object (&self->cancellable);
  g_ptr_array_unref (self->groups);
  g_string_free (self->report, TRUE);
  G_OBJECT_CLASS (peerup_details_dialog_parent_class)->finalize (object);
}

static void
peerup_details_dialog_class_init (PeerupDetailsDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_details_dialog_dispose;
  object_class->finalize = peerup_details_dialog_finalize;
  ADW_DIALOG_CLASS (klass)->closed = on_closed;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/device/peerup-details-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupDetailsDialog, window_title);
  gtk_widget_class_bind_template_child (widget_class, PeerupDetailsDialog, copy_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupDetailsDialog, page);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
}

static void
peerup_details_dialog_init (PeerupDetailsDialog *self)
{
  self->cancellable = g_cancellable_new ();
  self->groups = g_ptr_array_new_with_free_func (group_free);
  self->report = g_string_new (NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

AdwDialog *
peerup_details_dialog_new (PeerupSession *session, PeerupDBusDevice1 *device)
{
  PeerupDetailsDialog *self = g_object_new (PEERUP_TYPE_DETAILS_DIALOG, NULL);
  g_autofree char *title =
    peerup_device_dup_title (peerup_dbus_device1_get_name (device), peerup_dbus_device1_get_peer_id (device));

  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  adw_window_title_set_subtitle (self->window_title, title);
  begin (self);
  g_signal_connect_object (session, "event::PeerChanged", G_CALLBACK (on_peer_changed), self, G_CONNECT_SWAPPED);
  ask (self);
  return ADW_DIALOG (self);
}
