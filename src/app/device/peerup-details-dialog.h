/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* All that is known of a device and its connections, each thing to be copied. Asked for anew whenever its connections
 * change. */
#define PEERUP_TYPE_DETAILS_DIALOG (peerup_details_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupDetailsDialog, peerup_details_dialog, PEERUP, DETAILS_DIALOG, AdwDialog)

AdwDialog *peerup_details_dialog_new (PeerupSession *session, PeerupDBusDevice1 *device) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
