/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-rendezvous-message.h"

G_BEGIN_DECLS

/* Invites that were left with a relay, on its disk: one file each (0600, whole at every moment) in a directory (0700)
 * that is made when the first is kept. Everything blocks for a few system calls, and keep() for an fsync. */

/* In place of what was kept of that number of that inviter. PERMISSION, G_FILE_ERROR: what was there stays. */
gboolean peerup_rendezvous_store_keep (const char *directory, const PeerupRendezvousKept *invite,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing happens where there is none. */
void peerup_rendezvous_store_forget (const char *directory, const PeerupRendezvousKept *invite);
/* (transfer full) of PeerupRendezvousKept: those that can be read and bear the name of what they hold, @max at most.
 * What a crash has left of others is taken away. */
GPtrArray *peerup_rendezvous_store_load (const char *directory, guint max) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
