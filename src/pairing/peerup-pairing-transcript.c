/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The hash of a run's messages and what is derived from it. Lives in the machine of the run, which decides what is
 * added when; nothing here knows of steps. */

#include "pairing/peerup-pairing-transcript.h"

#include <string.h>

G_STATIC_ASSERT (PEERUP_PAIRING_TRANSCRIPT_LENGTH == PEERUP_PAIRING_HASH_LENGTH);
G_STATIC_ASSERT (PEERUP_PAIRING_ID_LENGTH <= PEERUP_PAIRING_TRANSCRIPT_LENGTH);

void
peerup_pairing_transcript_init (PeerupPairingTranscript *self, gboolean joiner)
{
  peerup_pairing_crypto_init ();
  memset (self, 0, sizeof *self);
  self->joiner = joiner;
  randombytes_buf (self->nonce, sizeof self->nonce);
  if (joiner)
    randombytes_buf (self->session, sizeof self->session);
}

void
peerup_pairing_transcript_wipe (PeerupPairingTranscript *self)
{
  sodium_memzero (self->nonce, sizeof self->nonce);
  sodium_memzero (self->naming, sizeof self->naming);
  sodium_memzero (&self->sending, sizeof self->sending);
  sodium_memzero (&self->receiving, sizeof self->receiving);
  self->has_keys = FALSE;
}

void
peerup_pairing_transcript_add (PeerupPairingTranscript *self, const guint8 *message, gsize length)
{
  PeerupPairingHash hash;

  peerup_pairing_hash_init (&hash, NULL, 0, sizeof self->hash, "peerup pairing messages 1");
  peerup_pairing_hash_add (&hash, self->hash, sizeof self->hash);
  peerup_pairing_hash_add (&hash, message, length);
  peerup_pairing_hash_finish (&hash, self->hash);
}

void
peerup_pairing_transcript_bind (PeerupPairingTranscript *self, const PeerupPairingMessage *message,
                                guint8 bound[PEERUP_PAIRING_HASH_LENGTH])
{
  PeerupPairingHash hash;
  guint8 numbers[] = { (guint8) message->type, (guint8) message->refusal };

  peerup_pairing_hash_init (&hash, NULL, 0, PEERUP_PAIRING_HASH_LENGTH, "peerup pairing seal 1");
  peerup_pairing_hash_add (&hash, self->hash, sizeof self->hash);
  peerup_pairing_hash_add (&hash, numbers, sizeof numbers);
  peerup_pairing_hash_add (&hash, message->tag, sizeof message->tag);
  peerup_pairing_hash_add (&hash, message->nonce, sizeof message->nonce);
  peerup_pairing_hash_finish (&hash, bound);
}

static void
derive (PeerupPairingTranscript *self, const guint8 *key, const char *label, guint8 out[PEERUP_PAIRING_HASH_LENGTH])
{
  PeerupPairingHash hash;

  peerup_pairing_hash_init (&hash, key, PEERUP_CPACE_KEY_LENGTH, PEERUP_PAIRING_HASH_LENGTH, label);
  peerup_pairing_hash_add (&hash, self->hash, sizeof self->hash);
  peerup_pairing_hash_finish (&hash, out);
}

void
peerup_pairing_transcript_make_keys (PeerupPairingTranscript *self, const guint8 *key)
{
  derive (self, key, "peerup pairing joiner's key 1", self->joiner ? self->sending.key : self->receiving.key);
  derive (self, key, "peerup pairing inviter's key 1", self->joiner ? self->receiving.key : self->sending.key);
  derive (self, key, "peerup pairing transcript's key 1", self->naming);
  self->has_keys = TRUE;
}

void
peerup_pairing_transcript_finish (PeerupPairingTranscript *self, const guint8 nonce[PEERUP_PAIRING_NONCE_LENGTH])
{
  PeerupPairingHash hash;

  g_assert (self->has_keys);
  peerup_pairing_hash_init (&hash, self->naming, sizeof self->naming, sizeof self->transcript,
                            "peerup pairing transcript 1");
  peerup_pairing_hash_add (&hash, nonce, PEERUP_PAIRING_NONCE_LENGTH);
  peerup_pairing_hash_finish (&hash, self->transcript);
}

static void
commit_to (PeerupPairingTranscript *self, gboolean joiner, const guint8 nonce[PEERUP_PAIRING_NONCE_LENGTH],
           guint8 commitment[PEERUP_PAIRING_NONCE_LENGTH])
{
  PeerupPairingHash hash;

  peerup_pairing_hash_init (&hash, NULL, 0, PEERUP_PAIRING_NONCE_LENGTH,
                            joiner ? "peerup pairing joiner's number 1" : "peerup pairing inviter's number 1");
  peerup_pairing_hash_add (&hash, self->session, sizeof self->session);
  peerup_pairing_hash_add (&hash, nonce, PEERUP_PAIRING_NONCE_LENGTH);
  peerup_pairing_hash_finish (&hash, commitment);
}

void
peerup_pairing_transcript_commit (PeerupPairingTranscript *self, guint8 commitment[PEERUP_PAIRING_NONCE_LENGTH])
{
  commit_to (self, self->joiner, self->nonce, commitment);
}

gboolean
peerup_pairing_transcript_check (PeerupPairingTranscript *self, const guint8 nonce[PEERUP_PAIRING_NONCE_LENGTH])
{
  guint8 commitment[PEERUP_PAIRING_NONCE_LENGTH];

  commit_to (self, !self->joiner, nonce, commitment);
  return memcmp (commitment, self->commitment, sizeof commitment) == 0;
}

void
peerup_pairing_transcript_hash_network (PeerupPairingTranscript *self, const char *network,
                                        guint8 out[PEERUP_PAIRING_NETWORK_LENGTH])
{
  PeerupPairingHash hash;

  peerup_pairing_hash_init (&hash, NULL, 0, PEERUP_PAIRING_NETWORK_LENGTH, "peerup pairing network 1");
  peerup_pairing_hash_add (&hash, self->session, sizeof self->session);
  peerup_pairing_hash_add_text (&hash, network);
  peerup_pairing_hash_finish (&hash, out);
}
