/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* What this device is called to others where nothing else is said. (transfer full) */
char *peerup_machine_name_dup (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
