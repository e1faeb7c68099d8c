/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"
#include "app/share/peerup-share-users.h"

G_BEGIN_DECLS

/* A service that this device shares: its switch, who may use it, and how it does. */
#define PEERUP_TYPE_SERVICE_ROW (peerup_service_row_get_type ())
G_DECLARE_FINAL_TYPE (PeerupServiceRow, peerup_service_row, PEERUP, SERVICE_ROW, AdwActionRow)

GtkWidget *peerup_service_row_new (PeerupSession *session, PeerupDBusService1 *service,
                                   PeerupShareUsers *users) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer none) */
PeerupDBusService1 *peerup_service_row_get_service (PeerupServiceRow *self);

G_END_DECLS
