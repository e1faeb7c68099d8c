/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PeerupInviteState:
 * @PEERUP_INVITE_OPEN: somebody may join
 * @PEERUP_INVITE_CLAIMED: somebody has proven to know the code and is being paired
 * @PEERUP_INVITE_USED: somebody has joined
 * @PEERUP_INVITE_EXPIRED: its time is over
 * @PEERUP_INVITE_CANCELLED: taken back
 * @PEERUP_INVITE_DEAD: too many wrong guesses
 */
typedef enum
{
  PEERUP_INVITE_OPEN,
  PEERUP_INVITE_CLAIMED,
  PEERUP_INVITE_USED,
  PEERUP_INVITE_EXPIRED,
  PEERUP_INVITE_CANCELLED,
  PEERUP_INVITE_DEAD,
} PeerupInviteState;

#define PEERUP_TYPE_INVITE_STATE (peerup_invite_state_get_type ())
GType peerup_invite_state_get_type (void);

#define PEERUP_TYPE_INVITE (peerup_invite_get_type ())
/**
 * PeerupInvite:
 *
 * One code that one other device may join by. Made by [class@Engine], which is the only writer; the properties notify:
 * number, state, code, link, spoken (strings, empty once it is not open), expires-at (seconds since 1970), guesses
 * (wrong ones so far), peer-id and peer-name (of who has joined), weak (the original's kind), left (a sealed copy waits
 * with relays), relays (how many know it).
 */
G_DECLARE_FINAL_TYPE (PeerupInvite, peerup_invite, PEERUP, INVITE, GObject)

guint peerup_invite_get_number (PeerupInvite *self);
PeerupInviteState peerup_invite_get_state (PeerupInvite *self);
const char *peerup_invite_get_code (PeerupInvite *self);
const char *peerup_invite_get_link (PeerupInvite *self);
const char *peerup_invite_get_spoken (PeerupInvite *self);
gint64 peerup_invite_get_expires_at (PeerupInvite *self);
guint peerup_invite_get_guesses (PeerupInvite *self);
const char *peerup_invite_get_peer_id (PeerupInvite *self);
const char *peerup_invite_get_peer_name (PeerupInvite *self);
gboolean peerup_invite_get_weak (PeerupInvite *self);
gboolean peerup_invite_get_left (PeerupInvite *self);
guint peerup_invite_get_n_relays (PeerupInvite *self);

G_END_DECLS
