/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The page of the window where there is no device yet. */
#define PEERUP_TYPE_WELCOME_PAGE (peerup_welcome_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupWelcomePage, peerup_welcome_page, PEERUP, WELCOME_PAGE, AdwNavigationPage)

PeerupWelcomePage *peerup_welcome_page_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
