/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* A page of the window about the relays in use. */
#define PEERUP_TYPE_RELAYS_PAGE (peerup_relays_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupRelaysPage, peerup_relays_page, PEERUP, RELAYS_PAGE, AdwNavigationPage)

PeerupRelaysPage *peerup_relays_page_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
