/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Takes a code in any form and joins the device that made it; @code (nullable) is put in, and nothing is done before
 * the person says so. */
#include "app/pairing/peerup-join-dialog.h"

struct _PeerupJoinDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  char *code;
};

G_DEFINE_FINAL_TYPE (PeerupJoinDialog, peerup_join_dialog, ADW_TYPE_DIALOG)

static void
peerup_join_dialog_dispose (GObject *object)
{
  PeerupJoinDialog *self = PEERUP_JOIN_DIALOG (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_JOIN_DIALOG);
  g_clear_object (&self->session);
  g_clear_pointer (&self->code, g_free);
  G_OBJECT_CLASS (peerup_join_dialog_parent_class)->dispose (object);
}

static void
peerup_join_dialog_class_init (PeerupJoinDialogClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_join_dialog_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/dev/peerup/PeerUp/pairing/peerup-join-dialog.ui");
}

static void
peerup_join_dialog_init (PeerupJoinDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupJoinDialog *
peerup_join_dialog_new (PeerupSession *session, const char *code)
{
  PeerupJoinDialog *self = g_object_new (PEERUP_TYPE_JOIN_DIALOG, NULL);

  self->session = g_object_ref (session);
  self->code = g_strdup (code);
  return self;
}
