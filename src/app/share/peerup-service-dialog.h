/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"
#include "app/share/peerup-share-users.h"

G_BEGIN_DECLS

/* Everything about one service of this device: what it is, who may use it and until when, and its end. */
#define PEERUP_TYPE_SERVICE_DIALOG (peerup_service_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupServiceDialog, peerup_service_dialog, PEERUP, SERVICE_DIALOG, AdwDialog)

/* @origin: what says what became of it, once the dialog is closed; not kept alive. */
PeerupServiceDialog *peerup_service_dialog_new (PeerupSession *session, PeerupDBusService1 *service,
                                                PeerupShareUsers *users, GtkWidget *origin) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
