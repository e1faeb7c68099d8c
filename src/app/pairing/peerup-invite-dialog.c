/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Makes an invite, shows it, and ends with a device more. Which page is shown follows from what the engine says of the
 * invite; nothing else is kept of it. */
#include "app/pairing/peerup-invite-dialog.h"

#include <glib/gi18n.h>

#include "app/model/peerup-device-text.h"
#include "app/pairing/peerup-compare-page.h"
#include "app/pairing/peerup-invite-code-page.h"
#include "app/pairing/peerup-invite-options.h"
#include "app/pairing/peerup-outcome-page.h"
#include "app/widgets/peerup-prompt-claims.h"
#include "app/widgets/peerup-toast.h"

struct _PeerupInviteDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  AdwNavigationView *navigation;
  PeerupInviteOptions *options; /* the navigation's */
  PeerupInviteCodePage *code;   /* (nullable): the navigation's, while it is shown */
  PeerupOutcomePage *joining;   /* (nullable): likewise */
  guint number;                 /* of the invite; 0 for none */
  gboolean left;                /* it goes on without us */
  PeerupDBusInvite1 *invite;    /* (nullable): as soon as the engine shows it */
  char *peer_id;                /* (nullable): who has joined */
  char *name;                   /* (nullable): what that one is called, isolated */
};

G_DEFINE_FINAL_TYPE (PeerupInviteDialog, peerup_invite_dialog, ADW_TYPE_DIALOG)

/* The invite is nothing of ours any longer, however it ended. */
static void
drop_invite (PeerupInviteDialog *self)
{
  if (self->invite != NULL)
    g_signal_handlers_disconnect_by_data (self->invite, self);
  g_clear_object (&self->invite);
  self->number = 0;
}

static void
show_page (PeerupInviteDialog *self, gpointer page)
{
  AdwNavigationPage *pages[] = { page };

  self->code = NULL;
  self->joining = NULL;
  adw_navigation_view_replace (self->navigation, pages, 1);
}

/* Begins again, with what was chosen. */
static void
on_new_code (PeerupInviteDialog *self)
{
  drop_invite (self);
  show_page (self, self->options);
}

static void
show_end (PeerupInviteDialog *self, const char *icon, const char *title, const char *text)
{
  PeerupOutcomePage *page = peerup_outcome_page_new (icon, title, text);
  GtkWidget *button = peerup_outcome_page_add_button (page, _ ("_New Code"), "suggested-action");

  drop_invite (self);
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_new_code), self, G_CONNECT_SWAPPED);
  show_page (self, page);
}

/* Somebody has joined */

static void
on_open (PeerupInviteDialog *self)
{
  g_autoptr (PeerupInviteDialog) hold = g_object_ref (self);

  gtk_widget_activate_action (GTK_WIDGET (self), "win.show-device", "s", self->peer_id);
  adw_dialog_force_close (ADW_DIALOG (self));
}

/* The engine has given it a name by now, if that one has not said its own. */
static void
find_name (PeerupInviteDialog *self)
{
  g_autoptr (PeerupDBusDevice1) device =
    peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id", self->peer_id);

  if (device == NULL)
    return;
  g_free (self->name);
  self->name = peerup_device_dup_title_isolated (peerup_dbus_device1_get_name (device), self->peer_id);
}

static void
on_answered (PeerupInviteDialog *self, guint answer)
{
  g_autofree char *text = NULL;
  PeerupOutcomePage *page;
  GtkWidget *button;

  if (answer == PEERUP_COMPARE_UNDONE)
    {
      show_end (self, "security-low-symbolic", _ ("Pairing Taken Back"),
                _ ("That device may use nothing here. Remove this device there, too, and invite again with a new "
                   "code."));
      return;
    }
  find_name (self);
  text = answer == PEERUP_COMPARE_MATCH
           /* TRANSLATORS: %s is the name of a device */
           ? g_strdup_printf (_ ("%s has joined, and is verified."), self->name)
           : g_strdup_printf (_ ("%s has joined. You can verify it later, on its page."), self->name);
  page = peerup_outcome_page_new ("object-select-symbolic", _ ("Paired"), text);
  button = peerup_outcome_page_add_button (page, _ ("_Open"), "suggested-action");
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_open), self, G_CONNECT_SWAPPED);
  button = peerup_outcome_page_add_button (page, _ ("_Done"), NULL);
  g_signal_connect_object (button, "clicked", G_CALLBACK (adw_dialog_force_close), self, G_CONNECT_SWAPPED);
  show_page (self, page);
}

static void
show_compare (PeerupInviteDialog *self, PeerupDBusInvite1 *invite)
{
  const char *name = peerup_dbus_invite1_get_peer_name (invite);
  PeerupComparePage *page;

  g_set_str (&self->peer_id, peerup_dbus_invite1_get_peer_id (invite));
  g_free (self->name);
  self->name = peerup_device_dup_title_isolated (name, self->peer_id);
  page = peerup_compare_page_new (self->session, self->peer_id, name);
  drop_invite (self);
  g_signal_connect_object (page, "answered", G_CALLBACK (on_answered), self, G_CONNECT_SWAPPED);
  show_page (self, page);
}

/* The invite's states */

static void
show_joining (PeerupInviteDialog *self, PeerupDBusInvite1 *invite)
{
  const char *name = peerup_dbus_invite1_get_peer_name (invite);
  const char *peer_id = peerup_dbus_invite1_get_peer_id (invite);
  g_autofree char *isolated = NULL;
  g_autofree char *title = NULL;

  if (peer_id != NULL && *peer_id != '\0')
    isolated = peerup_device_dup_title_isolated (name, peer_id);
  /* TRANSLATORS: %s is the name of a device */
  title = isolated != NULL ? g_strdup_printf (_ ("%s Is Joining…"), isolated) : g_strdup (_ ("A Device Is Joining…"));
  if (self->joining != NULL)
    {
      peerup_outcome_page_set_title (self->joining, title);
      return;
    }
  show_page (self, peerup_outcome_page_new (NULL, title, NULL));
  self->joining = PEERUP_OUTCOME_PAGE (adw_navigation_view_get_visible_page (self->navigation));
}

static void
on_invite (PeerupInviteDialog *self)
{
  PeerupDBusInvite1 *invite = self->invite;
  const char *state = peerup_dbus_invite1_get_state (invite);
  const char *peer_id = peerup_dbus_invite1_get_peer_id (invite);
  gboolean known = peer_id != NULL && *peer_id != '\0';

  /* Its question is asked here, and may come before the page that does. */
  if (known && g_set_str (&self->peer_id, peer_id))
    peerup_prompt_claim (G_OBJECT (self), peer_id);
  if (self->code != NULL)
    peerup_invite_code_page_set_guesses (self->code, peerup_dbus_invite1_get_guesses (invite));
  if (g_strcmp0 (state, "claimed") == 0)
    show_joining (self, invite);
  else if (g_strcmp0 (state, "used") == 0 && known)
    show_compare (self, invite);
  else if (g_strcmp0 (state, "expired") == 0)
    show_end (self, "task-past-due-symbolic", _ ("The Time of the Code Is Over"), _ ("Nobody has joined with it."));
  else if (g_strcmp0 (state, "dead") == 0)
    show_end (self, "security-low-symbolic", _ ("Too Many Wrong Guesses"),
              _ (
                "Somebody has tried three wrong codes, and this one works no longer. If that was nobody whom you know, "
                "somebody may be guessing."));
  else if (g_strcmp0 (state, "cancelled") == 0)
    show_end (self, "action-unavailable-symbolic", _ ("The Invite Was Taken Back"), _ ("Its code works no longer."));
}

/* The engine shows an invite a moment after it has made it, or before. */
static void
find_invite (PeerupInviteDialog *self)
{
  GListModel *invites = G_LIST_MODEL (peerup_session_get_invites (self->session));

  if (self->number == 0 || self->invite != NULL)
    return;
  for (guint i = 0; i < g_list_model_get_n_items (invites); i++)
    {
      g_autoptr (PeerupDBusInvite1) invite = g_list_model_get_item (invites, i);

      if (peerup_dbus_invite1_get_number (invite) != self->number)
        continue;
      g_set_object (&self->invite, invite);
      g_signal_connect_object (invite, "notify", G_CALLBACK (on_invite), self, G_CONNECT_SWAPPED);
      on_invite (self);
      return;
    }
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupInviteDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autoptr (GVariant) invite = answer != NULL ? g_variant_get_child_value (answer, 0) : NULL;
  guint number = 0;

  if (invite != NULL)
    g_variant_lookup (invite, "number", "u", &number);
  /* Closed meanwhile: nobody has seen the code. */
  if (self->navigation == NULL)
    {
      if (invite != NULL)
        peerup_session_call_async (PEERUP_SESSION (source), "CancelInvite", g_variant_new ("(u)", number), NULL, NULL,
                                   NULL);
      return;
    }
  peerup_invite_options_set_busy (self->options, FALSE);
  if (invite == NULL)
    {
      peerup_toast_error (GTK_WIDGET (self->options), _ ("Cannot make a code"), error);
      return;
    }
  self->number = number;
  g_variant_lookup (invite, "left", "b", &self->left);
  show_page (self, peerup_invite_code_page_new (invite));
  self->code = PEERUP_INVITE_CODE_PAGE (adw_navigation_view_get_visible_page (self->navigation));
  find_invite (self);
}

static void
on_create (PeerupInviteDialog *self)
{
  peerup_invite_options_set_busy (self->options, TRUE);
  /* Not cancelled: what was made must be known, to be taken back. */
  peerup_session_call_async (self->session, "CreateInvite",
                             g_variant_new ("(@a{sv})", peerup_invite_options_get (self->options)), NULL, on_created,
                             g_object_ref (self));
}

static void
on_state (PeerupInviteDialog *self)
{
  const GError *error = peerup_session_get_error (self->session);
  PeerupSessionState state = peerup_session_get_state (self->session);
  gboolean had_code = self->number != 0;
  PeerupOutcomePage *page;
  GtkWidget *button;

  if (self->navigation == NULL || state == PEERUP_SESSION_RUNNING || state == PEERUP_SESSION_STARTING)
    return;
  drop_invite (self);
  page = peerup_outcome_page_new ("dialog-error-symbolic", _ ("Peer-Up Does Not Run"),
                                  had_code ? _ ("The code has ended with it. Start it again, then make a new code.")
                                           : _ ("Start it, then invite a device."));
  peerup_outcome_page_set_details (page, error != NULL ? error->message : NULL);
  button = peerup_outcome_page_add_button (page, _ ("_Close"), NULL);
  g_signal_connect_object (button, "clicked", G_CALLBACK (adw_dialog_force_close), self, G_CONNECT_SWAPPED);
  show_page (self, page);
}

/* A code that nobody shows any longer is taken back, unless it was left with a relay for just that. */
static void
take_back (PeerupInviteDialog *self)
{
  if (self->number != 0 && !self->left)
    peerup_session_call_async (self->session, "CancelInvite", g_variant_new ("(u)", self->number), NULL, NULL, NULL);
  drop_invite (self);
}

static void
peerup_invite_dialog_dispose (GObject *object)
{
  PeerupInviteDialog *self = PEERUP_INVITE_DIALOG (object);

  if (self->session != NULL)
    take_back (self);
  self->navigation = NULL;
  self->code = NULL;
  self->joining = NULL;
  g_clear_object (&self->options);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_invite_dialog_parent_class)->dispose (object);
}

static void
peerup_invite_dialog_closed (AdwDialog *dialog)
{
  PeerupInviteDialog *self = PEERUP_INVITE_DIALOG (dialog);

  take_back (self);
  self->navigation = NULL;
}

static void
peerup_invite_dialog_finalize (GObject *object)
{
  PeerupInviteDialog *self = PEERUP_INVITE_DIALOG (object);

  g_free (self->peer_id);
  g_free (self->name);
  G_OBJECT_CLASS (peerup_invite_dialog_parent_class)->finalize (object);
}

static void
peerup_invite_dialog_class_init (PeerupInviteDialogClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_invite_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_invite_dialog_finalize;
  ADW_DIALOG_CLASS (klass)->closed = peerup_invite_dialog_closed;
}

static void
peerup_invite_dialog_init (PeerupInviteDialog *self)
{
  GtkWidget *toasts = adw_toast_overlay_new ();

  self->navigation = ADW_NAVIGATION_VIEW (adw_navigation_view_new ());
  /* Escape ends the dialog from every page. */
  adw_navigation_view_set_pop_on_escape (self->navigation, FALSE);
  adw_toast_overlay_set_child (ADW_TOAST_OVERLAY (toasts), GTK_WIDGET (self->navigation));
  adw_dialog_set_child (ADW_DIALOG (self), toasts);
  adw_dialog_set_title (ADW_DIALOG (self), _ ("Invite a Device"));
  adw_dialog_set_content_width (ADW_DIALOG (self), 480);
  adw_dialog_set_content_height (ADW_DIALOG (self), 640);
}

PeerupInviteDialog *
peerup_invite_dialog_new (PeerupSession *session)
{
  PeerupInviteDialog *self = g_object_new (PEERUP_TYPE_INVITE_DIALOG, NULL);

  self->session = g_object_ref (session);
  self->options = g_object_ref_sink (peerup_invite_options_new (session));
  g_signal_connect_object (self->options, "create", G_CALLBACK (on_create), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_invites (session), "items-changed", G_CALLBACK (find_invite), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  adw_navigation_view_push (self->navigation, ADW_NAVIGATION_PAGE (self->options));
  on_state (self);
  return self;
}
