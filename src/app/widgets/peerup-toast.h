/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What passes is said in the toast overlay that is nearest above @widget: a page's or a dialog's own, or the window's.
 */

/* @text: plain, not markup. */
void peerup_toast (GtkWidget *widget, const char *text);
/* Why @what ("Cannot rename Laptop") failed; nothing where the person has cancelled it. @error: borrowed. */
void peerup_toast_error (GtkWidget *widget, const char *what, const GError *error);
/* With the button Undo, which calls @undo with @data in the main loop, once at most. @destroy: (nullable): of @data,
 * called in any case. */
void peerup_toast_undo (GtkWidget *widget, const char *text, GFunc undo, gpointer data, GDestroyNotify destroy);

G_END_DECLS
