/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* A service of this device, and whether another device may use it, and until when. */
#define PEERUP_TYPE_ACCESS_ROW (peerup_access_row_get_type ())
G_DECLARE_FINAL_TYPE (PeerupAccessRow, peerup_access_row, PEERUP, ACCESS_ROW, AdwActionRow)

GtkWidget *peerup_access_row_new (PeerupSession *session, PeerupDBusDevice1 *device,
                                  PeerupDBusService1 *service) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
