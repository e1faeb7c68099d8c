/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "ice/peerup-ice.h"

G_BEGIN_DECLS

/* Searches of all peers together, at once; one for each peer. */
#define PEERUP_ICE_SESSIONS_MAX 16
/* Searches that one peer, and all of them together, may begin in PEERUP_ICE_WINDOW microseconds. */
#define PEERUP_ICE_SESSIONS_PER_PEER 6
#define PEERUP_ICE_SESSIONS_PER_TIME 64
#define PEERUP_ICE_WINDOW            (60 * G_USEC_PER_SEC)

/* For tests of more than one peer on one machine: @address, loopback too, counts as an interface's, on a network of
 * @prefix bits, and the real ones and their routers are left out. */
void peerup_ice_use_network (PeerupIce *self, const char *address, guint prefix);
guint peerup_ice_get_n_sessions (PeerupIce *self);
/* For tests: forgets who began how many. */
void peerup_ice_forget_begun (PeerupIce *self);

G_END_DECLS
