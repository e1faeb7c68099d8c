/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A QR code and a row; nothing in it changes. */
#include "app/share/peerup-peer-id-dialog.h"

#include "app/widgets/peerup-copy-row.h"
#include "app/widgets/peerup-qr-view.h"

struct _PeerupPeerIdDialog
{
  AdwDialog parent_instance;

  PeerupQrView *qr_view;
  PeerupCopyRow *id_row;
};

G_DEFINE_FINAL_TYPE (PeerupPeerIdDialog, peerup_peer_id_dialog, ADW_TYPE_DIALOG)

static void
peerup_peer_id_dialog_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), PEERUP_TYPE_PEER_ID_DIALOG);
  G_OBJECT_CLASS (peerup_peer_id_dialog_parent_class)->dispose (object);
}

static void
peerup_peer_id_dialog_class_init (PeerupPeerIdDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_peer_id_dialog_dispose;
  g_type_ensure (PEERUP_TYPE_COPY_ROW);
  g_type_ensure (PEERUP_TYPE_QR_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-peer-id-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupPeerIdDialog, qr_view);
  gtk_widget_class_bind_template_child (widget_class, PeerupPeerIdDialog, id_row);
}

static void
peerup_peer_id_dialog_init (PeerupPeerIdDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupPeerIdDialog *
peerup_peer_id_dialog_new (const char *peer_id)
{
  PeerupPeerIdDialog *self = g_object_new (PEERUP_TYPE_PEER_ID_DIALOG, NULL);

  peerup_qr_view_set_text (self->qr_view, peer_id);
  peerup_copy_row_set_text (self->id_row, peer_id);
  return self;
}
