/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Takes a code in any form and joins the device that made it; @code (nullable) is put in, and nothing is done before
 * the person says so. */
#define PEERUP_TYPE_JOIN_DIALOG (peerup_join_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupJoinDialog, peerup_join_dialog, PEERUP, JOIN_DIALOG, AdwDialog)

PeerupJoinDialog *peerup_join_dialog_new (PeerupSession *session, const char *code) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
