/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A page of a dialog that says how something ended or stands, and what can be done next. It is the last of its
 * navigation: nothing goes back from it but its buttons. */
#define PEERUP_TYPE_OUTCOME_PAGE (peerup_outcome_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupOutcomePage, peerup_outcome_page, PEERUP, OUTCOME_PAGE, AdwNavigationPage)

/* @icon: (nullable): NULL for a spinner. @description: (nullable), plain, as @title. */
PeerupOutcomePage *
peerup_outcome_page_new (const char *icon, const char *title, const char *description) G_GNUC_WARN_UNUSED_RESULT;
void peerup_outcome_page_set_title (PeerupOutcomePage *self, const char *title);
void peerup_outcome_page_set_description (PeerupOutcomePage *self, const char *description);
/* What the engine said of it, for whoever wants to know exactly; plain. @details: (nullable) */
void peerup_outcome_page_set_details (PeerupOutcomePage *self, const char *details);
/* @style: (nullable): "suggested-action". The first one has the focus, and Enter. (transfer none) */
GtkWidget *peerup_outcome_page_add_button (PeerupOutcomePage *self, const char *label, const char *style);

G_END_DECLS
