/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Dialogs about a device: until when, and Remove. */
#include "app/device/peerup-device-dialogs.h"

#include <glib/gi18n.h>

#include "app/device/peerup-steps.h"
#include "app/device/peerup-until.h"
#include "app/model/peerup-device-text.h"
#include "app/widgets/peerup-toast.h"

/* So many services are named in a sentence. */
#define MAX_NAMED 5

/* Until when? */

typedef struct
{
  GtkWidget *parent;
  GtkWidget *calendar; /* borrowed */
  PeerupDayChosen chosen;
  gpointer data;
} Day;

static int
get_days_from_today (GtkCalendar *calendar)
{
  g_autoptr (GDateTime) date = gtk_calendar_get_date (calendar);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  GDate a, b;

  g_date_clear (&a, 1);
  g_date_clear (&b, 1);
  g_date_set_dmy (&a, (GDateDay) g_date_time_get_day_of_month (now), (GDateMonth) g_date_time_get_month (now),
                  (GDateYear) g_date_time_get_year (now));
  g_date_set_dmy (&b, (GDateDay) g_date_time_get_day_of_month (date), (GDateMonth) g_date_time_get_month (date),
                  (GDateYear) g_date_time_get_year (date));
  return g_date_days_between (&a, &b);
}

static void
on_day_selected (GtkCalendar *calendar, gpointer dialog)
{
  adw_alert_dialog_set_response_enabled (dialog, "set", get_days_from_today (calendar) >= 0);
}

static void
on_day_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Day *day = data;
  g_autoptr (GtkWidget) parent = day->parent;
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  int days;

  if (!g_str_equal (adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (source), result), "set"))
    return;
  days = get_days_from_today (GTK_CALENDAR (day->calendar));
  if (days >= 0)
    day->chosen (parent, peerup_until_end_of_day (g_get_real_time () / G_USEC_PER_SEC, days, zone), day->data);
}

void
peerup_device_choose_day (GtkWidget *parent, PeerupDayChosen chosen, gpointer data)
{
  AdwDialog *dialog = adw_alert_dialog_new (_ ("Allow Until the End Of"), NULL);
  Day *day = g_new0 (Day, 1);

  day->parent = g_object_ref (parent);
  day->calendar = gtk_calendar_new ();
  day->chosen = chosen;
  day->data = data;
  adw_alert_dialog_set_extra_child (ADW_ALERT_DIALOG (dialog), day->calendar);
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "cancel", _ ("_Cancel"), "set", _ ("_Allow"), NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "set", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "set");
  g_signal_connect_object (day->calendar, "day-selected", G_CALLBACK (on_day_selected), dialog, 0);
  adw_alert_dialog_choose (ADW_ALERT_DIALOG (dialog), parent, NULL, on_day_answered, day);
}

/* Remove */

typedef struct
{
  GtkWidget *overlay; /* (nullable): the page is gone before it is told */
  PeerupSession *session;
  PeerupDBusDevice1 *device;
} Removal;

static void
removal_free (gpointer data)
{
  Removal *self = data;

  g_clear_object (&self->overlay);
  g_object_unref (self->session);
  g_object_unref (self->device);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Removal, removal_free)

static const char *
get_id (PeerupDBusDevice1 *device)
{
  const char *id = peerup_dbus_device1_get_peer_id (device);

  return id != NULL ? id : "";
}

static char *
dup_title (PeerupDBusDevice1 *device)
{
  return peerup_device_dup_title_isolated (peerup_dbus_device1_get_name (device), get_id (device));
}

/* The local ports of its services. (element-type PeerupDBusForward1) */
static GPtrArray *
list_forwards (const Removal *self)
{
  GListModel *forwards = G_LIST_MODEL (peerup_session_get_forwards (self->session));
  GPtrArray *found = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (forwards); i++)
    {
      g_autoptr (PeerupDBusForward1) forward = g_list_model_get_item (forwards, i);

      if (g_strcmp0 (peerup_dbus_forward1_get_peer_id (forward), get_id (self->device)) == 0)
        g_ptr_array_add (found, g_steal_pointer (&forward));
    }
  return found;
}

/* "ssh, jellyfin". (transfer full) */
static char *
name_services (GPtrArray *forwards)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < MIN (forwards->len, MAX_NAMED); i++)
    {
      g_autofree char *name = peerup_text_isolate (peerup_dbus_forward1_get_service (forwards->pdata[i]));

      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", name);
    }
  if (forwards->len > MAX_NAMED)
    g_string_append (names, ", …");
  return g_string_free (names, FALSE);
}

/* What stops working. (transfer full) */
static char *
describe_loss (const Removal *self)
{
  g_autoptr (GPtrArray) forwards = list_forwards (self);
  g_autofree char *names = name_services (forwards);
  g_autofree char *title = dup_title (self->device);
  GString *text = g_string_new (NULL);

  /* TRANSLATORS: %s is a device */
  g_string_append_printf (text, _ ("%s can no longer use anything on this device, and this device nothing there."),
                          title);
  if (forwards->len > 0)
    {
      g_string_append (text, "\n\n");
      /* TRANSLATORS: %s are the names of services */
      g_string_append_printf (text, ngettext ("This stops working: %s", "These stop working: %s", forwards->len),
                              names);
    }
  if (peerup_dbus_device1_get_is_relay (self->device))
    {
      g_string_append (text, "\n\n");
      g_string_append (text, _ ("It is also a relay by which other devices reach this one."));
    }
  g_string_append (text, "\n\n");
  g_string_append (text, _ ("To use it again, pair the two devices again."));
  return g_string_free (text, FALSE);
}

static void
on_gone (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Removal) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *title = dup_title (self->device);
  g_autofree char *text = NULL;
  gboolean done = peerup_steps_run_finish (PEERUP_SESSION (source), result, &error);

  if (self->overlay == NULL)
    return;
  if (done)
    {
      /* TRANSLATORS: %s is a device */
      text = g_strdup_printf (_ ("%s was removed"), title);
      peerup_toast (self->overlay, text);
      return;
    }
  /* TRANSLATORS: %s is a device; a reason follows after a colon */
  text = g_strdup_printf (_ ("Cannot remove %s"), title);
  peerup_toast_error (self->overlay, text, error);
}

static void
on_remove_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Removal) self = data;
  g_autoptr (GPtrArray) forwards = NULL;
  const char *name = peerup_dbus_device1_get_name (self->device);
  PeerupSession *session;
  PeerupSteps *steps;

  if (!g_str_equal (adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (source), result), "remove"))
    return;
  steps = peerup_steps_new ();
  forwards = list_forwards (self);
  /* A half pairing has more to be undone than its authorization. */
  if (g_strcmp0 (peerup_dbus_device1_get_pairing (self->device), "complete") == 0)
    {
      peerup_steps_add (steps, "Deauthorize", g_variant_new ("(s)", get_id (self->device)));
      if (name != NULL && *name != '\0')
        peerup_steps_add (steps, "SetName", g_variant_new ("(ss)", name, ""));
    }
  else
    {
      peerup_steps_add (steps, "UndoPairing", g_variant_new ("(s)", get_id (self->device)));
    }
  /* Last: that one of them has ended meanwhile must not keep the device. */
  for (guint i = 0; i < forwards->len; i++)
    peerup_steps_add (steps, "RemoveForward", g_variant_new ("(s)", peerup_dbus_forward1_get_id (forwards->pdata[i])));
  session = self->session;
  peerup_steps_run_async (session, steps, on_gone, g_steal_pointer (&self));
}

static void
ask_to_remove (GtkWidget *parent, PeerupSession *session, PeerupDBusDevice1 *device, const char *heading,
               const char *button)
{
  Removal *self = g_new0 (Removal, 1);
  GtkWidget *overlay = gtk_widget_get_ancestor (parent, ADW_TYPE_TOAST_OVERLAY);
  g_autofree char *body = NULL;
  AdwDialog *dialog;

  self->overlay = overlay != NULL ? g_object_ref (overlay) : NULL;
  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  body = describe_loss (self);
  dialog = adw_alert_dialog_new (heading, body);
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "cancel", _ ("_Cancel"), "remove", button, NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "remove", ADW_RESPONSE_DESTRUCTIVE);
  /* Return, too. */
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_alert_dialog_choose (ADW_ALERT_DIALOG (dialog), parent, NULL, on_remove_answered, self);
}

void
peerup_device_remove (GtkWidget *parent, PeerupSession *session, PeerupDBusDevice1 *device)
{
  g_autofree char *title = dup_title (device);
  /* TRANSLATORS: %s is a device */
  g_autofree char *heading = g_strdup_printf (_ ("Remove %s?"), title);

  ask_to_remove (parent, session, device, heading, _ ("_Remove"));
}

void
peerup_device_undo_pairing (GtkWidget *parent, PeerupSession *session, PeerupDBusDevice1 *device)
{
  g_autofree char *title = dup_title (device);
  /* TRANSLATORS: %s is a device */
  g_autofree char *heading = g_strdup_printf (_ ("Undo the Pairing with %s?"), title);

  ask_to_remove (parent, session, device, heading, _ ("_Undo Pairing"));
}
