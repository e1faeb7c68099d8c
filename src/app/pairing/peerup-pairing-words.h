/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "code/peerup-invite-code.h"

G_BEGIN_DECLS

/* What Invite and Join say. Pure. */

/* "9 minutes left", and in the last two minutes "1 minute 5 seconds left". (transfer full) */
char *peerup_pairing_words_left (gint64 seconds) G_GNUC_WARN_UNUSED_RESULT;
/* Seconds until that is another text; at least 1. */
guint peerup_pairing_words_left_holds (gint64 seconds);

/* JoinProgress's state in words. Never NULL: what is not known is "Joining…". */
const char *peerup_pairing_words_progress (const char *state);

/* Why a Join failed, by what a person can do about it. */
typedef enum
{
  PEERUP_JOIN_MISTYPED,
  PEERUP_JOIN_WRONG_CODE,
  PEERUP_JOIN_OVER, /* used, expired or taken back: whoever has a code cannot tell which */
  PEERUP_JOIN_DECLINED,
  PEERUP_JOIN_NOBODY, /* no invite of that number, near by */
  PEERUP_JOIN_AWAY,
  PEERUP_JOIN_OFFLINE, /* this device has no network */
  PEERUP_JOIN_OTHER_NETWORK,
  PEERUP_JOIN_OWN, /* made by this device */
  PEERUP_JOIN_PAIRED,
  PEERUP_JOIN_OLD,  /* one of the two needs a newer version */
  PEERUP_JOIN_GONE, /* the engine ended */
  PEERUP_JOIN_FAILED,
} PeerupJoinTrouble;

/* @code: what was joined by. @own_id: (nullable): this device's. @online: it has a network. */
PeerupJoinTrouble peerup_pairing_words_find_trouble (const GError *error, const PeerupInviteCode *code,
                                                     const char *own_id, gboolean online);
const char *peerup_pairing_words_get_title (PeerupJoinTrouble trouble);
/* What to do. */
const char *peerup_pairing_words_get_advice (PeerupJoinTrouble trouble);
const char *peerup_pairing_words_get_icon (PeerupJoinTrouble trouble);
/* The same code may work in a moment. */
gboolean peerup_pairing_words_can_retry (PeerupJoinTrouble trouble);

G_END_DECLS
