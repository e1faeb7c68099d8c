/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The first page of Invite: rows that say what CreateInvite is asked for. The lists are the session's. */
#include "app/pairing/peerup-invite-options.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/pairing/peerup-machine-name.h"
#include "app/pairing/peerup-page-focus.h"
#include "app/pairing/peerup-pairing-words.h"
#include "app/pairing/peerup-service-choice.h"
#include "app/widgets/peerup-toast.h"

#define DAY (24 * 60 * 60)

struct _PeerupInviteOptions
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
  GCancellable *cancellable;
  GtkWidget *create;
  AdwEntryRow *name;
  AdwActionRow *chosen_row;
  GtkCheckButton *chosen;
  AdwPreferencesGroup *chosen_group;
  PeerupServiceChoice *services;
  AdwComboRow *duration;
  AdwActionRow *date_row;
  GtkMenuButton *date_button;
  GtkCalendar *calendar;
  AdwExpanderRow *leave;
  AdwSpinRow *days;
  AdwPreferencesGroup *open_group;
  GtkListBox *open_list;
  gboolean busy;
  guint left_source;
};

G_DEFINE_FINAL_TYPE (PeerupInviteOptions, peerup_invite_options, ADW_TYPE_NAVIGATION_PAGE)

static guint create_signal;

/* How long, in the order of the row; 0 for ever, -1 for a day that is chosen. */
static const struct
{
  const char *text;
  gint64 seconds;
} durations[] = {
  { N_ ("Always"), 0 },       { N_ ("1 Hour"), 60 * 60 },         { N_ ("1 Day"), DAY },
  { N_ ("1 Week"), 7 * DAY }, { N_ ("Until a Certain Day"), -1 },
};

static gint64
get_duration (PeerupInviteOptions *self)
{
  guint selected = adw_combo_row_get_selected (self->duration);

  return selected < G_N_ELEMENTS (durations) ? durations[selected].seconds : 0;
}

/* The end of the day that is chosen. */
static gint64
get_date_end (PeerupInviteOptions *self)
{
  g_autoptr (GDateTime) day = gtk_calendar_get_date (self->calendar);
  g_autoptr (GDateTime) end = g_date_time_new_local (g_date_time_get_year (day), g_date_time_get_month (day),
                                                     g_date_time_get_day_of_month (day), 23, 59, 59);

  return end != NULL ? g_date_time_to_unix (end) : 0;
}

static void
update_create (PeerupInviteOptions *self)
{
  gboolean services = !gtk_check_button_get_active (self->chosen) || peerup_service_choice_has_any (self->services);
  gboolean time = get_duration (self) >= 0 || get_date_end (self) > g_get_real_time () / G_USEC_PER_SEC;

  gtk_widget_set_sensitive (self->create, !self->busy && services && time);
}

static void
on_chosen (PeerupInviteOptions *self)
{
  update_create (self);
}

static void
on_day (PeerupInviteOptions *self)
{
  g_autoptr (GDateTime) day = gtk_calendar_get_date (self->calendar);
  /* TRANSLATORS: a day of the calendar: see g_date_time_format() */
  g_autofree char *text = g_date_time_format (day, _ ("%-e %B %Y"));
  gboolean past = get_date_end (self) <= g_get_real_time () / G_USEC_PER_SEC;

  gtk_menu_button_set_label (self->date_button, text);
  adw_action_row_set_subtitle (self->date_row, past ? _ ("This day is over: choose a later one") : "");
  update_create (self);
}

static void
on_duration (PeerupInviteOptions *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->date_row), get_duration (self) < 0);
  update_create (self);
}

static void
on_create (PeerupInviteOptions *self)
{
  if (gtk_widget_get_sensitive (self->create))
    g_signal_emit (self, create_signal, 0);
}

static void
on_cancel (PeerupInviteOptions *self)
{
  GtkWidget *dialog = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_DIALOG);

  if (dialog != NULL)
    adw_dialog_close (ADW_DIALOG (dialog));
}

GVariant *
peerup_invite_options_get (PeerupInviteOptions *self)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name))));
  gint64 duration = get_duration (self);

  if (*name != '\0')
    g_variant_dict_insert (&dict, "name", "s", name);
  if (gtk_check_button_get_active (self->chosen))
    {
      g_auto (GStrv) services = peerup_service_choice_dup (self->services);

      g_variant_dict_insert (&dict, "services", "^as", services);
    }
  if (duration < 0)
    duration = MAX (get_date_end (self) - g_get_real_time () / G_USEC_PER_SEC, 1);
  if (duration > 0)
    g_variant_dict_insert (&dict, "grant_time", "x", duration);
  if (adw_expander_row_get_enable_expansion (self->leave))
    {
      g_variant_dict_insert (&dict, "leave", "b", TRUE);
      g_variant_dict_insert (&dict, "ttl", "x", (gint64) adw_spin_row_get_value (self->days) * DAY);
    }
  return g_variant_dict_end (&dict);
}

void
peerup_invite_options_set_busy (PeerupInviteOptions *self, gboolean busy)
{
  g_return_if_fail (PEERUP_IS_INVITE_OPTIONS (self));
  self->busy = busy;
  update_create (self);
}

/* Open invites */

static void
on_cancelled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupInviteOptions) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (answer != NULL)
    peerup_toast (GTK_WIDGET (self), _ ("The invite is taken back: its code works no longer"));
  else
    peerup_toast_error (GTK_WIDGET (self), _ ("Cannot take the invite back"), error);
}

static void
on_take_back (GtkWidget *button, gpointer data)
{
  PeerupInviteOptions *self = data;
  PeerupDBusInvite1 *invite = g_object_get_data (G_OBJECT (button), "invite");

  peerup_session_call_async (self->session, "CancelInvite",
                             g_variant_new ("(u)", peerup_dbus_invite1_get_number (invite)), self->cancellable,
                             on_cancelled, g_object_ref (self));
}

/* How long an invite's row is right. */
static guint
say_left (GtkWidget *row)
{
  PeerupDBusInvite1 *invite = g_object_get_data (G_OBJECT (row), "invite");
  gint64 left = peerup_dbus_invite1_get_expires_at (invite) - g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *time = peerup_pairing_words_left (left);
  g_autofree char *subtitle = peerup_dbus_invite1_get_left (invite)
                                /* TRANSLATORS: of an invite; %s is "3 days left" */
                                ? g_strdup_printf (_ ("Waits with a relay, %s"), time)
                                : g_steal_pointer (&time);

  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  return peerup_pairing_words_left_holds (left);
}

static gboolean
on_left (gpointer data)
{
  PeerupInviteOptions *self = data;
  guint holds = G_MAXUINT;
  GtkListBoxRow *row;

  self->left_source = 0;
  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->open_list, i)) != NULL; i++)
    holds = MIN (holds, say_left (GTK_WIDGET (row)));
  if (holds != G_MAXUINT)
    self->left_source = g_timeout_add_seconds (holds, on_left, self);
  return G_SOURCE_REMOVE;
}

/* While they are to be seen. */
static void
watch_left (PeerupInviteOptions *self)
{
  g_clear_handle_id (&self->left_source, g_source_remove);
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    on_left (self);
}

static GtkWidget *
make_open_row (gpointer item, gpointer data)
{
  PeerupInviteOptions *self = data;
  PeerupDBusInvite1 *invite = item;
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_button_new_from_icon_name ("user-trash-symbolic");
  g_autofree char *title =
    /* TRANSLATORS: %u is the number that an invite's code begins with */
    g_strdup_printf (_ ("Invite %u"), peerup_dbus_invite1_get_number (invite));

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _ ("Take Back"));
  g_object_set_data_full (G_OBJECT (button), "invite", g_object_ref (invite), g_object_unref);
  g_object_set_data_full (G_OBJECT (row), "invite", g_object_ref (invite), g_object_unref);
  say_left (row);
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_take_back), self, 0);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return row;
}

static gboolean
is_open (gpointer item, gpointer data)
{
  const char *state = peerup_dbus_invite1_get_state (item);

  return g_strcmp0 (state, "open") == 0 || g_strcmp0 (state, "claimed") == 0;
}

static void
on_open_changed (PeerupInviteOptions *self, guint position, guint removed, guint added, GListModel *model)
{
  gtk_widget_set_visible (GTK_WIDGET (self->open_group), g_list_model_get_n_items (model) > 0);
  watch_left (self);
}

static void
refilter (GtkFilter *filter)
{
  gtk_filter_changed (filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
bind_open (PeerupInviteOptions *self)
{
  GtkFilter *filter = GTK_FILTER (gtk_custom_filter_new (is_open, NULL, NULL));
  g_autoptr (GtkFilterListModel) open =
    gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (peerup_session_get_invites (self->session))), filter);

  g_signal_connect_object (self->session, "event::InviteChanged", G_CALLBACK (refilter), filter, G_CONNECT_SWAPPED);
  gtk_list_box_bind_model (self->open_list, G_LIST_MODEL (open), make_open_row, self, NULL);
  g_signal_connect_object (open, "items-changed", G_CALLBACK (on_open_changed), self, G_CONNECT_SWAPPED);
  on_open_changed (self, 0, 0, 0, G_LIST_MODEL (open));
}

static void
on_shown (AdwNavigationPage *page)
{
  PeerupInviteOptions *self = PEERUP_INVITE_OPTIONS (page);

  peerup_page_focus (page, self->create, self->create);
  watch_left (self);
}

static void
on_hidden (PeerupInviteOptions *self)
{
  g_clear_handle_id (&self->left_source, g_source_remove);
}

static void
peerup_invite_options_dispose (GObject *object)
{
  PeerupInviteOptions *self = PEERUP_INVITE_OPTIONS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->left_source, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_INVITE_OPTIONS);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_invite_options_parent_class)->dispose (object);
}

static void
peerup_invite_options_finalize (GObject *object)
{
  g_object_unref (PEERUP_INVITE_OPTIONS (object)->cancellable);
  G_OBJECT_CLASS (peerup_invite_options_parent_class)->finalize (object);
}

static void
peerup_invite_options_class_init (PeerupInviteOptionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_invite_options_dispose;
  object_class->finalize = peerup_invite_options_finalize;
  create_signal =
    g_signal_new ("create", PEERUP_TYPE_INVITE_OPTIONS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/pairing/peerup-invite-options.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, create);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, name);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, chosen_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, chosen);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, chosen_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, duration);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, date_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, date_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, calendar);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, leave);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, days);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, open_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteOptions, open_list);
  gtk_widget_class_bind_template_callback (widget_class, on_create);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_bind_template_callback (widget_class, on_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_duration);
  gtk_widget_class_bind_template_callback (widget_class, on_day);
}

static void
peerup_invite_options_init (PeerupInviteOptions *self)
{
  g_autoptr (GtkStringList) texts = gtk_string_list_new (NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) week = g_date_time_add_weeks (now, 1);

  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self, "map", G_CALLBACK (on_shown), NULL);
  g_signal_connect (self, "unmap", G_CALLBACK (on_hidden), NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (durations); i++)
    gtk_string_list_append (texts, _ (durations[i].text));
  adw_combo_row_set_model (self->duration, G_LIST_MODEL (texts));
  gtk_calendar_select_day (self->calendar, week);
}

PeerupInviteOptions *
peerup_invite_options_new (PeerupSession *session)
{
  PeerupInviteOptions *self = g_object_new (PEERUP_TYPE_INVITE_OPTIONS, NULL);
  g_autofree char *name = peerup_machine_name_dup (session);

  self->session = g_object_ref (session);
  self->services = peerup_service_choice_new (session);
  adw_preferences_group_add (self->chosen_group, GTK_WIDGET (self->services));
  g_signal_connect_object (self->services, "changed", G_CALLBACK (update_create), self, G_CONNECT_SWAPPED);
  gtk_editable_set_text (GTK_EDITABLE (self->name), name);
  bind_open (self);
  on_day (self);
  return self;
}
