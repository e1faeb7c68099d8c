/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* The icon in the tray and its menu, where the desktop has a tray and the person wants it ("show-tray"). Clicks do what
 * the application's actions do: open, invite, join, show-device, ask-quit; services are switched through the session.
 * Without a session bus there is nothing, and nothing is said of it.
 *
 * Property "shown" (gboolean, notifies): an icon is really there to be clicked on. */
#define PEERUP_TYPE_TRAY (peerup_tray_get_type ())
G_DECLARE_FINAL_TYPE (PeerupTray, peerup_tray, PEERUP, TRAY, GObject)

/* @application: registered, and outlives it; @settings: (nullable) */
PeerupTray *
peerup_tray_new (GApplication *application, PeerupSession *session, GSettings *settings) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_tray_is_shown (PeerupTray *self);

G_END_DECLS
