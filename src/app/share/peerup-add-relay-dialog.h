/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* From what a relay shows of itself, pasted or typed, to a relay that this device uses. */
#define PEERUP_TYPE_ADD_RELAY_DIALOG (peerup_add_relay_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupAddRelayDialog, peerup_add_relay_dialog, PEERUP, ADD_RELAY_DIALOG, AdwDialog)

/* @origin: what says that it was added; not kept alive. */
PeerupAddRelayDialog *peerup_add_relay_dialog_new (PeerupSession *session, GtkWidget *origin) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
