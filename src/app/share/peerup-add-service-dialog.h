/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Looks what runs on this machine, and shares what is chosen of it, or something else. */
#define PEERUP_TYPE_ADD_SERVICE_DIALOG (peerup_add_service_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupAddServiceDialog, peerup_add_service_dialog, PEERUP, ADD_SERVICE_DIALOG, AdwDialog)

/* @origin: what says that it was added, and undoes that; not kept alive. */
PeerupAddServiceDialog *
peerup_add_service_dialog_new (PeerupSession *session, GtkWidget *origin) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
