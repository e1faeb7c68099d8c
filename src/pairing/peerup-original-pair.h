/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* The original's pairing at a relay, and how the relay introduces the members of a group, as bytes. Nothing of a
 * message is given out before all of it was checked. */
#define PEERUP_RELAY_PAIR_PROTOCOL  "/peerup/relay-pair/1.0.0"
#define PEERUP_PEER_NOTIFY_PROTOCOL "/peerup/peer-notify/1.0.0"

#define PEERUP_GROUP_TOKEN_LENGTH 16
#define PEERUP_GROUP_PROOF_LENGTH 32
/* Of a group's ID: lower-case hexadecimal digits, which the original makes of 4 random bytes. */
#define PEERUP_GROUP_ID_LENGTH 8
/* Bytes of a name in a request, members of a message, and bytes of a reply or notice. */
#define PEERUP_GROUP_NAME_MAX    64
#define PEERUP_GROUP_MEMBERS_MAX 255
#define PEERUP_GROUP_MESSAGE_MAX 76500
#define PEERUP_GROUP_REQUEST_MAX (PEERUP_GROUP_TOKEN_LENGTH + 1 + PEERUP_GROUP_NAME_MAX)
/* Bytes that a peer ID in a notice may have as text; base58 of PEERUP_PEER_ID_BYTES_MAX is shorter. */
#define PEERUP_GROUP_PEER_TEXT_MAX 128

/* Whether @id (@length bytes) is a group's ID: exactly PEERUP_GROUP_ID_LENGTH of [0-9a-f]. What is none never gets
 * near a file. */
gboolean peerup_group_id_check (const char *id, gsize length);
/* HMAC-SHA256 of @id by @token: what a member can show of having had the token. */
void peerup_group_proof (const guint8 token[PEERUP_GROUP_TOKEN_LENGTH], const char *id,
                         guint8 proof[PEERUP_GROUP_PROOF_LENGTH]);
void peerup_group_token_hash (const guint8 token[PEERUP_GROUP_TOKEN_LENGTH], guint8 hash[32]);

/* A member as a relay names it. @name is UTF-8 fit to be shown, maybe "". */
typedef struct
{
  PeerupPeerId *peer;
  char *name;
  guint8 proof[PEERUP_GROUP_PROOF_LENGTH]; /* zeros: not known */
} PeerupGroupPeer;

PeerupGroupPeer *
peerup_group_peer_new (PeerupPeerId *peer, const char *name, const guint8 *proof) G_GNUC_WARN_UNUSED_RESULT;
void peerup_group_peer_free (PeerupGroupPeer *self);

/* What a member asks a relay: the token of its code, and what it wants to be called. */
typedef struct
{
  guint8 token[PEERUP_GROUP_TOKEN_LENGTH];
  char *name; /* fit to be shown, maybe "" */
} PeerupGroupRequest;

void peerup_group_request_clear (PeerupGroupRequest *self);
/* @name: nullable; cut to PEERUP_GROUP_NAME_MAX bytes. */
GBytes *
peerup_group_request_encode (const guint8 token[PEERUP_GROUP_TOKEN_LENGTH], const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* How long a request is whose first PEERUP_GROUP_TOKEN_LENGTH + 1 bytes are @start. TOO_LARGE. */
gboolean peerup_group_request_measure (const guint8 *start, gsize *length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* MALFORMED, TOO_LARGE. */
gboolean peerup_group_request_parse (gconstpointer data, gsize length, PeerupGroupRequest *request,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is told of a group, in a reply and in a notice. */
typedef struct
{
  char id[PEERUP_GROUP_ID_LENGTH + 1];
  guint size;       /* a reply: codes of the group; a notice: its members, the one that is told included */
  GPtrArray *peers; /* of PeerupGroupPeer */
} PeerupGroupNews;

PeerupGroupNews *peerup_group_news_new (const char *id, guint size) G_GNUC_WARN_UNUSED_RESULT;
void peerup_group_news_free (PeerupGroupNews *self);

/* The reply: who is there already; or one refusal for every reason. */
GBytes *peerup_group_reply_encode (const PeerupGroupNews *news) G_GNUC_WARN_UNUSED_RESULT;
GBytes *peerup_group_refusal_encode (void) G_GNUC_WARN_UNUSED_RESULT;
/* GATED: the refusal. MALFORMED: cut off, bytes after its end, no group's ID, no peer's ID. Who stands
 * twice counts once. */
PeerupGroupNews *peerup_group_reply_parse (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A notice: somebody else is a member. */
GBytes *peerup_group_notice_encode (const PeerupGroupNews *news) G_GNUC_WARN_UNUSED_RESULT;
/* MALFORMED as above; UNSUPPORTED: a version that is not known. */
PeerupGroupNews *peerup_group_notice_parse (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupGroupPeer, peerup_group_peer_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupGroupRequest, peerup_group_request_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupGroupNews, peerup_group_news_free)

G_END_DECLS
