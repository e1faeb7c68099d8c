/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Rows whose switches are the engine's: they show what is in force, ask the engine for what is wanted, and go back
 * where it refuses. Each is for as long as its row lives. */

/* A flag of the configuration: @key ("discovery.mdns"), which may not be given there; @get finds what holds then, of a
 * PeerupConfig. */
typedef gboolean (*PeerupGetFlag) (gpointer config);
void peerup_engine_settings_bind_flag (AdwSwitchRow *row, PeerupSession *session, const char *key, PeerupGetFlag get);

/* Whether the identity's private key is in the login keyring. The row is hidden where the engine knows nothing of
 * that. */
void peerup_engine_settings_bind_keyring (AdwSwitchRow *row, PeerupSession *session);

G_END_DECLS
