/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "pairing/peerup-pairing-offer.h"

G_BEGIN_DECLS

/* One run of /peerup/pair/1.0.0, either side, as a machine of bytes: messages of one stream go in and out whole (the
 * caller frames them with a varint of their length, at most PEERUP_PAIRING_MESSAGE_MAX), and where the world must
 * change first it stops and says what it needs. No clock, no file.
 *
 *   joiner                                     inviter
 *   HELLO   invite, session, share,        ->
 *           commitment, network (hashed)
 *                                          <-  SHARE   share, commitment
 *   CONFIRM tag, number                    ->  NEEDS_CLAIM: is the code still good? it is this joiner's from now on
 *                                          <-  OFFER   tag, number, sealed offer
 *   NEEDS_PREPARE: write that we are about to
 *   ACCEPT  sealed offer                   ->  NEEDS_COMMIT: the code is dead, and the joiner authorized, in one
 *                                          <-  COMMITTED (sealed)
 *   NEEDS_COMMIT: authorize the inviter
 *   DONE (sealed)                          ->  done
 *
 * The joiner proves first, so that each wrong guess is one that the inviter has seen. The password goes through CPace,
 * bound to both libp2p identities, their roles and the network; the offers and what follows are sealed with keys from
 * it. A refusal is said in clear by a code and, once there are keys, with a seal that proves whose it is.
 *
 * Both commit to random numbers that go into the transcript: see peerup-pairing-transcript.h. For that an inviter must
 * not let anybody claim one invite without end: PEERUP_PAIRING_CLAIMS_MAX. What is written to disk when, and what ends
 * a run, is in tests/model/README.md, and proven there.
 *
 * A joiner whose connection was lost after ACCEPT asks later, on a new stream: RESUME pairing -> STATUS. */
#define PEERUP_PAIRING_PROTOCOL    "/peerup/pair/1.0.0"
#define PEERUP_PAIRING_MESSAGE_MAX 8192
/* Bytes of the name of a pairing that both sides know: from the transcript, no secret. */
#define PEERUP_PAIRING_ID_LENGTH         16
#define PEERUP_PAIRING_TRANSCRIPT_LENGTH 32
/* Claims of one invite that came to nothing: with the last the invite is over. Who claims has the code; who does so
 * over and over may be waiting for a short authentication string of his choice. */
#define PEERUP_PAIRING_CLAIMS_MAX 16

typedef enum
{
  PEERUP_PAIRING_JOINER,
  PEERUP_PAIRING_INVITER,
} PeerupPairingRole;

typedef enum
{
  PEERUP_PAIRING_RUNNING,       /* waits for a message */
  PEERUP_PAIRING_NEEDS_CLAIM,   /* inviter: the joiner has proven that it knows the code; go_on() or refuse() */
  PEERUP_PAIRING_NEEDS_PREPARE, /* joiner: the inviter has, too, and its offer is there; go_on() or refuse() */
  PEERUP_PAIRING_NEEDS_COMMIT,  /* inviter: the joiner's offer is there; joiner: the inviter has committed; go_on() or
                                   refuse() */
  PEERUP_PAIRING_DONE,          /* both have committed, as far as this side can know */
  PEERUP_PAIRING_FAILED,        /* see the error; peerup_pairing_machine_has_wrong_code() */
} PeerupPairingState;

/* Why a side ended it; on the wire, so the numbers stay. */
typedef enum
{
  PEERUP_PAIRING_REFUSED_NONE,
  PEERUP_PAIRING_REFUSED_UNKNOWN = 1, /* no such invite, or no such pairing (RESUME) */
  PEERUP_PAIRING_REFUSED_WRONG_CODE,  /* the tag was wrong */
  PEERUP_PAIRING_REFUSED_OVER,        /* used, expired, cancelled, or dead after too many guesses */
  PEERUP_PAIRING_REFUSED_BUSY,        /* somebody else is at it: try again */
  PEERUP_PAIRING_REFUSED_NETWORK,     /* the code is of another network */
  PEERUP_PAIRING_REFUSED_DECLINED,    /* a person said no */
  PEERUP_PAIRING_REFUSED_FAILED,      /* a file could not be written, or the like */
} PeerupPairingRefusal;

/* Which invite of an inviter, and by which of its two secrets. */
typedef struct
{
  guint number;    /* 1 to 9999 */
  gboolean spoken; /* the words; FALSE: the long code */
} PeerupPairingInvite;

typedef struct _PeerupPairingMachine PeerupPairingMachine;

/* @secret: of the code. @own, @other: the ends of the connection, proven by it. @network: nullable, the namespace.
 * @offer: what we tell. Everything is copied. One that peerup_pairing_offer_encode() refuses makes a machine that has
 * FAILED already; receive() says why. */
PeerupPairingMachine *peerup_pairing_machine_new_joiner (const PeerupPairingInvite *invite, GBytes *secret,
                                                         PeerupPeerId *own, PeerupPeerId *other, const char *network,
                                                         const PeerupPairingOffer *offer) G_GNUC_WARN_UNUSED_RESULT;
PeerupPairingMachine *peerup_pairing_machine_new_inviter (const PeerupPairingInvite *invite, GBytes *secret,
                                                          PeerupPeerId *own, PeerupPeerId *other, const char *network,
                                                          const PeerupPairingOffer *offer) G_GNUC_WARN_UNUSED_RESULT;
/* The joiner's side after a loss: RESUME for @pairing; goes to NEEDS_COMMIT, or FAILED with UNKNOWN. */
PeerupPairingMachine *
peerup_pairing_machine_new_resume (const guint8 pairing[PEERUP_PAIRING_ID_LENGTH]) G_GNUC_WARN_UNUSED_RESULT;
/* The inviter's side of the same, for a pairing that it has committed with this very peer; it waits for RESUME's DONE.
 */
PeerupPairingMachine *
peerup_pairing_machine_new_resumed (const guint8 pairing[PEERUP_PAIRING_ID_LENGTH]) G_GNUC_WARN_UNUSED_RESULT;
void peerup_pairing_machine_free (PeerupPairingMachine *self);

/* What an inviter has to know before it can make a machine, from the first message of a stream, which is fed to that
 * machine then: exactly one of @invite and @pairing is set. MALFORMED. */
typedef struct
{
  gboolean is_resume;
  PeerupPairingInvite invite;
  guint8 pairing[PEERUP_PAIRING_ID_LENGTH];
} PeerupPairingOpening;
gboolean peerup_pairing_peek (const guint8 *message, gsize length, PeerupPairingOpening *opening,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The refusal that an inviter without a machine answers. */
GBytes *peerup_pairing_refusal_encode (PeerupPairingRefusal refusal) G_GNUC_WARN_UNUSED_RESULT;

PeerupPairingState peerup_pairing_machine_get_state (PeerupPairingMachine *self);
/* The next message to send, or NULL. (transfer full) */
GBytes *peerup_pairing_machine_take_output (PeerupPairingMachine *self) G_GNUC_WARN_UNUSED_RESULT;
/* One message. FALSE with the error that FAILED has from then on: MALFORMED, PROTOCOL (not its turn, another invite,
 * pairing or network), CRYPTO (wrong code, or changed on the way), GATED (the other refused; get_refusal() says why; or
 * we did). In DONE FALSE with PROTOCOL, and DONE it stays. What is to be sent after a failure, if anything, is a
 * refusal. */
gboolean peerup_pairing_machine_receive (PeerupPairingMachine *self, const guint8 *message, gsize length,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What was needed is done, and on disk. In a NEEDS_ state alone. */
void peerup_pairing_machine_go_on (PeerupPairingMachine *self);
/* It will not be done: FAILED, and the output says why. */
void peerup_pairing_machine_refuse (PeerupPairingMachine *self, PeerupPairingRefusal refusal);

/* Inviter: the other has tried a code, and it was wrong: a guess is used up. */
gboolean peerup_pairing_machine_has_wrong_code (PeerupPairingMachine *self);
/* The other's, when it refused; else NONE. */
PeerupPairingRefusal peerup_pairing_machine_get_refusal (PeerupPairingMachine *self);
/* Whether this side may have been committed to by the other without knowing it: the joiner's between ACCEPT and
 * COMMITTED, or a refusal that proves to be the inviter's; RESUME's until STATUS, or UNKNOWN. */
gboolean peerup_pairing_machine_is_in_doubt (PeerupPairingMachine *self);
/* (nullable) (transfer none): the other's, once it is proven. */
const PeerupPairingOffer *peerup_pairing_machine_get_offer (PeerupPairingMachine *self);
/* (nullable): from the keys on, PEERUP_PAIRING_TRANSCRIPT_LENGTH bytes that both sides have and nobody else could bring
 * about: the short authentication string is made of it. The ID is its first bytes. Borrowed. */
const guint8 *peerup_pairing_machine_get_transcript (PeerupPairingMachine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPairingMachine, peerup_pairing_machine_free)

G_END_DECLS
