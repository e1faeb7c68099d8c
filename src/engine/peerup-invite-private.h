/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-invite.h"

G_BEGIN_DECLS

/* The writers of an invite's properties: for the engine's pairings, and for the original's, alone. */

/* An open invite that works until @expires_at (seconds since 1970). @code, @link and @spoken: what is shown to people;
 * @spoken is "" for one that has no spoken form. */
PeerupInvite *peerup_invite_new (guint number, const char *code, const char *link, const char *spoken,
                                 gint64 expires_at) G_GNUC_WARN_UNUSED_RESULT;
/* OPEN to any other, CLAIMED to any other, and nothing after that. The texts are emptied when it is over. */
void peerup_invite_set_state (PeerupInvite *self, PeerupInviteState state);
void peerup_invite_set_guesses (PeerupInvite *self, guint guesses);
void peerup_invite_set_peer (PeerupInvite *self, const char *peer_id, const char *name);
void peerup_invite_set_weak (PeerupInvite *self, gboolean weak);
void peerup_invite_set_left (PeerupInvite *self, gboolean left);
void peerup_invite_set_n_relays (PeerupInvite *self, guint n_relays);

/* Whether somebody may still join by it, or is joining. */
gboolean peerup_invite_is_live (PeerupInvite *self);

G_END_DECLS
