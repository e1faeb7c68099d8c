/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* For a dialog's page when it is mapped: @focus gets the focus, and @button (nullable) is pressed by Enter. By itself
 * a dialog that opens would choose the first widget, which is a button of the header. */
void peerup_page_focus (AdwNavigationPage *page, GtkWidget *focus, GtkWidget *button);

G_END_DECLS
