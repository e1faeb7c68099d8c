/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The main window: what the session has on the left, a page about it on the right; where there is no engine, a page
 * that says why. What it shows is all that it knows. */
#include "app/peerup-window.h"

#include <glib/gi18n.h>

#include "app/device/peerup-device-page.h"
#include "app/model/peerup-settings.h"
#include "app/pairing/peerup-invite-dialog.h"
#include "app/pairing/peerup-join-dialog.h"
#include "app/peerup-prompt-dialogs.h"
#include "app/peerup-sidebar.h"
#include "app/peerup-start-page.h"
#include "app/peerup-trouble-banner.h"
#include "app/peerup-welcome-page.h"
#include "app/pairing/peerup-verify-dialog.h"
#include "app/share/peerup-relays-page.h"
#include "app/share/peerup-this-device-page.h"
#include "app/widgets/peerup-toast.h"

/* The place of the welcome. */
#define NOWHERE ""

struct _PeerupWindow
{
  AdwApplicationWindow parent_instance;

  PeerupSession *session;
  PeerupPromptDialogs *prompts;
  GtkStack *stack;
  PeerupStartPage *start_page;
  PeerupTroubleBanner *banner;
  AdwNavigationSplitView *split_view;
  PeerupSidebar *sidebar;
  char *place;        /* (nullable): as peerup_sidebar_set_shown() has it; NULL before anything is shown */
  char *chosen;       /* (nullable): the last place that the person went to; it is gone to again when it is back */
  GPtrArray *waiting; /* of Waiting: what is to be done when there is an engine */
  guint idle;
};

G_DEFINE_FINAL_TYPE (PeerupWindow, peerup_window, ADW_TYPE_APPLICATION_WINDOW)

static const char *const session_actions[] = {
  "win.invite",      "win.join",      "win.show-device", "win.show-this-device",
  "win.show-relays", "win.add-relay", "win.search",      "win.show-prompt",
};

/* Pages */

/* (nullable): NULL for a device that is not there. */
static AdwNavigationPage *
make_page (PeerupWindow *self, const char *place)
{
  g_autoptr (PeerupDBusDevice1) device = NULL;

  if (*place == '\0')
    return ADW_NAVIGATION_PAGE (peerup_welcome_page_new ());
  if (g_str_equal (place, PEERUP_SIDEBAR_THIS_DEVICE))
    return ADW_NAVIGATION_PAGE (peerup_this_device_page_new (self->session));
  if (g_str_equal (place, PEERUP_SIDEBAR_RELAYS))
    return ADW_NAVIGATION_PAGE (peerup_relays_page_new (self->session));
  device = peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id", place);
  return device != NULL ? ADW_NAVIGATION_PAGE (peerup_device_page_new (self->session, device)) : NULL;
}

/* @place: may be that of ours. FALSE for a device that is not there. */
static gboolean
build (PeerupWindow *self, const char *place)
{
  AdwNavigationPage *page = make_page (self, place);

  if (page == NULL)
    return FALSE;
  g_set_str (&self->place, place);
  adw_navigation_split_view_set_content (self->split_view, page);
  peerup_sidebar_set_shown (self->sidebar, place);
  return TRUE;
}

static void
show (PeerupWindow *self, const char *place)
{
  if (g_strcmp0 (self->place, place) == 0 || build (self, place))
    {
      g_set_str (&self->chosen, place);
      adw_navigation_split_view_set_show_content (self->split_view, TRUE);
    }
  else
    peerup_window_say (self, _ ("This device is not one of yours any more"));
}

static void
show_this_device (GtkWidget *widget, const char *action, GVariant *parameter)
{
  show (PEERUP_WINDOW (widget), PEERUP_SIDEBAR_THIS_DEVICE);
}

static void
show_relays (GtkWidget *widget, const char *action, GVariant *parameter)
{
  show (PEERUP_WINDOW (widget), PEERUP_SIDEBAR_RELAYS);
}

static void
show_device (GtkWidget *widget, const char *action, GVariant *parameter)
{
  show (PEERUP_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
add_relay (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupWindow *self = PEERUP_WINDOW (widget);

  show (self, PEERUP_SIDEBAR_RELAYS);
  gtk_widget_activate_action (GTK_WIDGET (adw_navigation_split_view_get_content (self->split_view)), "relays.add",
                              NULL);
}

static void
search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupWindow *self = PEERUP_WINDOW (widget);

  adw_navigation_split_view_set_show_content (self->split_view, FALSE);
  peerup_sidebar_search (self->sidebar);
}

/* Invite and Join: one of them at a time. */

static gboolean
is_pairing (PeerupWindow *self)
{
  AdwDialog *dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (self));

  return PEERUP_IS_INVITE_DIALOG (dialog) || PEERUP_IS_JOIN_DIALOG (dialog);
}

static void
invite (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupWindow *self = PEERUP_WINDOW (widget);

  if (!is_pairing (self))
    adw_dialog_present (ADW_DIALOG (peerup_invite_dialog_new (self->session)), widget);
}

static void
join (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupWindow *self = PEERUP_WINDOW (widget);
  const char *code = g_variant_get_string (parameter, NULL);

  /* Who brings a code wants that one now; a pairing that is under way does not let itself be closed. */
  if (is_pairing (self) &&
      (*code == '\0' || !adw_dialog_close (adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (self)))))
    return;
  adw_dialog_present (ADW_DIALOG (peerup_join_dialog_new (self->session, code)), widget);
}

/* What waits for an engine */

typedef struct
{
  char *action;
  GVariant *parameter; /* (nullable) */
} Waiting;

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  g_free (waiting->action);
  g_clear_pointer (&waiting->parameter, g_variant_unref);
  g_free (waiting);
}

static void
do_waiting (PeerupWindow *self)
{
  while (self->waiting->len > 0)
    {
      Waiting *waiting = g_ptr_array_steal_index (self->waiting, 0);

      gtk_widget_activate_action_variant (GTK_WIDGET (self), waiting->action, waiting->parameter);
      waiting_free (waiting);
    }
}

void
peerup_window_do (PeerupWindow *self, const char *action, GVariant *parameter)
{
  Waiting *waiting;

  g_return_if_fail (PEERUP_IS_WINDOW (self) && action != NULL);
  for (guint i = self->waiting->len; i > 0; i--)
    if (g_str_equal (((const Waiting *) self->waiting->pdata[i - 1])->action, action))
      g_ptr_array_remove_index (self->waiting, i - 1);
  waiting = g_new (Waiting, 1);
  waiting->action = g_strdup (action);
  waiting->parameter = parameter != NULL ? g_variant_ref_sink (parameter) : NULL;
  g_ptr_array_add (self->waiting, waiting);
  if (peerup_session_get_state (self->session) == PEERUP_SESSION_RUNNING)
    do_waiting (self);
}

void
peerup_window_say (PeerupWindow *self, const char *text)
{
  AdwDialog *dialog;

  g_return_if_fail (PEERUP_IS_WINDOW (self));
  dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (self));
  /* The toasts are those that are above the stack; but preferences that were refused are looked at. */
  if (ADW_IS_PREFERENCES_DIALOG (dialog))
    peerup_toast (GTK_WIDGET (adw_preferences_dialog_get_visible_page (ADW_PREFERENCES_DIALOG (dialog))), text);
  else
    peerup_toast (GTK_WIDGET (self->stack), text);
}

/* A question that was put off comes back. */
static void
show_prompt (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupWindow *self = PEERUP_WINDOW (widget);

  if (!peerup_prompt_dialogs_show (self->prompts, g_variant_get_uint32 (parameter)))
    peerup_window_say (self, _ ("This question is over"));
}

/* What the session does */

/* What is shown where nobody has chosen. On a narrow window the list comes first, unless it is empty. */
static void
show_default (PeerupWindow *self)
{
  gboolean is_first_run = peerup_sidebar_get_n_devices (self->sidebar) == 0;

  build (self, is_first_run ? NOWHERE : PEERUP_SIDEBAR_THIS_DEVICE);
  adw_navigation_split_view_set_show_content (self->split_view, is_first_run);
}

static gboolean
is_there (PeerupWindow *self, const char *place)
{
  g_autoptr (PeerupDBusDevice1) device = NULL;

  if (*place == '\0')
    return peerup_sidebar_get_n_devices (self->sidebar) == 0;
  if (g_str_equal (place, PEERUP_SIDEBAR_THIS_DEVICE) || g_str_equal (place, PEERUP_SIDEBAR_RELAYS))
    return TRUE;
  device = peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id", place);
  return device != NULL;
}

/* And not one that is about to end, which lets go of all that it has. */
static gboolean
has_running_engine (PeerupWindow *self)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (self->session);

  return engine != NULL && g_strcmp0 (peerup_dbus_engine1_get_state (engine), "running") == 0;
}

static gboolean
on_devices_settled (gpointer data)
{
  PeerupWindow *self = data;

  self->idle = 0;
  if (has_running_engine (self) && (self->place == NULL || !is_there (self, self->place)))
    show_default (self);
  return G_SOURCE_REMOVE;
}

/* An engine that goes takes its devices along before it is said to be gone; they may be back with the next. */
static void
on_devices_changed (PeerupWindow *self)
{
  if (self->session != NULL && self->idle == 0)
    self->idle = g_idle_add (on_devices_settled, self);
}

static void
on_state (PeerupWindow *self)
{
  gboolean running = peerup_session_get_state (self->session) == PEERUP_SESSION_RUNNING;

  for (guint i = 0; i < G_N_ELEMENTS (session_actions); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), session_actions[i], running);
  gtk_stack_set_visible_child_name (self->stack, running ? "main" : "start");
  if (!running)
    return;
  /* With another engine all objects are others. */
  if (self->chosen == NULL || !is_there (self, self->chosen) || !build (self, self->chosen))
    show_default (self);
  if (g_strcmp0 (self->place, NOWHERE) != 0 &&
      adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (self)) == NULL)
    peerup_sidebar_focus (self->sidebar);
  do_waiting (self);
}

/* The window itself */

static void
restore_size (PeerupWindow *self)
{
  g_autoptr (GSettings) settings = peerup_settings_new ();

  if (settings == NULL)
    return;
  g_settings_bind (settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
}

static void
verify (GtkWidget *widget, const char *action, GVariant *parameter)
{
  const char *peer_id = g_variant_get_string (parameter, NULL);

  adw_dialog_present (ADW_DIALOG (peerup_verify_dialog_new (PEERUP_WINDOW (widget)->session, peer_id)), widget);
}

static void
peerup_window_dispose (GObject *object)
{
  PeerupWindow *self = PEERUP_WINDOW (object);

  g_clear_handle_id (&self->idle, g_source_remove);
  if (self->prompts != NULL)
    g_object_run_dispose (G_OBJECT (self->prompts));
  g_clear_object (&self->prompts);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_WINDOW);
  g_clear_object (&self->session);
  g_clear_pointer (&self->place, g_free);
  g_clear_pointer (&self->chosen, g_free);
  G_OBJECT_CLASS (peerup_window_parent_class)->dispose (object);
}

static void
peerup_window_finalize (GObject *object)
{
  g_ptr_array_unref (PEERUP_WINDOW (object)->waiting);
  G_OBJECT_CLASS (peerup_window_parent_class)->finalize (object);
}

static void
peerup_window_class_init (PeerupWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_window_finalize;
  g_type_ensure (PEERUP_TYPE_SIDEBAR);
  g_type_ensure (PEERUP_TYPE_START_PAGE);
  g_type_ensure (PEERUP_TYPE_TROUBLE_BANNER);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/peerup-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, PeerupWindow, start_page);
  gtk_widget_class_bind_template_child (widget_class, PeerupWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, PeerupWindow, split_view);
  gtk_widget_class_bind_template_child (widget_class, PeerupWindow, sidebar);
  gtk_widget_class_bind_template_callback (widget_class, on_devices_changed);
  gtk_widget_class_install_action (widget_class, "win.show-this-device", NULL, show_this_device);
  gtk_widget_class_install_action (widget_class, "win.show-relays", NULL, show_relays);
  gtk_widget_class_install_action (widget_class, "win.show-device", "s", show_device);
  gtk_widget_class_install_action (widget_class, "win.add-relay", NULL, add_relay);
  gtk_widget_class_install_action (widget_class, "win.search", NULL, search);
  gtk_widget_class_install_action (widget_class, "win.invite", NULL, invite);
  gtk_widget_class_install_action (widget_class, "win.join", "s", join);
  gtk_widget_class_install_action (widget_class, "win.show-prompt", "u", show_prompt);
  gtk_widget_class_install_action (widget_class, "win.verify", "s", verify);
}

static void
peerup_window_init (PeerupWindow *self)
{
  self->waiting = g_ptr_array_new_with_free_func (waiting_free);
  gtk_widget_init_template (GTK_WIDGET (self));
  restore_size (self);
}

PeerupWindow *
peerup_window_new (GtkApplication *application, PeerupSession *session)
{
  PeerupWindow *self = g_object_new (PEERUP_TYPE_WINDOW, "application", application, NULL);

  self->session = g_object_ref (session);
  peerup_start_page_set_session (self->start_page, session);
  peerup_trouble_banner_set_session (self->banner, session);
  peerup_sidebar_set_session (self->sidebar, session);
  self->prompts = peerup_prompt_dialogs_new (session, GTK_WIDGET (self->stack));
  g_signal_connect_object (session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  on_state (self);
  return self;
}
