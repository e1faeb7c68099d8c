/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where the focus is on a new page. */
#include "app/pairing/peerup-page-focus.h"

static gboolean
take_focus (GtkWidget *focus, GdkFrameClock *clock, gpointer data)
{
  gtk_widget_grab_focus (focus);
  return G_SOURCE_REMOVE;
}

void
peerup_page_focus (AdwNavigationPage *page, GtkWidget *focus, GtkWidget *button)
{
  GtkWidget *dialog = gtk_widget_get_ancestor (GTK_WIDGET (page), ADW_TYPE_DIALOG);

  if (dialog == NULL)
    return;
  adw_dialog_set_default_widget (ADW_DIALOG (dialog), button);
  gtk_widget_grab_focus (focus);
  /* A dialog that opens chooses for itself after its first page was shown. */
  gtk_widget_add_tick_callback (focus, take_focus, NULL, NULL);
}
