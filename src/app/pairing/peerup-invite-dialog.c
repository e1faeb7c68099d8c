/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Makes an invite, shows it, and ends with a device more. */
#include "app/pairing/peerup-invite-dialog.h"

struct _PeerupInviteDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
};

G_DEFINE_FINAL_TYPE (PeerupInviteDialog, peerup_invite_dialog, ADW_TYPE_DIALOG)

static void
peerup_invite_dialog_dispose (GObject *object)
{
  PeerupInviteDialog *self = PEERUP_INVITE_DIALOG (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_INVITE_DIALOG);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_invite_dialog_parent_class)->dispose (object);
}

static void
peerup_invite_dialog_class_init (PeerupInviteDialogClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_invite_dialog_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/dev/peerup/PeerUp/pairing/peerup-invite-dialog.ui");
}

static void
peerup_invite_dialog_init (PeerupInviteDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupInviteDialog *
peerup_invite_dialog_new (PeerupSession *session)
{
  PeerupInviteDialog *self = g_object_new (PEERUP_TYPE_INVITE_DIALOG, NULL);

  self->session = g_object_ref (session);
  return self;
}
