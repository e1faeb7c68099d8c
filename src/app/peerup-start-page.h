/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* What the window is while it has no engine: that one is started, or why there is none, with what mends it. */
#define PEERUP_TYPE_START_PAGE (peerup_start_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupStartPage, peerup_start_page, PEERUP, START_PAGE, AdwBin)

/* Once, before it is shown. */
void peerup_start_page_set_session (PeerupStartPage *self, PeerupSession *session);

G_END_DECLS
