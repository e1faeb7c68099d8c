/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* What a person chooses once: how the program behaves on this desktop, what it notifies of, and what the engine does
 * with the network and with its key. All of it is in force at once. */
#define PEERUP_TYPE_PREFERENCES_DIALOG (peerup_preferences_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPreferencesDialog, peerup_preferences_dialog, PEERUP, PREFERENCES_DIALOG,
                      AdwPreferencesDialog)

/* @settings: (nullable): without them, their switches show the defaults and cannot be used. (transfer floating) */
AdwDialog *peerup_preferences_dialog_new (PeerupSession *session, GSettings *settings);

G_END_DECLS
