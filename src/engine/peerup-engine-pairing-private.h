/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-pairing.h"
#include "engine/peerup-guest-list.h"
#include "engine/peerup-invite-private.h"
#include "engine/peerup-pairing-apply.h"
#include "pairing/peerup-pairing-machine.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* What the files of pairing share, one each: the hub (peerup-engine-pairing.c), what is decided and kept (-keep.c),
 * open invites (-invites.c), what relays know of them (-relays.c), those who come (-guests.c), joining (-join.c) and
 * finding the inviter for it (-find.c), invites that were left (-left.c), and what was cut short (-heal.c).
 *
 * Fibers outlive the engine's run: they hold the hub, and after each wait ask whether it still has an engine. */

/* Microseconds: of a run with one other, of a question to a relay, and of joining in all. */
#define PEERUP_PAIRING_RUN_TIME   (30 * G_USEC_PER_SEC)
#define PEERUP_PAIRING_RELAY_TIME (8 * G_USEC_PER_SEC)
#define PEERUP_PAIRING_JOIN_TIME  (60 * G_USEC_PER_SEC)
/* Strangers who are here at once because of open invites. */
#define PEERUP_PAIRING_GUESTS_MAX 16
/* Seconds that a joiner asks an inviter that may have let it in. */
#define PEERUP_PAIRING_DOUBT_TIME (PEERUP_INVITE_TTL_MAX + 24 * 3600)

typedef struct _PeerupPairingSession PeerupPairingSession;

/* One open invite, or one that has ended and that relays are still to be told of. */
typedef struct
{
  grefcount references;
  PeerupInvite *invite;
  guint number;
  char *token;
  PeerupInviteCode *code;
  GBytes *secret;
  GBytes *words; /* NULL: it has no spoken form */
  PeerupPairingTerm term;
  PeerupPairingOffer *offer; /* without an end */
  gint64 grant_time;
  GBytes *sealed; /* NULL: it is not left with relays */
  GPtrArray *relays;

  PeerupPairingSession *claim; /* NULL: nobody's */
  guint n_claims;              /* that came to nothing */
  PeerupPeerId *claimant;      /* NULL: nobody is being authorized right now */

  gboolean in_run;      /* somebody who is on the way in was told nothing yet */
  gboolean settled;     /* it is over, and what comes of it known */
  PeerupPeerId *joined; /* NULL: nobody */
  gint64 joined_until;
  char *joined_name;
} PeerupOpenInvite;

struct _PeerupEnginePairing
{
  grefcount references;
  PeerupEngine *engine; /* NULL: it runs no more */
  PeerupSwarm *swarm;
  PeerupPairingStore *store;
  PeerupPairingFiles files;
  void (*now) (PeerupPairingNow *now);
  gint64 join_time; /* µs: PEERUP_PAIRING_JOIN_TIME */

  GListStore *invites;  /* of PeerupInvite, the oldest first */
  GPtrArray *open;      /* of PeerupOpenInvite */
  GPtrArray *ended;     /* the same, for relays */
  GPtrArray *originals; /* open invites of the original's kind */
  GPtrArray *records;   /* of PeerupPairingRecord: what is not complete */
  GPtrArray *sessions;  /* of PeerupPairingSession, borrowed: those that are under way */
  PeerupGuestList *guests;
  GPtrArray *left; /* of PeerupLeftInvite: to be opened again when it begins */
  gboolean begun;
  gboolean has_guests; /* the swarm lets them in */
  GPtrArray *halves;   /* of PeerupPairingHalf: who works on what is not complete */
  DexPromise *changed; /* resolved and made anew when something of @open or @records is decided */
  PeerupTimer timer;   /* terms */
  PeerupTimer relay_timer;
};

/* The hub */

PeerupEnginePairing *peerup_pairing_hub_ref (PeerupEnginePairing *self);
void peerup_pairing_hub_unref (PeerupEnginePairing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupEnginePairing, peerup_pairing_hub_unref)
PeerupPeerId *peerup_pairing_get_own_id (PeerupEnginePairing *self);
/* (nullable): of the configuration. */
const char *peerup_pairing_get_network (PeerupEnginePairing *self);
gint64 peerup_pairing_get_time (PeerupEnginePairing *self);
/* CLOSED, for who finds that the engine has stopped. */
gboolean peerup_pairing_check_running (PeerupEnginePairing *self, GError **error);
/* Wakes those who wait for @changed. */
void peerup_pairing_tell (PeerupEnginePairing *self);
/* Waits for @changed, or until @deadline, monotonic µs. */
void peerup_pairing_await_change (PeerupEnginePairing *self, gint64 deadline);
void peerup_pairing_sleep (gint64 microseconds);
/* What we tell of ourselves: @name (nullable), and the relays that we are found at. */
PeerupPairingOffer *peerup_pairing_make_offer (PeerupEnginePairing *self, const char *name,
                                               const char *const *services) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) of PeerupMultiaddr, each with the relay's ID: where relays of ours are, the best first, at most @max.
 */
GPtrArray *peerup_pairing_dup_relays (PeerupEnginePairing *self, guint max) G_GNUC_WARN_UNUSED_RESULT;

/* Kept and decided, in fibers: what writes does so in a worker thread. */

typedef gboolean (*PeerupPairingWorkFunc) (gpointer data, GError **error);
gboolean peerup_pairing_await_work (PeerupPairingWorkFunc func, gpointer data, GError **error);
/* Whether a pairing could be kept now. */
gboolean peerup_pairing_probe (PeerupEnginePairing *self, GError **error);
/* Writes @record, which is taken, in place of one with the same ID. */
gboolean peerup_pairing_write (PeerupEnginePairing *self, PeerupPairingRecord *record, GError **error);
/* Makes the files agree with the record, and returns what the peer is called. On an error what was done is taken back,
 * and the record stays. */
char *peerup_pairing_carry_out (PeerupEnginePairing *self, const guint8 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The other way round: the files, and the record last. */
gboolean peerup_pairing_take_back (PeerupEnginePairing *self, const guint8 *id, GError **error);
/* Both have it. An inviter keeps the record, for a joiner may ask once more; a joiner needs it no longer. */
gboolean peerup_pairing_complete (PeerupEnginePairing *self, const guint8 *id, GError **error);
/* It came to nothing, and no file but the record's says otherwise. */
gboolean peerup_pairing_remove (PeerupEnginePairing *self, const guint8 *id, GError **error);
/* (nullable) (transfer none) */
PeerupPairingRecord *peerup_pairing_find_record (PeerupEnginePairing *self, const guint8 *id);
PeerupPairingRecord *peerup_pairing_find_record_of (PeerupEnginePairing *self, PeerupPeerId *peer);
/* Whether a pairing that was applied still stands: nobody has taken the peer away since. */
gboolean peerup_pairing_stands (PeerupEnginePairing *self, const PeerupPairingRecord *record);
/* At the start, blocking: what a crash has left of COMMITTED ones. */
void peerup_pairing_redo (PeerupEnginePairing *self);
/* Addresses of relays (each with its ID), and of the peer through the relays that it named. */
void peerup_pairing_tell_relays (PeerupEnginePairing *self, GPtrArray *relays);
void peerup_pairing_tell_swarm (PeerupEnginePairing *self, const PeerupPairingRecord *record);

/* One run over a stream, in a fiber */

gboolean peerup_pairing_send (PeerupPairingMachine *machine, PeerupStream *stream, gint64 deadline, GError **error);
gboolean peerup_pairing_hear (PeerupPairingMachine *machine, PeerupStream *stream, gint64 deadline, GError **error);
/* Waits until the other has closed its side, which says that it has what was sent. */
gboolean peerup_pairing_await_end (PeerupStream *stream, gint64 deadline, GError **error);

/* Open invites */

PeerupOpenInvite *peerup_open_invite_ref (PeerupOpenInvite *self);
void peerup_open_invite_unref (PeerupOpenInvite *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupOpenInvite, peerup_open_invite_unref)
/* (nullable) (transfer none) */
PeerupOpenInvite *peerup_pairing_find_invite (PeerupEnginePairing *self, guint number);
/* Writes the file of a left one. In a fiber. */
gboolean peerup_pairing_write_invite (PeerupEnginePairing *self, PeerupOpenInvite *open, GError **error);
/* Whether somebody may still join by it; ends it if its time is over. */
gboolean peerup_pairing_invite_is_good (PeerupEnginePairing *self, PeerupOpenInvite *open);
/* A wrong code was tried, and that is noted when this returns. In a fiber. */
void peerup_pairing_count_guess (PeerupEnginePairing *self, PeerupOpenInvite *open);
/* What the joiner is offered now. */
PeerupPairingOffer *
peerup_pairing_offer_of_invite (PeerupEnginePairing *self, PeerupOpenInvite *open) G_GNUC_WARN_UNUSED_RESULT;
void peerup_pairing_end_invite (PeerupEnginePairing *self, PeerupOpenInvite *open, PeerupInviteState state);
/* Authorizes the peer of @record, which is taken, by @open, which is over as soon as the record is written: before that
 * on an error nothing has changed, and after it the peer is not authorized, but nobody else can be either. In a fiber.
 */
gboolean peerup_pairing_use_invite (PeerupEnginePairing *self, PeerupOpenInvite *open, PeerupPairingRecord *record,
                                    GError **error);
/* At the start: opens those that were left again. */
void peerup_pairing_restore_invites (PeerupEnginePairing *self, GPtrArray *left);
void peerup_pairing_look_at_terms (PeerupEnginePairing *self);
void peerup_pairing_free_invites (PeerupEnginePairing *self);

/* For a record that a crash has left: relays are to be told of who has joined. */
void peerup_pairing_restore_ended (PeerupEnginePairing *self, const PeerupPairingRecord *record);
/* Puts @invite on the list that people see, and takes old ones off. */
void peerup_pairing_list_invite (PeerupEnginePairing *self, PeerupInvite *invite);
/* Sets the timer for what ends next. */
void peerup_pairing_look_at_time (PeerupEnginePairing *self);
/* The code of our own of a long invite. */
PeerupInviteCode *peerup_pairing_make_code (PeerupEnginePairing *self, guint number, GBytes *secret,
                                            gboolean left) G_GNUC_WARN_UNUSED_RESULT;
/* The original's kind of invite; resolves to the PeerupInvite. */
DexFuture *peerup_pairing_make_original (PeerupEnginePairing *self, const char *name, const char *const *services,
                                         gint64 ttl, gint64 grant_time) G_GNUC_WARN_UNUSED_RESULT;

/* FALSE: there is none of that number. */
gboolean peerup_pairing_cancel_original (PeerupEnginePairing *self, guint number);
GPtrArray *peerup_pairing_originals_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Ends those whose time is over, and returns the seconds until the next. */
gint64 peerup_pairing_look_at_originals (PeerupEnginePairing *self, const PeerupPairingNow *now);
void peerup_pairing_free_originals (PeerupEnginePairing *self);

/* What relays know of them */

GPtrArray *peerup_pairing_registrations_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Whether any relay has it. */
gboolean peerup_pairing_is_known (PeerupOpenInvite *open);
/* The number of @open, that nobody was told of, is not to be used: relays that have it forget it. */
void peerup_pairing_abandon_number (PeerupEnginePairing *self, PeerupOpenInvite *open);

/* Registers @open with every relay that we are at, and says how that went for @relays_func's first round: resolves to
 * TRUE, or rejects with EXISTS if the number is somebody else's at one of them. */
gboolean peerup_pairing_register (PeerupEnginePairing *self, PeerupOpenInvite *open, GError **error);
/* Does what is left to be done for all. */
void peerup_pairing_look_at_relays (PeerupEnginePairing *self);
void peerup_pairing_follow_relays (PeerupEnginePairing *self);
void peerup_pairing_unfollow_relays (PeerupEnginePairing *self);

/* Those who come */

void peerup_pairing_serve (PeerupEnginePairing *self);
void peerup_pairing_unserve (PeerupEnginePairing *self);
/* An invite was opened or ended: lets strangers in while there is any. */
void peerup_pairing_review_guests (PeerupEnginePairing *self);
/* The same if it is @peer's and was not committed. */
void peerup_pairing_session_kill_of (PeerupPairingSession *session, PeerupPeerId *peer);
/* The session may go on no longer; it finds out when it next runs. */
void peerup_pairing_session_kill (PeerupPairingSession *session);

/* What can be refused at once: CONFIG, NOT_FOUND (one of @services, nullable, that the inviter is to use here), EXISTS.
 */
gboolean peerup_pairing_check_code (PeerupEnginePairing *self, const PeerupInviteCode *code,
                                    const char *const *services, GError **error);
/* EXISTS for somebody who is paired already. */
gboolean peerup_pairing_check_new (PeerupEnginePairing *self, PeerupPeerId *inviter, GError **error);

/* What was cut short */

typedef enum
{
  PEERUP_PAIRING_HEALED,  /* both have it */
  PEERUP_PAIRING_UNKNOWN, /* the inviter has not, and will not */
  PEERUP_PAIRING_UNHEARD, /* not known yet */
} PeerupPairingAnswer;
/* Joiner: asks the inviter of the record @id once, in a fiber. */
PeerupPairingAnswer peerup_pairing_resume (PeerupEnginePairing *self, const guint8 *id, gint64 deadline);
/* It has come to nothing on the other side: takes it back here. FALSE: it could not be. */
gboolean peerup_pairing_undo_half (PeerupEnginePairing *self, const guint8 *id);
GPtrArray *peerup_pairing_halves_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Somebody is at the record @id, which may not be there yet, so that nobody else is; and is no longer. */
void peerup_pairing_hold (PeerupEnginePairing *self, const guint8 *id);
void peerup_pairing_let_go (PeerupEnginePairing *self, const guint8 *id);
/* Works on every half record that nobody is at. */
void peerup_pairing_heal (PeerupEnginePairing *self);
void peerup_pairing_start_healing (PeerupEnginePairing *self);
void peerup_pairing_stop_healing (PeerupEnginePairing *self);

/* Left invites */

/* Inviter: asks @relay for answers to @open, and pairs with the first that is one. In a fiber. */
void peerup_pairing_fetch (PeerupEnginePairing *self, PeerupOpenInvite *open, PeerupPeerId *relay);
/* Joiner: leaves our answer to @sealed, which opens by @code, with its relays, and authorizes the inviter. Returns the
 * record. In a fiber. */
PeerupPairingRecord *
peerup_pairing_answer_left (PeerupEnginePairing *self, const PeerupInviteCode *code, GBytes *sealed,
                            const PeerupPairingOffer *own, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a record that was cut short before it was known to lie there; nothing for others. */
void peerup_pairing_leave_again (PeerupEnginePairing *self, const guint8 *id);

G_END_DECLS
