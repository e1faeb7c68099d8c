/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* The messages of /peerup/rendezvous/1.0.0, without the varint length in front. What it is for stands in
 * relay/peerup-rendezvous.h. */
#define PEERUP_RENDEZVOUS_PROTOCOL "/peerup/rendezvous/1.0.0"

/* Numbers of invites are 1 to this. */
#define PEERUP_RENDEZVOUS_NUMBER_MAX 9999
/* Bytes of a sealed invite or answer, and seconds that a relay keeps one at most. */
#define PEERUP_RENDEZVOUS_SEALED_MAX 4352
#define PEERUP_RENDEZVOUS_TTL_MAX    (30 * 24 * 3600)
/* Bytes of a pass, and of what is told of it beforehand. */
#define PEERUP_RENDEZVOUS_PASS_LENGTH 16
#define PEERUP_RENDEZVOUS_HASH_LENGTH 32
/* Bytes of a name, and of a reason. */
#define PEERUP_RENDEZVOUS_TEXT_MAX 255
/* Answers that are kept for one invite. */
#define PEERUP_RENDEZVOUS_LEFT_MAX 8
/* Bytes of a message at most: of a request, and of an answer, which may have an invite and all that was left for it. */
#define PEERUP_RENDEZVOUS_REQUEST_MAX (PEERUP_RENDEZVOUS_SEALED_MAX + 512)
#define PEERUP_RENDEZVOUS_ANSWER_MAX  ((PEERUP_RENDEZVOUS_LEFT_MAX + 1) * (PEERUP_RENDEZVOUS_SEALED_MAX + 128))

/* As on the wire. */
typedef enum
{
  PEERUP_RENDEZVOUS_REGISTER = 1,
  PEERUP_RENDEZVOUS_UNREGISTER,
  PEERUP_RENDEZVOUS_FIND,
  PEERUP_RENDEZVOUS_PASS,
  PEERUP_RENDEZVOUS_LEAVE,
  PEERUP_RENDEZVOUS_FETCH,
} PeerupRendezvousType;

typedef enum
{
  PEERUP_RENDEZVOUS_OK = 1,
  PEERUP_RENDEZVOUS_DENIED,
  PEERUP_RENDEZVOUS_NOT_FOUND,
  PEERUP_RENDEZVOUS_TAKEN, /* kept, but by the number alone somebody else is found */
  PEERUP_RENDEZVOUS_LIMIT,
  PEERUP_RENDEZVOUS_MALFORMED,
  PEERUP_RENDEZVOUS_UNAVAILABLE, /* the relay cannot do that now */
} PeerupRendezvousStatus;

/* What a type must have it has; what it may not have is NULL or 0. */
typedef struct
{
  PeerupRendezvousType type;
  guint number;
  PeerupPeerId *inviter;                      /* FIND: nullable; PASS, LEAVE */
  guint32 ttl;                                /* REGISTER: seconds, 1 to PEERUP_RENDEZVOUS_TTL_MAX */
  GBytes *pass_hash;                          /* REGISTER: nullable, PEERUP_RENDEZVOUS_HASH_LENGTH bytes */
  guint8 pass[PEERUP_RENDEZVOUS_PASS_LENGTH]; /* PASS; wiped when it is freed */
  GBytes *sealed;                             /* REGISTER: nullable; LEAVE; 1 to PEERUP_RENDEZVOUS_SEALED_MAX bytes */
  PeerupPeerId *joined;                       /* UNREGISTER: nullable */
  guint64 until;                              /* UNREGISTER with joined: seconds; 0: for ever */
  char *name;                                 /* UNREGISTER: nullable; UTF-8 */
} PeerupRendezvousRequest;

/* MALFORMED: a type that is not known, or that lacks what it needs; TOO_LARGE. */
PeerupRendezvousRequest *
peerup_rendezvous_request_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Framed, behind its length. */
GBytes *peerup_rendezvous_request_encode (const PeerupRendezvousRequest *self) G_GNUC_WARN_UNUSED_RESULT;
/* Clears what it owns and frees it. */
void peerup_rendezvous_request_free (PeerupRendezvousRequest *self);

/* What one joiner has left. */
typedef struct
{
  PeerupPeerId *joiner;
  GBytes *sealed;
} PeerupRendezvousLeft;

PeerupRendezvousLeft *peerup_rendezvous_left_new (PeerupPeerId *joiner, GBytes *sealed) G_GNUC_WARN_UNUSED_RESULT;
void peerup_rendezvous_left_free (PeerupRendezvousLeft *self);

typedef struct
{
  PeerupRendezvousStatus status; /* any number: the relay's */
  char *reason;                  /* nullable: printable UTF-8 */
  PeerupPeerId *inviter;         /* nullable */
  gboolean here;
  GBytes *sealed;  /* nullable */
  GPtrArray *left; /* nullable, of PeerupRendezvousLeft, PEERUP_RENDEZVOUS_LEFT_MAX at most */
  gboolean anew;
} PeerupRendezvousAnswer;

/* MALFORMED, TOO_LARGE. A reason that is no such text is dropped. */
PeerupRendezvousAnswer *
peerup_rendezvous_answer_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *peerup_rendezvous_answer_encode (const PeerupRendezvousAnswer *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_rendezvous_answer_free (PeerupRendezvousAnswer *self);

/* What a relay writes down of an invite that was left with it. */
typedef struct
{
  PeerupPeerId *inviter;
  guint number;
  gint64 expires;    /* seconds since 1970 */
  GBytes *pass_hash; /* nullable */
  GBytes *sealed;
  GPtrArray *left;    /* of PeerupRendezvousLeft, PEERUP_RENDEZVOUS_LEFT_MAX at most */
  gboolean by_number; /* it is found by the number alone */
} PeerupRendezvousKept;

/* MALFORMED, TOO_LARGE. */
PeerupRendezvousKept *
peerup_rendezvous_kept_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Not framed. */
GBytes *peerup_rendezvous_kept_encode (const PeerupRendezvousKept *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_rendezvous_kept_free (PeerupRendezvousKept *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousRequest, peerup_rendezvous_request_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousLeft, peerup_rendezvous_left_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousAnswer, peerup_rendezvous_answer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousKept, peerup_rendezvous_kept_free)

G_END_DECLS
