/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"
#include "app/share/peerup-share-users.h"

G_BEGIN_DECLS

/* Who was given a service, and until when, to be extended or revoked. */
#define PEERUP_TYPE_GRANT_ROW (peerup_grant_row_get_type ())
G_DECLARE_FINAL_TYPE (PeerupGrantRow, peerup_grant_row, PEERUP, GRANT_ROW, AdwActionRow)

GtkWidget *peerup_grant_row_new (PeerupSession *session, PeerupDBusGrant1 *grant,
                                 PeerupShareUsers *users) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
