/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A text as a QR code, black on a white card whatever the theme is, as large as there is room for, and square. It can
 * be focused, and is a picture with a description to those who do not see it.
 *
 * Properties: "text" (nullable): what it holds; one that is too long for a QR code shows nothing.
 * "description": for those who do not see it. */
#define PEERUP_TYPE_QR_VIEW (peerup_qr_view_get_type ())
G_DECLARE_FINAL_TYPE (PeerupQrView, peerup_qr_view, PEERUP, QR_VIEW, GtkWidget)

GtkWidget *peerup_qr_view_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* @text: (nullable) */
void peerup_qr_view_set_text (PeerupQrView *self, const char *text);
void peerup_qr_view_set_description (PeerupQrView *self, const char *description);

G_END_DECLS
