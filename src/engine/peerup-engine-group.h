/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-pairing.h"
#include "pairing/peerup-groups.h"

G_BEGIN_DECLS

/* Pairing in groups by the original's protocols, on a running engine. A relay makes a group with a number of codes and
 * keeps it; who joins by one is authorized there (/peerup/relay-pair/1.0.0), and the relay introduces its members to
 * each other (/peerup/peer-notify/1.0.0). A member believes the relays of its configuration, and those alone. Nothing
 * between two members proves that the relay introduced the right ones: the records have no transcript, and people
 * compare the IDs.
 *
 * The relay's groups are in the file PEERUP_GROUPS_NAME beside the configuration, with no token in it but the hash. */
typedef struct _PeerupEngineGroup PeerupEngineGroup;

#define PEERUP_GROUPS_NAME "groups"
/* Seconds that codes work. */
#define PEERUP_GROUP_TTL_DEFAULT 3600
#define PEERUP_GROUP_TTL_MAX     (30 * 24 * 3600)

/* Of @engine, which has its swarm and outlives it. Members are introduced from now on. Emits the engine's signal
 * "group-changed" after a group was made, joined or revoked, or has a new member. */
PeerupEngineGroup *peerup_engine_group_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_group_free (PeerupEngineGroup *self);
/* The engine runs: a relay takes up its groups, and finishes what a crash has left. */
void peerup_engine_group_begin (PeerupEngineGroup *self);

/* The relay */

typedef struct
{
  guint count;         /* codes, 1 to PEERUP_GROUP_CODES_MAX */
  gint64 ttl;          /* seconds that they work; 0: PEERUP_GROUP_TTL_DEFAULT */
  gint64 expires;      /* seconds that members stay authorized from when they join; 0: for ever */
  const char *network; /* nullable: the configuration's */
} PeerupGroupOptions;

/* Makes a group and returns its codes (transfer full), a strv; *@id (out, transfer full) is its ID. CONFIG (this is no
 * relay, or it has no IPv4 address with TCP, which is all that such a code can say), LIMIT, MALFORMED (@options),
 * G_FILE_ERROR. */
char **peerup_engine_group_create (PeerupEngineGroup *self, const PeerupGroupOptions *options, char **id,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its codes work no longer; who has joined stays. NOT_FOUND. */
gboolean peerup_engine_group_revoke (PeerupEngineGroup *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  PeerupPeerId *peer;
  char *name; /* as it may be shown; maybe "" */
  gint64 at;  /* seconds since 1970 when it joined, or we heard of it; 0: not known */
} PeerupGroupMember;

/* One group as it is now; on a member's side a group has no codes. */
typedef struct
{
  char *id;
  gboolean ours;       /* we are its relay */
  PeerupPeerId *relay; /* whose group it is */
  char *network;       /* nullable */
  guint n_codes, n_used;
  gint64 expires_at;  /* seconds since 1970 when the codes end; 0: not known, or revoked */
  GPtrArray *members; /* of PeerupGroupMember: on a member's side those in authorized_keys but the relay */
} PeerupGroupInfo;
void peerup_group_info_free (PeerupGroupInfo *self);
/* (transfer full) of PeerupGroupInfo: those that this relay keeps, and those that this device is a member of. */
GPtrArray *peerup_engine_group_dup_groups (PeerupEngineGroup *self) G_GNUC_WARN_UNUSED_RESULT;

/* The member */

/* Joins by @code, of kind RELAY, directly at its relay. @func as peerup_engine_pairing_join()'s; "saving" is told for
 * each member with its name. Resolves to the PeerupPairingRecord of the relay (kind "relay", COMPLETE) when it and all
 * members that it named are in the files; the code's relay is in its theirs. Rejects with a text for people:
 * UNREACHABLE, TIMEOUT, GATED (the code is used, expired or revoked: a relay does not say which), PROTOCOL, CONFIG (our
 * own code), G_FILE_ERROR. */
DexFuture *peerup_engine_group_join (PeerupEngineGroup *self, const PeerupInviteCode *code, const char *name,
                                     PeerupJoinFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupGroupInfo, peerup_group_info_free)

G_END_DECLS
