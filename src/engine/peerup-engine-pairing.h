/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "code/peerup-invite-code.h"
#include "config/peerup-config.h"
#include "engine/peerup-engine.h"
#include "engine/peerup-invite.h"
#include "pairing/peerup-pairing-offer.h"

G_BEGIN_DECLS

/* Pairings of a running engine: its open invites, its joins, and what of either was cut short. Everything that must
 * outlive a crash is in the directory "pairings" beside the configuration, one file each, 0600, written whole: open
 * invites that were left with a relay, and one record for each pairing from the moment that it could be half done until
 * both sides have it. The record comes first and the other files are made to agree with it, again after a crash; so a
 * code is dead in the same instant in which somebody is authorized. */
typedef struct _PeerupEnginePairing PeerupEnginePairing;

PeerupEnginePairing *peerup_engine_pairing_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_pairing_free (PeerupEnginePairing *self);
/* Who joins from now on is written to the authorized_keys of @config. */
void peerup_engine_pairing_follow (PeerupEnginePairing *self, PeerupConfig *config);
/* When the engine runs: finishes what a crash has left, and asks for what waits with relays. */
void peerup_engine_pairing_begin (PeerupEnginePairing *self);

#define PEERUP_INVITE_TTL_DEFAULT (10 * 60)
#define PEERUP_INVITE_TTL_MAX     (30 * 24 * 3600)
/* Open invites at once, and wrong guesses that kill one. */
#define PEERUP_INVITES_MAX        32
#define PEERUP_INVITE_GUESSES_MAX 3

/* (transfer full): what we call ourselves where nobody says how: the host name, as it may be shown. */
char *peerup_engine_pairing_dup_machine_name (void) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  const char *name; /* nullable: how we call ourselves to the other; the host name */
  const char *const
    *services;       /* nullable: the other is a guest who may use these; NULL: an authorized peer like others */
  gint64 grant_time; /* seconds that it may, from the pairing on; 0: for ever */
  gint64 ttl;        /* seconds that the code works; 0: PEERUP_INVITE_TTL_DEFAULT */
  gboolean leave;    /* leave a sealed copy with our relays, so that we may be away */
  gboolean original; /* the original's weaker kind, for its joiners */
} PeerupInviteOptions;

/* Resolves to the PeerupInvite, open. CONFIG (no relay, and no LAN), NOT_FOUND (no such service), LIMIT; with leave or
 * original as the relays answer. */
DexFuture *
peerup_engine_pairing_invite (PeerupEnginePairing *self, const PeerupInviteOptions *options) G_GNUC_WARN_UNUSED_RESULT;
/* NOT_FOUND. */
gboolean
peerup_engine_pairing_cancel (PeerupEnginePairing *self, guint number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer none) of PeerupInvite: open ones, and those that ended since the start (the last PEERUP_INVITES_MAX). */
GListModel *peerup_engine_pairing_get_invites (PeerupEnginePairing *self);

typedef struct
{
  const char *name;            /* as above */
  const char *const *services; /* nullable: what the inviter may use here. NULL: all like an authorized peer if it gives
                                  us as much, else nothing */
  gboolean wait;               /* for an inviter that is away: stay, until the code is over */
  GCancellable *cancellable;   /* nullable: it ends soon after, unless it has come to saving: that is completed */
} PeerupJoinOptions;

/* Of a join while it goes on: "reading", "finding" (looks for the relay and the inviter), "proving", "waiting" (the
 * inviter is away), "saving", "done". In the engine's thread. */
typedef void (*PeerupJoinFunc) (const char *state, const char *detail, gpointer data);

/* Resolves to a PeerupPairingRecord when both sides have it, or, for an invite that was left with a relay, when our
 * answer lies there. Rejects with a text for people: MALFORMED (the code), CRYPTO (wrong code, or somebody in between),
 * GATED (used, expired, refused), UNREACHABLE, EXISTS (already paired), CONFIG (another network, own code);
 * G_IO_ERROR_CANCELLED. */
DexFuture *peerup_engine_pairing_join (PeerupEnginePairing *self, const char *code, const PeerupJoinOptions *options,
                                       PeerupJoinFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* One pairing, as it is kept. */
typedef enum
{
  PEERUP_PAIRING_RECORD_PREPARED,  /* joiner: it may be that the inviter has us */
  PEERUP_PAIRING_RECORD_COMMITTED, /* we have authorized it; it may be that it does not know yet */
  PEERUP_PAIRING_RECORD_COMPLETE,  /* both know */
} PeerupPairingRecordState;

typedef struct
{
  PeerupPairingRecordState state;
  gboolean inviter; /* our role */
  char *kind;       /* "code", "spoken", "left", "original", "relay" */
  PeerupPeerId *peer;
  char *name; /* the configuration's, once it has one */
  guint8 id[16];
  guint8 transcript[32];
  gint64 at;                        /* seconds since 1970 */
  PeerupPairingOffer *own, *theirs; /* what we let the other do, and what it lets us */
  /* For who heals it; all may be 0. */
  guint number;     /* of the invite */
  char *invite;     /* nullable: inviter: which invite it was, see peerup-left-invite.h; it is dead */
  gboolean applied; /* the files agreed with it once: whatever is gone since, somebody has taken away */
  gint64 until;     /* joiner: seconds since 1970 until when the inviter is asked */
  GBytes *answer;   /* nullable: "left", joiner: sealed, for the relays */
} PeerupPairingRecord;
#define PEERUP_TYPE_PAIRING_RECORD (peerup_pairing_record_get_type ())
GType peerup_pairing_record_get_type (void);
PeerupPairingRecord *peerup_pairing_record_copy (const PeerupPairingRecord *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_pairing_record_free (PeerupPairingRecord *self);
/* (transfer full) of PeerupPairingRecord: those that are not complete: the half ones. */
GPtrArray *peerup_engine_pairing_dup_half (PeerupEnginePairing *self) G_GNUC_WARN_UNUSED_RESULT;
/* Takes a pairing back here, half or whole: authorized_keys, names, grants, record. NOT_FOUND. */
gboolean
peerup_engine_pairing_undo (PeerupEnginePairing *self, PeerupPeerId *peer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the files agree with a pairing that is decided: authorized_keys (name as comment, role=, expires=, pairing=),
 * grants, names: of the configuration (made unique), relays that are not known yet. Idempotent. Returns the name it
 * has. For the other kinds of pairing, too. */
char *peerup_engine_pairing_apply (PeerupEnginePairing *self, const PeerupPairingRecord *record,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPairingRecord, peerup_pairing_record_free)

G_END_DECLS
