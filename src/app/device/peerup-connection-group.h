/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* How a device is reached and why, in words, as a drawing, and over the last minutes. It asks nothing of the engine
 * while it is not shown. */
#define PEERUP_TYPE_CONNECTION_GROUP (peerup_connection_group_get_type ())
G_DECLARE_FINAL_TYPE (PeerupConnectionGroup, peerup_connection_group, PEERUP, CONNECTION_GROUP, AdwPreferencesGroup)

/* Once, before it is shown. */
void
peerup_connection_group_set_device (PeerupConnectionGroup *self, PeerupSession *session, PeerupDBusDevice1 *device);

G_END_DECLS
