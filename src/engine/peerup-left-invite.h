/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-pairing-record.h"
#include "engine/peerup-pairing-term.h"

G_BEGIN_DECLS

/* An invite that outlives a restart because a sealed copy of it waits with relays: what its file holds. The secret is
 * written for that reason alone, and the file goes when the invite does. */
typedef struct
{
  char *token; /* which invite it is: numbers come again. Its file's name, and the record's that has used it */
  guint number;
  GBytes *secret;
  char *code; /* the long code, as it was shown */
  PeerupPairingTerm term;
  guint guesses;             /* wrong ones so far */
  gint64 grant_time;         /* seconds from the pairing on; 0: for ever */
  PeerupPairingOffer *offer; /* without an end */
} PeerupLeftInvite;

/* (transfer full): a name for an invite that nothing else has. */
char *peerup_left_invite_make_token (guint number) G_GNUC_WARN_UNUSED_RESULT;
/* Whether it is one, and so fit to be a file's name. MALFORMED. */
gboolean peerup_left_invite_check_token (const char *token, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Wipes the secret. */
void peerup_left_invite_free (PeerupLeftInvite *self);
/* The text is wiped when it is freed. */
GBytes *peerup_left_invite_encode (const PeerupLeftInvite *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupLeftInvite *peerup_left_invite_decode (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupLeftInvite, peerup_left_invite_free)

G_END_DECLS
