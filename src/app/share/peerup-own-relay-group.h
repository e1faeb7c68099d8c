/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Make This Device a Relay: its switch, what it does for whom, and what it needs. */
#define PEERUP_TYPE_OWN_RELAY_GROUP (peerup_own_relay_group_get_type ())
G_DECLARE_FINAL_TYPE (PeerupOwnRelayGroup, peerup_own_relay_group, PEERUP, OWN_RELAY_GROUP, AdwPreferencesGroup)

/* Once. */
void peerup_own_relay_group_set_session (PeerupOwnRelayGroup *self, PeerupSession *session);

G_END_DECLS
