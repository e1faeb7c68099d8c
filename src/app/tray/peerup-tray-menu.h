/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"
#include "app/tray/peerup-menu-entry.h"

G_BEGIN_DECLS

/* What is in the menu of the tray. Keys: "open", "state", "invite", "join", "quit", and with what they are of,
 * "service:NAME" and "forward:ID". */

#define PEERUP_TRAY_SERVICE "service:"
#define PEERUP_TRAY_FORWARD "forward:"
/* Services that are listed, and forwards; the window has the others. */
#define PEERUP_TRAY_MAX_LISTED 12

/* @text: of the state; (transfer full) */
PeerupMenuEntry *peerup_tray_menu_new (PeerupSession *session, const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
