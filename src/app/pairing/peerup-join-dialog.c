/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Takes a code in any form and joins the device that made it. Nothing is done before the person says so on the page
 * that tells whose code it is, wherever the code came from. The code is wiped when the dialog is over. */
#include "app/pairing/peerup-join-dialog.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/model/peerup-device-text.h"
#include "app/pairing/peerup-code-check.h"
#include "app/pairing/peerup-code-entry.h"
#include "app/pairing/peerup-compare-page.h"
#include "app/pairing/peerup-join-confirm.h"
#include "app/pairing/peerup-join-run.h"
#include "app/pairing/peerup-outcome-page.h"
#include "app/pairing/peerup-pairing-words.h"
#include "app/pairing/peerup-scan-page.h"
#include "app/widgets/peerup-prompt-claims.h"

struct _PeerupJoinDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  AdwNavigationView *navigation; /* (nullable): NULL once it is closed */
  PeerupCodeEntry *entry;
  PeerupJoinConfirm *confirm;  /* (nullable) */
  PeerupOutcomePage *progress; /* (nullable): the navigation's, while it is shown */
  GtkWidget *cancel;           /* (nullable): of that page */
  PeerupInviteCode *code;      /* (nullable): what is joined by */
  char *text;                  /* (nullable): the same as it came */
  PeerupJoinRun *run;          /* (nullable): while it goes on */
  char *peer_id;               /* (nullable): who was joined, or is paired already */
  char *name;                  /* (nullable): what that one is called, isolated */
};

G_DEFINE_FINAL_TYPE (PeerupJoinDialog, peerup_join_dialog, ADW_TYPE_DIALOG)

static void
show_page (PeerupJoinDialog *self, gpointer page)
{
  AdwNavigationPage *pages[] = { page };

  self->progress = NULL;
  self->cancel = NULL;
  adw_navigation_view_replace (self->navigation, pages, 1);
}

static void
end_run (PeerupJoinDialog *self)
{
  if (self->run == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->run, self);
  peerup_join_run_cancel (self->run);
  g_clear_object (&self->run);
}

static void
show_entry (PeerupJoinDialog *self)
{
  show_page (self, self->entry);
}

static void
on_open (PeerupJoinDialog *self)
{
  g_autoptr (PeerupJoinDialog) hold = g_object_ref (self);

  gtk_widget_activate_action (GTK_WIDGET (self), "win.show-device", "s", self->peer_id);
  adw_dialog_force_close (ADW_DIALOG (self));
}

static void
add_open_and_done (PeerupJoinDialog *self, PeerupOutcomePage *page)
{
  GtkWidget *button = peerup_outcome_page_add_button (page, _ ("_Open"), "suggested-action");

  g_signal_connect_object (button, "clicked", G_CALLBACK (on_open), self, G_CONNECT_SWAPPED);
  button = peerup_outcome_page_add_button (page, _ ("_Done"), NULL);
  g_signal_connect_object (button, "clicked", G_CALLBACK (adw_dialog_force_close), self, G_CONNECT_SWAPPED);
}

static void
set_peer (PeerupJoinDialog *self, const char *peer_id, const char *name)
{
  g_set_str (&self->peer_id, peer_id);
  g_free (self->name);
  self->name = peerup_device_dup_title_isolated (name, peer_id);
}

/* How it went wrong */

static void join (PeerupJoinDialog *self, gboolean wait);

static void
on_retry (PeerupJoinDialog *self)
{
  join (self, FALSE);
}

static void
on_wait (PeerupJoinDialog *self)
{
  join (self, TRUE);
}

/* (nullable) (transfer full): the device that made the code, if it is one of ours already. */
static PeerupDBusDevice1 *
find_inviter (PeerupJoinDialog *self)
{
  if (self->code->inviter == NULL)
    return NULL;
  return peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id",
                                  peerup_peer_id_get_string (self->code->inviter));
}

static void
show_trouble (PeerupJoinDialog *self, PeerupJoinTrouble trouble, const char *details)
{
  PeerupOutcomePage *page =
    peerup_outcome_page_new (peerup_pairing_words_get_icon (trouble), peerup_pairing_words_get_title (trouble),
                             peerup_pairing_words_get_advice (trouble));
  g_autoptr (PeerupDBusDevice1) inviter = find_inviter (self);
  GtkWidget *button;

  peerup_outcome_page_set_details (page, details);
  if (trouble == PEERUP_JOIN_PAIRED && inviter != NULL)
    {
      set_peer (self, peerup_dbus_device1_get_peer_id (inviter), peerup_dbus_device1_get_name (inviter));
      add_open_and_done (self, page);
      show_page (self, page);
      return;
    }
  if (peerup_pairing_words_can_retry (trouble))
    {
      button = peerup_outcome_page_add_button (page, _ ("_Try Again"), "suggested-action");
      g_signal_connect_object (button, "clicked", G_CALLBACK (on_retry), self, G_CONNECT_SWAPPED);
    }
  if (trouble == PEERUP_JOIN_AWAY)
    {
      button = peerup_outcome_page_add_button (page, _ ("_Wait for It"), NULL);
      g_signal_connect_object (button, "clicked", G_CALLBACK (on_wait), self, G_CONNECT_SWAPPED);
    }
  if (trouble == PEERUP_JOIN_GONE)
    {
      button = peerup_outcome_page_add_button (page, _ ("_Close"), NULL);
      g_signal_connect_object (button, "clicked", G_CALLBACK (adw_dialog_force_close), self, G_CONNECT_SWAPPED);
    }
  else
    {
      button = peerup_outcome_page_add_button (page, _ ("_Enter a Code"), NULL);
      g_signal_connect_object (button, "clicked", G_CALLBACK (show_entry), self, G_CONNECT_SWAPPED);
    }
  show_page (self, page);
}

/* How it went well */

static void
on_answered (PeerupJoinDialog *self, guint answer)
{
  PeerupOutcomePage *page;
  GtkWidget *button;
  g_autofree char *text = NULL;

  if (answer == PEERUP_COMPARE_UNDONE)
    {
      page = peerup_outcome_page_new ("security-low-symbolic", _ ("Pairing Taken Back"),
                                      _ ("That device may use nothing here. Remove this device there, too, and ask for "
                                         "a new code."));
      button = peerup_outcome_page_add_button (page, _ ("_Enter a Code"), "suggested-action");
      g_signal_connect_object (button, "clicked", G_CALLBACK (show_entry), self, G_CONNECT_SWAPPED);
      show_page (self, page);
      return;
    }
  text = answer == PEERUP_COMPARE_MATCH
           /* TRANSLATORS: %s is the name of a device */
           ? g_strdup_printf (_ ("This device and %s are paired, and verified."), self->name)
           : g_strdup_printf (_ ("This device and %s are paired. You can verify it later, on its page."), self->name);
  page = peerup_outcome_page_new ("object-select-symbolic", _ ("Paired"), text);
  add_open_and_done (self, page);
  show_page (self, page);
}

static void
show_joined (PeerupJoinDialog *self, GVariant *pairing)
{
  const char *peer_id = "", *name = "", *kind = "";

  g_variant_lookup (pairing, "peer_id", "&s", &peer_id);
  g_variant_lookup (pairing, "name", "&s", &name);
  g_variant_lookup (pairing, "kind", "&s", &kind);
  set_peer (self, peer_id, name);
  /* Where an invite was left there is nobody yet to compare with. */
  if (!g_str_equal (kind, "left"))
    {
      PeerupComparePage *page = peerup_compare_page_new (self->session, peer_id, name);

      g_signal_connect_object (page, "answered", G_CALLBACK (on_answered), self, G_CONNECT_SWAPPED);
      show_page (self, page);
    }
  else
    {
      g_autofree char *text =
        /* TRANSLATORS: %s is the name of a device */
        g_strdup_printf (_ ("%s is away. The answer waits for it, and the pairing is complete when it is back: then "
                            "verify it on its page."),
                         self->name);
      PeerupOutcomePage *page = peerup_outcome_page_new ("appointment-soon-symbolic", _ ("Almost Paired"), text);

      add_open_and_done (self, page);
      show_page (self, page);
    }
}

/* While it goes on */

static void
on_progress (PeerupJoinDialog *self, const char *state, const char *detail)
{
  if (self->progress == NULL || g_str_equal (state, "done"))
    return;
  peerup_outcome_page_set_title (self->progress, peerup_pairing_words_progress (state));
  /* What is being saved is saved, here and there. */
  gtk_widget_set_sensitive (self->cancel, !g_str_equal (state, "saving"));
}

static void
on_done (PeerupJoinDialog *self, GVariant *pairing, const GError *error)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (self->session);
  const char *own_id = engine != NULL ? peerup_dbus_engine1_get_peer_id (engine) : NULL;
  gboolean online = g_network_monitor_get_network_available (g_network_monitor_get_default ());

  g_clear_object (&self->run);
  if (pairing != NULL)
    show_joined (self, pairing);
  else
    show_trouble (self, peerup_pairing_words_find_trouble (error, self->code, own_id, online), error->message);
}

static void
on_cancel (PeerupJoinDialog *self)
{
  AdwNavigationPage *pages[] = { ADW_NAVIGATION_PAGE (self->entry), ADW_NAVIGATION_PAGE (self->confirm) };

  end_run (self);
  self->progress = NULL;
  self->cancel = NULL;
  adw_navigation_view_replace (self->navigation, pages, G_N_ELEMENTS (pages));
}

static void
join (PeerupJoinDialog *self, gboolean wait)
{
  GVariant *options = peerup_join_confirm_get (self->confirm, wait);
  PeerupOutcomePage *page = peerup_outcome_page_new (NULL, _ ("Joining…"), NULL);
  GtkWidget *cancel = peerup_outcome_page_add_button (page, _ ("_Cancel"), NULL);

  g_signal_connect_object (cancel, "clicked", G_CALLBACK (on_cancel), self, G_CONNECT_SWAPPED);
  show_page (self, page);
  /* Its question is asked here, and may come before the page that does. */
  if (self->code->inviter != NULL)
    peerup_prompt_claim (G_OBJECT (self), peerup_peer_id_get_string (self->code->inviter));
  self->progress = page;
  self->cancel = cancel;
  self->run = peerup_join_run_new (peerup_session_get_config_path (self->session), self->text, options);
  g_signal_connect_object (self->run, "progress", G_CALLBACK (on_progress), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->run, "done", G_CALLBACK (on_done), self, G_CONNECT_SWAPPED);
}

static void
on_join (PeerupJoinDialog *self)
{
  join (self, FALSE);
}

/* The code */

static void
wipe (PeerupJoinDialog *self)
{
  g_clear_pointer (&self->code, peerup_invite_code_free);
  if (self->text != NULL)
    explicit_bzero (self->text, strlen (self->text));
  g_clear_pointer (&self->text, g_free);
}

/* (nullable) */
static const char *
get_own_id (PeerupJoinDialog *self)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (self->session);

  return engine != NULL ? peerup_dbus_engine1_get_peer_id (engine) : NULL;
}

static void
on_chosen (PeerupJoinDialog *self, const char *text)
{
  g_autoptr (PeerupCodeCheck) check = peerup_code_check_new (text);
  g_autoptr (PeerupDBusDevice1) inviter = NULL;

  g_return_if_fail (check->state == PEERUP_CODE_CHECK_COMPLETE);
  wipe (self);
  self->text = g_strdup (text);
  self->code = g_steal_pointer (&check->code);
  inviter = find_inviter (self);
  if (self->code->inviter != NULL &&
      g_strcmp0 (peerup_peer_id_get_string (self->code->inviter), get_own_id (self)) == 0)
    show_trouble (self, PEERUP_JOIN_OWN, NULL);
  else if (inviter != NULL && g_strcmp0 (peerup_dbus_device1_get_pairing (inviter), "complete") == 0)
    show_trouble (self, PEERUP_JOIN_PAIRED, NULL);
  else
    {
      g_clear_object (&self->confirm);
      self->confirm = g_object_ref_sink (peerup_join_confirm_new (self->session, self->code));
      g_signal_connect_object (self->confirm, "join", G_CALLBACK (on_join), self, G_CONNECT_SWAPPED);
      adw_navigation_view_push (self->navigation, ADW_NAVIGATION_PAGE (self->confirm));
    }
}

/* The camera */

static void
on_scanned (PeerupJoinDialog *self, const char *text)
{
  show_entry (self);
  peerup_code_entry_take (self->entry, text);
}

static void
on_manual (PeerupJoinDialog *self, gboolean picture)
{
  adw_navigation_view_pop (self->navigation);
  if (picture)
    peerup_code_entry_choose_picture (self->entry);
}

static void
on_scan (PeerupJoinDialog *self)
{
  PeerupScanPage *page = peerup_scan_page_new ();

  g_signal_connect_object (page, "chosen", G_CALLBACK (on_scanned), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (page, "manual", G_CALLBACK (on_manual), self, G_CONNECT_SWAPPED);
  adw_navigation_view_push (self->navigation, ADW_NAVIGATION_PAGE (page));
}

static void
show_gone (PeerupJoinDialog *self)
{
  const GError *error = peerup_session_get_error (self->session);
  gboolean began = self->run != NULL;
  PeerupOutcomePage *page;
  GtkWidget *button;

  end_run (self);
  page = peerup_outcome_page_new ("dialog-error-symbolic", _ ("Peer-Up Does Not Run"),
                                  began ? _ ("It ended while this went on. Start it again, and see whether the device "
                                             "is listed before you try again.")
                                        : _ ("Start it, then enter the code."));
  peerup_outcome_page_set_details (page, error != NULL ? error->message : NULL);
  button = peerup_outcome_page_add_button (page, _ ("_Close"), NULL);
  g_signal_connect_object (button, "clicked", G_CALLBACK (adw_dialog_force_close), self, G_CONNECT_SWAPPED);
  show_page (self, page);
}

static void
on_state (PeerupJoinDialog *self)
{
  PeerupSessionState state = peerup_session_get_state (self->session);

  if (self->navigation != NULL && state != PEERUP_SESSION_RUNNING && state != PEERUP_SESSION_STARTING)
    show_gone (self);
}

static void
peerup_join_dialog_closed (AdwDialog *dialog)
{
  PeerupJoinDialog *self = PEERUP_JOIN_DIALOG (dialog);

  end_run (self);
  wipe (self);
  self->navigation = NULL;
}

static void
peerup_join_dialog_dispose (GObject *object)
{
  PeerupJoinDialog *self = PEERUP_JOIN_DIALOG (object);

  end_run (self);
  wipe (self);
  self->navigation = NULL;
  g_clear_object (&self->entry);
  g_clear_object (&self->confirm);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_join_dialog_parent_class)->dispose (object);
}

static void
peerup_join_dialog_finalize (GObject *object)
{
  PeerupJoinDialog *self = PEERUP_JOIN_DIALOG (object);

  g_free (self->peer_id);
  g_free (self->name);
  G_OBJECT_CLASS (peerup_join_dialog_parent_class)->finalize (object);
}

static void
peerup_join_dialog_class_init (PeerupJoinDialogClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_join_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_join_dialog_finalize;
  ADW_DIALOG_CLASS (klass)->closed = peerup_join_dialog_closed;
}

static void
peerup_join_dialog_init (PeerupJoinDialog *self)
{
  GtkWidget *toasts = adw_toast_overlay_new ();

  self->navigation = ADW_NAVIGATION_VIEW (adw_navigation_view_new ());
  /* Escape ends the dialog from every page. */
  adw_navigation_view_set_pop_on_escape (self->navigation, FALSE);
  adw_toast_overlay_set_child (ADW_TOAST_OVERLAY (toasts), GTK_WIDGET (self->navigation));
  adw_dialog_set_child (ADW_DIALOG (self), toasts);
  adw_dialog_set_title (ADW_DIALOG (self), _ ("Join with a Code"));
  adw_dialog_set_content_width (ADW_DIALOG (self), 480);
  adw_dialog_set_content_height (ADW_DIALOG (self), 640);
}

PeerupJoinDialog *
peerup_join_dialog_new (PeerupSession *session, const char *code)
{
  PeerupJoinDialog *self = g_object_new (PEERUP_TYPE_JOIN_DIALOG, NULL);

  self->session = g_object_ref (session);
  self->entry = g_object_ref_sink (peerup_code_entry_new ());
  g_signal_connect_object (self->entry, "chosen", G_CALLBACK (on_chosen), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->entry, "scan", G_CALLBACK (on_scan), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  adw_navigation_view_push (self->navigation, ADW_NAVIGATION_PAGE (self->entry));
  on_state (self);
  if (code != NULL && *code != '\0')
    peerup_code_entry_take (self->entry, code);
  return self;
}
