/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/peerup-sidebar-row.h"

G_BEGIN_DECLS

/* The left side of the window: this device, the devices by their names, and the relays. What is chosen there is shown
 * by the actions of the window (peerup-window.h).
 *
 * Properties: "collapsed" (gboolean): it has the window to itself, and nothing is selected but opened. "n-devices"
 * (guint, read only): without relays, whatever is searched for. */
#define PEERUP_TYPE_SIDEBAR (peerup_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (PeerupSidebar, peerup_sidebar, PEERUP, SIDEBAR, AdwNavigationPage)

/* Once, before it is shown. */
void peerup_sidebar_set_session (PeerupSidebar *self, PeerupSession *session);
/* What the window shows now. @place: one of those of peerup-sidebar-row.h, a peer ID, or "" for nothing. */
void peerup_sidebar_set_shown (PeerupSidebar *self, const char *place);
/* Gives the keyboard to the list. */
void peerup_sidebar_focus (PeerupSidebar *self);
guint peerup_sidebar_get_n_devices (PeerupSidebar *self);
/* Lets the person search, if there is enough to search in. */
void peerup_sidebar_search (PeerupSidebar *self);

G_END_DECLS
