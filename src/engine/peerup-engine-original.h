/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-pairing.h"

G_BEGIN_DECLS

/* The original's invite, /peerup/invite/1.0.0, on a running engine: both roles. It is the weaker kind: a key agreement
 * that a token of 8 bytes is mixed into, so whoever carries it and changes it may try tokens offline against one
 * message, and nobody confirms a key. It proves less than ours, which is why the record of it has no transcript
 * (32 zeros) and authorized_keys gets no pairing=; people compare the IDs (peerup_sas_new_for_peers()) instead. */
typedef struct _PeerupEngineOriginal PeerupEngineOriginal;

/* What people are told of it. */
#define PEERUP_ORIGINAL_WARNING                                                                         \
  "This is the original's weaker kind of invite: a relay in the middle could have tried out the code. " \
  "Compare the verification codes with: peerup verify"

/* Of @engine, which has its swarm and outlives it. Serves nothing before peerup_engine_original_open(). */
PeerupEngineOriginal *peerup_engine_original_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* Closes what is open, without a call back. */
void peerup_engine_original_free (PeerupEngineOriginal *self);

/* Of an open invite; both in the engine's thread, and in a fiber, so that they may wait. */
typedef struct
{
  /* @record's peer has proven that it knows the token: COMMITTED, kind "original", inviter, with its id and theirs (a
   * name alone, maybe ""); name and own are the callee's to fill in. It makes the files agree with it
   * (peerup_engine_pairing_apply()) before it returns TRUE: the joiner is told then, and the invite is closed already.
   * FALSE: the joiner is told that it failed, and the invite stays open. */
  gboolean (*joined) (PeerupPairingRecord *record, gpointer data, GError **error);
  /* Somebody tried a wrong token: @guesses so far. At PEERUP_INVITE_GUESSES_MAX the invite is closed already. */
  void (*guessed) (guint guesses, gpointer data);
  gpointer data;
} PeerupOriginalFuncs;

/* Lets somebody join by @code, of kind ORIGINAL, until it is closed; the caller's is the time that it works. @name:
 * nullable, how we call ourselves. Several may be open; a wrong guess counts for each. EXISTS: this token is open. */
gboolean peerup_engine_original_open (PeerupEngineOriginal *self, const PeerupInviteCode *code, const char *name,
                                      const PeerupOriginalFuncs *funcs, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing happens if it is not open. No call back comes after it. */
void peerup_engine_original_close (PeerupEngineOriginal *self, const PeerupInviteCode *code);

/* Joins by @code, of kind ORIGINAL, through its relay. @func as peerup_engine_pairing_join()'s. Resolves to a
 * PeerupPairingRecord (kind "original", COMPLETE) that peerup_engine_pairing_apply() has been called for; its theirs
 * names the relay, its own has @name (nullable). Rejects with a text for people: UNREACHABLE, TIMEOUT, CRYPTO (wrong
 * code), GATED (no longer open there, or refused), CONFIG (our own code), PROTOCOL. */
DexFuture *peerup_engine_original_join (PeerupEngineOriginal *self, const PeerupInviteCode *code, const char *name,
                                        PeerupJoinFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
