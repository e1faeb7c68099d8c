/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "pairing/peerup-original-pair.h"

G_BEGIN_DECLS

/* The groups that a relay keeps, as a value that is read from a text and written to it. Tokens are never in it, only
 * their hashes. Times are seconds since 1970 and are given. */
typedef struct _PeerupGroups PeerupGroups;

#define PEERUP_GROUPS_MAX      64
#define PEERUP_GROUP_CODES_MAX 100
#define PEERUP_GROUP_TIME_MAX  (100 * 365 * 24 * (gint64) 3600)
/* Seconds that a clock may be set back without the codes that were made before it suffering. */
#define PEERUP_GROUP_CLOCK_SLACK 3600
/* Bytes of the text. */
#define PEERUP_GROUPS_TEXT_MAX (4 * 1024 * 1024)

typedef struct
{
  guint8 hash[32];
  PeerupPeerId *peer; /* nullable: who has used it */
  char *name;         /* of that peer: as it may be shown; NULL until it is used */
  gint64 at;
  guint8 proof[PEERUP_GROUP_PROOF_LENGTH];
  gboolean claimed; /* used, and other files may not say so yet */
} PeerupGroupCode;

typedef struct
{
  char id[PEERUP_GROUP_ID_LENGTH + 1];
  char *network; /* nullable */
  gint64 created_at;
  gint64 expires_at;  /* when the codes end */
  gint64 member_time; /* seconds that a member stays authorized; 0: for ever */
  gboolean closed;    /* revoked, or seen to have expired: no clock opens it again */
  GPtrArray *codes;   /* of PeerupGroupCode */
} PeerupGroup;

PeerupGroups *peerup_groups_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_groups_free (PeerupGroups *self);
/* MALFORMED, TOO_LARGE. */
PeerupGroups *peerup_groups_parse (const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_groups_to_text (PeerupGroups *self) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer none) (element-type PeerupGroup): oldest first. */
GPtrArray *peerup_groups_get_all (PeerupGroups *self);
PeerupGroup *peerup_groups_find (PeerupGroups *self, const char *id);
guint peerup_group_get_n_used (const PeerupGroup *self);
/* Whether somebody may still join. */
gboolean peerup_group_is_open (const PeerupGroup *self, gint64 now);
gboolean peerup_groups_have_open (PeerupGroups *self, gint64 now);
/* Whether codes of any count at all, be it again for who has used one. */
gboolean peerup_groups_take_codes (PeerupGroups *self, gint64 now);

/* A new group of @count codes for @ttl seconds; @tokens gets the tokens (@count times PEERUP_GROUP_TOKEN_LENGTH), all
 * at random. Where there are PEERUP_GROUPS_MAX, the oldest that is not open goes; LIMIT if all are. MALFORMED: a count
 * or a time out of bounds. */
PeerupGroup *peerup_groups_add (PeerupGroups *self, guint count, gint64 now, gint64 ttl, gint64 member_time,
                                const char *network, guint8 *tokens, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Uses the code of @token for @peer, so that it is claimed. The peer that has used it may do so again while the group
 * is open, for its answer may have been lost. NULL: for whatever reason, which nobody is told. Every code is looked at.
 */
PeerupGroup *peerup_groups_claim (PeerupGroups *self, const guint8 token[PEERUP_GROUP_TOKEN_LENGTH], PeerupPeerId *peer,
                                  const char *name, gint64 now, PeerupGroupCode **code) G_GNUC_WARN_UNUSED_RESULT;
/* Closes those whose codes have ended; whether there were any. */
gboolean peerup_groups_expire (PeerupGroups *self, gint64 now);
/* (nullable): the code by which @peer is a member. */
PeerupGroupCode *peerup_group_find_member (const PeerupGroup *self, PeerupPeerId *peer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupGroups, peerup_groups_free)

G_END_DECLS
