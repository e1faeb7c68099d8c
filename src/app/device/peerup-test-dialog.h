/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Tries the connection with a device when it is shown: a few round trips one after the other, then the way with its
 * legs. Closing it ends that. */
#define PEERUP_TYPE_TEST_DIALOG (peerup_test_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupTestDialog, peerup_test_dialog, PEERUP, TEST_DIALOG, AdwDialog)

AdwDialog *peerup_test_dialog_new (PeerupSession *session, PeerupDBusDevice1 *device) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
