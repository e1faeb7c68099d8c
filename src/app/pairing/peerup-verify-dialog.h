/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Asks two people to compare what a device and this one show. */
#define PEERUP_TYPE_VERIFY_DIALOG (peerup_verify_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupVerifyDialog, peerup_verify_dialog, PEERUP, VERIFY_DIALOG, AdwDialog)

/* @peer_id: of a device of the session. */
PeerupVerifyDialog *peerup_verify_dialog_new (PeerupSession *session, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
