/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/peerup-application.h"

G_BEGIN_DECLS

/* What menus, keys, notifications, the tray and the session bus ask of the program (app.*). Each works whether or not
 * there is a window or an engine yet, so that the bus may start the program for it:
 *
 *   open; quit (ends; asks where there is a window and connections are in use); ask-quit (the same, and shows the
 *   window to ask); preferences; shortcuts; about; help (s: page, or empty);
 *   invite; join (s: code, or empty); join-with-code (none, for the desktop file); show-device (s: peer ID);
 * show-this-device; show-relays; show-prompt (u: number): in the window, as soon as there is an engine; answer-prompt
 * ((us): number, answer); extend-grant ((ssx): peer ID, service, seconds); share (s: service, which is switched on or
 * off): without a window; errors are said where a person sees them. */
void peerup_application_add_actions (PeerupApplication *self);

G_END_DECLS
