/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Makes an invite, shows it, and ends with a device more. */
#define PEERUP_TYPE_INVITE_DIALOG (peerup_invite_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupInviteDialog, peerup_invite_dialog, PEERUP, INVITE_DIALOG, AdwDialog)

PeerupInviteDialog *peerup_invite_dialog_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
