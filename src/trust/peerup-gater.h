/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "trust/peerup-authorized-keys.h"

G_BEGIN_DECLS

/* Follows an authorized_keys file without a restart, for peerup_decide(), and speaks up when a peer
 * that could connect may stay no longer. Belongs to the thread and the thread-default main
 * context that made it.
 *
 * Signals:
 *   "revoked" (PeerupPeerId *peer, const char *reason): @peer was authorized and is not
 *       any more: its time is over, or it left the file. Close its connections.
 *   "changed": the file was read again and counts now.
 *   "problem" (const char *text): the file was read again and cannot count; the old
 *       entries stay in force, their expiries too. */
#define PEERUP_TYPE_GATER (peerup_gater_get_type ())
G_DECLARE_FINAL_TYPE (PeerupGater, peerup_gater, PEERUP, GATER, GObject)

/* Gating switched off: lets everybody in. */
PeerupGater *peerup_gater_new_open (void) G_GNUC_WARN_UNUSED_RESULT;
/* Reads @path now (blocks). Fails, so that nothing starts ungated: NOT_FOUND with the next step, PERMISSION,
 * MALFORMED (the first bad line), TOO_LARGE, G_FILE_ERROR. A file without entries is taken and
 * refuses everybody, see peerup_gater_get_warnings(). */
PeerupGater *peerup_gater_new_for_file (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a file that refuses nobody, but says who gets more than others. It may be missing, and come
 * later; without entries it is no matter for a warning. */
PeerupGater *peerup_gater_new_for_favours (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_gater_is_open (PeerupGater *self);
/* (nullable) (transfer none): the entries in force; NULL with gating off. Until the next reload. */
PeerupAuthorizedKeys *peerup_gater_get_keys (PeerupGater *self);
/* (nullable) (transfer full): why @peer may not connect at @now (seconds since 1970), in words for our own log; NULL
 * if peerup_decide() lets it. */
char *peerup_gater_dup_refusal (PeerupGater *self, PeerupPeerId *peer, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* Sentences a person should read: nobody is authorized, an expiry cannot be read, an ID stands twice. Borrowed
 * until the next reload; empty if all is well. */
const char *const *peerup_gater_get_warnings (PeerupGater *self);
/* Reads the file again at once (blocks), as after an edit of our own. On an error the old
 * entries stay in force and "problem" is emitted. */
gboolean peerup_gater_reload (PeerupGater *self, GError **error);
/* Emits "revoked" for each peer that was valid until now and is not at @now. The gater does this by itself at each
 * expiry, at the latest 60 s after the clock was set forward. */
void peerup_gater_advance (PeerupGater *self, gint64 now);

G_END_DECLS
