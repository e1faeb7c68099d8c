/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "pairing/peerup-pairing-crypto.h"
#include "pairing/peerup-pairing-message.h"

G_BEGIN_DECLS

/* What a run of a pairing has said so far, as both sides have seen it, and the keys and the name that come of it. For
 * this room alone.
 *
 * Every message goes into one hash, as it is. Seals are bound to that hash. Each side commits to a random number before
 * it knows the other's, the joiner in HELLO and the inviter in SHARE, and shows it when the other's share is confirmed:
 * the joiner in CONFIRM, the inviter in OFFER. The transcript is made of all that. So somebody in between who knows the
 * code still cannot choose his messages until both runs have the same short string, nor try until they have by chance:
 * the inviter's number is shown to nobody who has not claimed the invite. */
typedef struct
{
  gboolean joiner;
  guint8 session[PEERUP_PAIRING_SESSION_LENGTH];
  guint8 nonce[PEERUP_PAIRING_NONCE_LENGTH];      /* our own */
  guint8 commitment[PEERUP_PAIRING_NONCE_LENGTH]; /* to the other's */
  guint8 hash[PEERUP_PAIRING_HASH_LENGTH];
  gboolean has_keys;
  PeerupPairingSeal sending, receiving;
  guint8 naming[PEERUP_PAIRING_HASH_LENGTH]; /* the key of the transcript */
  guint8 transcript[PEERUP_PAIRING_TRANSCRIPT_LENGTH];
} PeerupPairingTranscript;

/* Draws our own number, and the session if we are the joiner. */
void peerup_pairing_transcript_init (PeerupPairingTranscript *self, gboolean joiner);
/* Wipes all but the transcript. */
void peerup_pairing_transcript_wipe (PeerupPairingTranscript *self);

void peerup_pairing_transcript_add (PeerupPairingTranscript *self, const guint8 *message, gsize length);
/* What the seal of @message, which is not added yet, is bound to: all before it, and what it says in clear. */
void peerup_pairing_transcript_bind (PeerupPairingTranscript *self, const PeerupPairingMessage *message,
                                     guint8 bound[PEERUP_PAIRING_HASH_LENGTH]);
/* Of @key, PEERUP_CPACE_KEY_LENGTH bytes, when HELLO, SHARE and CONFIRM were added. */
void peerup_pairing_transcript_make_keys (PeerupPairingTranscript *self, const guint8 *key);
/* Of the inviter's number, when there are keys. */
void peerup_pairing_transcript_finish (PeerupPairingTranscript *self, const guint8 nonce[PEERUP_PAIRING_NONCE_LENGTH]);

/* To our own number. */
void peerup_pairing_transcript_commit (PeerupPairingTranscript *self, guint8 commitment[PEERUP_PAIRING_NONCE_LENGTH]);
/* Whether @nonce is the number that the other has committed to. */
gboolean peerup_pairing_transcript_check (PeerupPairingTranscript *self,
                                          const guint8 nonce[PEERUP_PAIRING_NONCE_LENGTH]) G_GNUC_WARN_UNUSED_RESULT;
/* Says of @network only whether it is the same. */
void peerup_pairing_transcript_hash_network (PeerupPairingTranscript *self, const char *network,
                                             guint8 hash[PEERUP_PAIRING_NETWORK_LENGTH]);

G_END_DECLS
