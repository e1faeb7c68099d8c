/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-error.h"
#include "wire/peerup-multiaddr.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* An invite as people carry it: one value, four forms. Bytes and text alone. */

typedef enum
{
  PEERUP_CODE_LONG,     /* ours: everything needed to find and prove; as text, link and QR */
  PEERUP_CODE_SPOKEN,   /* ours: a number and three words, for a relay in common or one LAN */
  PEERUP_CODE_ORIGINAL, /* the original's invite, version 1 */
  PEERUP_CODE_RELAY,    /* the original's relay pairing, version 2 */
} PeerupCodeKind;

/* Bytes of the secrets: a long code's, the original's tokens. A spoken code's is the words in lower case, one space
 * between. */
#define PEERUP_CODE_SECRET_LENGTH         16
#define PEERUP_CODE_ORIGINAL_TOKEN_LENGTH 8
#define PEERUP_CODE_RELAY_TOKEN_LENGTH    16
/* Relays, addresses of each, and addresses of the inviter itself. */
#define PEERUP_CODE_RELAYS_MAX          4
#define PEERUP_CODE_RELAY_ADDRESSES_MAX 8
#define PEERUP_CODE_ADDRESSES_MAX       4
#define PEERUP_CODE_NUMBER_MAX          9999
/* Bytes of text that are looked at. */
#define PEERUP_CODE_TEXT_MAX 4096

typedef struct
{
  PeerupCodeKind kind;
  guint number; /* LONG, SPOKEN: 1 to PEERUP_CODE_NUMBER_MAX */
  GBytes *secret;
  PeerupPeerId *inviter; /* NULL for SPOKEN and RELAY */
  GPtrArray *relays;     /* of PeerupMultiaddr with /p2p/ID, never NULL: IPv4, IPv6 or name; TCP, QUIC or WebSocket */
  GPtrArray *addresses;  /* LONG: of PeerupMultiaddr without /p2p: where the inviter itself listens; never NULL */
  char *network;         /* nullable */
  gboolean left;         /* LONG: a sealed copy waits with the relays */
} PeerupInviteCode;

PeerupInviteCode *peerup_invite_code_new (PeerupCodeKind kind) G_GNUC_WARN_UNUSED_RESULT;
PeerupInviteCode *peerup_invite_code_copy (const PeerupInviteCode *self) G_GNUC_WARN_UNUSED_RESULT;
/* Wipes the secret. */
void peerup_invite_code_free (PeerupInviteCode *self);
/* Adds @address (of a relay: with its /p2p/ID; of the inviter: without) unless it cannot be in a long code, is there
 * already, or is one too many: FALSE then, and to_text() works all the same. */
gboolean peerup_invite_code_add_relay (PeerupInviteCode *self, PeerupMultiaddr *address);
gboolean peerup_invite_code_add_address (PeerupInviteCode *self, PeerupMultiaddr *address);
/* (transfer full): three words that a number of @random (PEERUP_CODE_WORDS_RANDOM bytes) chooses. */
#define PEERUP_CODE_WORDS_RANDOM 8
GBytes *peerup_code_choose_words (const guint8 *random) G_GNUC_WARN_UNUSED_RESULT;

/* The text of LONG (groups of five with dashes), SPOKEN ("417-otter-violin-maple"), ORIGINAL and RELAY (by the
 * original's format, which takes the first relay with IPv4 and TCP). UNSUPPORTED for what cannot be said: an address of
 * another kind, or for the original's no relay with IPv4 and TCP. TOO_LARGE; MALFORMED (network). */
char *peerup_invite_code_to_text (const PeerupInviteCode *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "peerup:join?…" of any kind, short, and of characters that a QR code packs. */
char *peerup_invite_code_to_link (const PeerupInviteCode *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where a mistake is, in what was typed, for messages and for a cursor. */
typedef struct
{
  gboolean known;
  guint character; /* from 1, of the code: dashes, spaces and a link's beginning not counted; 0: outside of the code */
  guint last;      /* it is one of @character to @last; the same if it is certain */
  gsize offset;    /* byte of @text where @character is, or where it should be */
} PeerupCodeMistake;

/* Any form: text of any kind, or a link, in any case, with any dashes, spaces, line breaks and quotes, and with letters
 * that look like others. Never corrects a mistake: MALFORMED says where it is, as does @mistake (nullable). UNSUPPORTED
 * for a version that is newer, or a link for something else; TOO_LARGE. The messages are for people, and quote no more
 * of the code than one character or the word that was meant. */
PeerupInviteCode *
peerup_invite_code_parse (const char *text, PeerupCodeMistake *mistake, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupInviteCode, peerup_invite_code_free)

G_END_DECLS
