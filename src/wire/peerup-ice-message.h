/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The messages of /peerup/ice/1.0.0, without the varint length in front. Either side sends, on one stream:
 *   OFFER       opens it: its credentials, what it knows of its NAT, its first candidates
 *   ANSWER      the same from the other side
 *   CANDIDATES  found since (RFC 8838)
 *   END         there are no more
 *   SEARCH      what the port search needs (punch/peerup-port-search.h); both sides send one, and then begin
 *   CONNECTED   from the controlling side: it has a path, takes its socket over and uses it; the other one does
 *               the same when it hears this
 *   TAKEN       a search has ended, and the socket is ours; whoever dials waits for it
 *   FAILED      nothing was found, and why; the end
 * A later version may say more: a type, candidate or field that is not known here is passed over. */

/* Bytes of one message at most. */
#define PEERUP_ICE_MESSAGE_MAX 4096
/* Candidates of one message that are kept at most; what comes after is dropped. */
#define PEERUP_ICE_MESSAGE_CANDIDATES 16
/* Characters (RFC 8839 5.4, 5.1). */
#define PEERUP_ICE_UFRAG_MIN      4
#define PEERUP_ICE_PWD_MIN        22
#define PEERUP_ICE_CREDENTIAL_MAX 256
#define PEERUP_ICE_FOUNDATION_MAX 32
/* Bytes of the text that says why. */
#define PEERUP_ICE_REASON_MAX 512
#define PEERUP_ICE_KEY_SIZE   16
#define PEERUP_ICE_VERSION    1

typedef enum
{
  PEERUP_ICE_OFFER = 1,
  PEERUP_ICE_ANSWER,
  PEERUP_ICE_CANDIDATES,
  PEERUP_ICE_END,
  PEERUP_ICE_CONNECTED,
  PEERUP_ICE_TAKEN,
  PEERUP_ICE_FAILED,
  PEERUP_ICE_SEARCH,
} PeerupIceMessageType;

typedef enum
{
  PEERUP_ICE_HOST,
  PEERUP_ICE_SERVER_REFLEXIVE,
  PEERUP_ICE_PEER_REFLEXIVE,
} PeerupIceCandidateType;

typedef struct
{
  guint8 bytes[16];
  guint length; /* 4 or 16; 0: none */
  guint16 port; /* never 0 where there is an address */
} PeerupIceAddress;

/* Over UDP; nothing is said here of whether it may be used. */
typedef struct
{
  PeerupIceCandidateType type;
  PeerupIceAddress address;
  guint32 priority;
  char foundation[PEERUP_ICE_FOUNDATION_MAX + 1];
} PeerupIceCandidate;

/* What one side knows of its NAT over IPv4; all zeros: nothing. */
typedef struct
{
  gboolean is_measured; /* servers were asked */
  gboolean answered;    /* and one was heard */
  gboolean translates;  /* there is a NAT */
  guint mapping;        /* 0 to 3, see PeerupNatBehaviour; any higher number is not known here and reads 0 */
  guint filtering;
  gint32 port_step;
} PeerupIceNat;

/* A path as its sender sees it. */
typedef struct
{
  PeerupIceAddress local;
  PeerupIceAddress remote;
} PeerupIcePair;

typedef struct
{
  gboolean many_ports;      /* the sender's NAT gives every destination another port */
  PeerupIceAddress address; /* of the sender, as seen from outside: of the one socket, or the last that anybody saw */
  gint32 port_step;
  gboolean has_key; /* from the controlling side */
  guint8 key[PEERUP_ICE_KEY_SIZE];
} PeerupIceSearchOffer;

typedef struct
{
  guint type; /* any number */
  guint version;
  char *ufrag; /* OFFER and ANSWER: never NULL there, as the next */
  char *pwd;
  gboolean has_nat;
  PeerupIceNat nat;
  PeerupIceCandidate candidates[PEERUP_ICE_MESSAGE_CANDIDATES];
  guint n_candidates;
  char *reason; /* FAILED; nullable */
  gboolean has_pair;
  PeerupIcePair pair;  /* CONNECTED, of the controlling side */
  gboolean has_search; /* SEARCH: always, with an address */
  PeerupIceSearchOffer search;
} PeerupIceMessage;

/* MALFORMED: no message, no type, or one that lacks what its type must have or has it out of bounds. TOO_LARGE. A bad
 * candidate is dropped. */
PeerupIceMessage *
peerup_ice_message_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Framed, behind its length. */
GBytes *peerup_ice_message_encode (const PeerupIceMessage *self) G_GNUC_WARN_UNUSED_RESULT;
/* Clears what it owns and frees it. */
void peerup_ice_message_free (PeerupIceMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupIceMessage, peerup_ice_message_free)

G_END_DECLS
