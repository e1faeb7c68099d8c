/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* Those whom one inviter may sponsor. */
#define PEERUP_RENDEZVOUS_SPONSORED_MAX 64

/* Writes @joined into a relay's authorized_keys file at @path, sponsored by @inviter (sponsor=) and until @until
 * (seconds since 1970, PEERUP_EXPIRES_NEVER; expires=), with @name (nullable) as comment; blocking for an fsync.
 * Whoever may connect already stays as he is. What @inviter has sponsored and is over at @now goes first. DENIED:
 * @inviter is not authorized in that file by its owner, with all rights and not by a sponsor; or @joined is in it, and
 * its time is over. LIMIT: PEERUP_RENDEZVOUS_SPONSORED_MAX. And as peerup_authorized_keys_file_edit(). */
gboolean peerup_rendezvous_sponsor (const char *path, PeerupPeerId *inviter, PeerupPeerId *joined, gint64 until,
                                    const char *name, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
