/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* What is wrong with the engine for long, and a configuration that waits to be kept: nothing else, and nothing while
 * all is well. */
#define PEERUP_TYPE_TROUBLE_BANNER (peerup_trouble_banner_get_type ())
G_DECLARE_FINAL_TYPE (PeerupTroubleBanner, peerup_trouble_banner, PEERUP, TROUBLE_BANNER, AdwBin)

/* Once, before it is shown. */
void peerup_trouble_banner_set_session (PeerupTroubleBanner *self, PeerupSession *session);

G_END_DECLS
