/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The inviter's side of /peerup/pair/1.0.0: strangers are let in for it while an invite is open, few and for a short
 * time, and peers that are authorized are served it always. Each stream is one run, in a fiber of its own, that follows
 * tests/model/README.md to the letter: what it waited for may have changed everything, so it looks again each time.
 */
#include "engine/peerup-engine-pairing-private.h"

#include "engine/peerup-engine-private.h"
#include "transport/peerup-fiber.h"
#include "wire/peerup-frame.h"

/* Microseconds that a stranger may still need to hear that it has failed, or to close its side. */
#define LINGER (2 * G_USEC_PER_SEC)

struct _PeerupPairingSession
{
  PeerupEnginePairing *pairing;
  PeerupConnection *connection;
  PeerupStream *stream;
  PeerupPeerId *peer;
  gint64 deadline;
  gboolean dead;    /* somebody has ended it: nothing more is heard or decided */
  gboolean is_over; /* it has told how it went */

  PeerupOpenInvite *open; /* NULL for RESUME */
  PeerupPairingInvite kind;
  PeerupPairingMachine *machine;
  gboolean proven;    /* it has the code: what it says now is no guess any more */
  gboolean committed; /* or is just about to be */
};

static void
session_free (gpointer data)
{
  PeerupPairingSession *self = data;

  g_ptr_array_remove (self->pairing->sessions, self);
  if (self->open != NULL && self->open->claim == self)
    self->open->claim = NULL;
  if (self->open != NULL && self->committed)
    {
      self->open->in_run = FALSE;
      self->open->settled = TRUE;
    }
  peerup_pairing_look_at_relays (self->pairing);
  peerup_pairing_review_guests (self->pairing);
  peerup_pairing_tell (self->pairing);
  if (self->committed)
    peerup_pairing_heal (self->pairing);
  g_clear_pointer (&self->machine, peerup_pairing_machine_free);
  g_clear_pointer (&self->open, peerup_open_invite_unref);
  g_object_unref (self->stream);
  g_object_unref (self->connection);
  peerup_peer_id_unref (self->peer);
  peerup_pairing_hub_unref (self->pairing);
  g_free (self);
}

void
peerup_pairing_session_kill (PeerupPairingSession *self)
{
  self->dead = TRUE;
  peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_SUPPLANTED);
}

void
peerup_pairing_session_kill_of (PeerupPairingSession *self, PeerupPeerId *peer)
{
  if (!self->committed && peerup_peer_id_equal (self->peer, peer))
    peerup_pairing_session_kill (self);
}

/* A claim that came to nothing is given back, but not for ever: who claims has the code, and may be waiting for a short
 * authentication string that he can use. */
static void
give_back (PeerupPairingSession *self)
{
  PeerupOpenInvite *open = self->open;

  if (open == NULL || open->claim != self)
    return;
  open->claim = NULL;
  if (peerup_invite_get_state (open->invite) == PEERUP_INVITE_CLAIMED)
    {
      peerup_invite_set_state (open->invite, PEERUP_INVITE_OPEN);
      if (++open->n_claims >= PEERUP_PAIRING_CLAIMS_MAX && self->pairing->engine != NULL)
        peerup_pairing_end_invite (self->pairing, open, PEERUP_INVITE_DEAD);
    }
  peerup_pairing_tell (self->pairing);
}

/* Ends the other runs of this peer that have not committed, and waits for those that are just about to: what is said to
 * it after that stays true. */
static void
end_older (PeerupPairingSession *self)
{
  PeerupEnginePairing *pairing = self->pairing;

  for (guint i = pairing->sessions->len; i > 0; i--)
    {
      PeerupPairingSession *other = pairing->sessions->pdata[i - 1];

      if (other == self || other->committed || other->open == NULL || !peerup_peer_id_equal (other->peer, self->peer))
        continue;
      give_back (other);
      peerup_pairing_session_kill (other);
    }
}

static gboolean
is_claimant (GPtrArray *invites, PeerupPeerId *peer)
{
  for (guint i = 0; i < invites->len; i++)
    {
      const PeerupOpenInvite *open = invites->pdata[i];

      if (open->claimant != NULL && peerup_peer_id_equal (open->claimant, peer))
        return TRUE;
    }
  return FALSE;
}

/* Waits until it is decided what is just being decided of this peer. */
static void
await_decision (PeerupPairingSession *self)
{
  PeerupEnginePairing *pairing = self->pairing;

  while ((is_claimant (pairing->open, self->peer) || is_claimant (pairing->ended, self->peer)) &&
         g_get_monotonic_time () < self->deadline)
    peerup_pairing_await_change (pairing, self->deadline);
}

/* A run by a code */

static void
refuse (PeerupPairingSession *self, PeerupPairingRefusal refusal)
{
  g_autoptr (GBytes) message = peerup_pairing_refusal_encode (refusal);
  g_autoptr (GBytes) frame = peerup_frame_new (g_bytes_get_data (message, NULL), g_bytes_get_size (message));

  self->is_over = peerup_stream_await_write_all (self->stream, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame),
                                                 self->deadline, NULL);
}

/* Whether the next message may be judged; NONE: yes. */
static PeerupPairingRefusal
why_not (PeerupPairingSession *self)
{
  PeerupOpenInvite *open = self->open;

  if (open == NULL || (self->kind.spoken && open->words == NULL))
    return PEERUP_PAIRING_REFUSED_UNKNOWN;
  if (!peerup_pairing_invite_is_good (self->pairing, open))
    return PEERUP_PAIRING_REFUSED_OVER;
  if (open->claimant != NULL || (open->claim != NULL && open->claim != self))
    return PEERUP_PAIRING_REFUSED_BUSY;
  return PEERUP_PAIRING_REFUSED_NONE;
}

static gboolean
may_go_on (PeerupPairingSession *self)
{
  return !self->dead && self->pairing->engine != NULL;
}

static gboolean
claim (PeerupPairingSession *self)
{
  g_autoptr (GError) error = NULL;

  self->proven = TRUE;
  self->open->claim = self;
  peerup_invite_set_state (self->open->invite, PEERUP_INVITE_CLAIMED);
  if (peerup_pairing_probe (self->pairing, &error))
    {
      if (self->open->claim == self)
        peerup_pairing_machine_go_on (self->machine);
      else
        peerup_pairing_machine_refuse (self->machine, PEERUP_PAIRING_REFUSED_OVER);
      return may_go_on (self);
    }
  g_warning ("Somebody has the right code of invite %u and cannot join: %s", self->open->number, error->message);
  if (may_go_on (self))
    peerup_engine_set_problem (self->pairing->engine, "pairing", error->message);
  peerup_pairing_machine_refuse (self->machine, PEERUP_PAIRING_REFUSED_FAILED);
  give_back (self);
  return may_go_on (self);
}

static PeerupPairingRecord *
make_record (PeerupPairingSession *self)
{
  g_autoptr (PeerupPairingOffer) own = peerup_pairing_offer_of_invite (self->pairing, self->open);

  return peerup_pairing_record_new (PEERUP_PAIRING_RECORD_COMMITTED, TRUE, self->kind.spoken ? "spoken" : "code",
                                    self->peer, peerup_pairing_machine_get_transcript (self->machine),
                                    peerup_pairing_get_time (self->pairing), own,
                                    peerup_pairing_machine_get_offer (self->machine));
}

static gboolean
commit (PeerupPairingSession *self)
{
  g_autoptr (GError) error = NULL;

  if (self->open->claim != self || !peerup_pairing_invite_is_good (self->pairing, self->open))
    {
      peerup_pairing_machine_refuse (self->machine, PEERUP_PAIRING_REFUSED_OVER);
      return TRUE;
    }
  self->committed = self->open->in_run = TRUE;
  if (peerup_pairing_use_invite (self->pairing, self->open, make_record (self), &error))
    {
      if (self->pairing->engine != NULL)
        peerup_engine_set_problem (self->pairing->engine, "pairing", NULL);
      peerup_pairing_machine_go_on (self->machine);
      return TRUE;
    }
  g_warning ("The pairing with %s could not be kept: %s", peerup_peer_id_get_string (self->peer), error->message);
  if (self->pairing->engine != NULL)
    peerup_engine_set_problem (self->pairing->engine, "pairing", error->message);
  /* It is decided all the same: the joiner is to ask again. */
  if (peerup_pairing_find_record (self->pairing, peerup_pairing_machine_get_transcript (self->machine)) != NULL)
    return FALSE;
  self->committed = self->open->in_run = FALSE;
  self->open->settled = !peerup_invite_is_live (self->open->invite);
  peerup_pairing_machine_refuse (self->machine, PEERUP_PAIRING_REFUSED_FAILED);
  give_back (self);
  return TRUE;
}

/* What the machine asks for. FALSE: the run is over without another word. */
static gboolean
answer_needs (PeerupPairingSession *self)
{
  switch ((int) peerup_pairing_machine_get_state (self->machine))
    {
    case PEERUP_PAIRING_NEEDS_CLAIM:
      return claim (self);
    case PEERUP_PAIRING_NEEDS_COMMIT:
      return commit (self);
    default:
      return TRUE;
    }
}

/* One message in, and what follows from it out. FALSE: there is nothing more to hear. */
static gboolean
take_turn (PeerupPairingSession *self, GBytes *message)
{
  PeerupPairingRefusal refusal = self->proven ? PEERUP_PAIRING_REFUSED_NONE : why_not (self);

  if (refusal != PEERUP_PAIRING_REFUSED_NONE)
    {
      refuse (self, refusal);
      return FALSE;
    }
  if (!peerup_pairing_machine_receive (self->machine, g_bytes_get_data (message, NULL), g_bytes_get_size (message),
                                       NULL) &&
      peerup_pairing_machine_has_wrong_code (self->machine))
    peerup_pairing_count_guess (self->pairing, self->open);
  return answer_needs (self) && peerup_pairing_send (self->machine, self->stream, self->deadline, NULL) &&
         peerup_pairing_machine_get_state (self->machine) == PEERUP_PAIRING_RUNNING;
}

/* The record says COMMITTED, and the other side is heard to have it. */
static void
finish (PeerupPairingSession *self, const guint8 *id)
{
  PeerupEnginePairing *pairing = self->pairing;
  PeerupPairingRecord *record = peerup_pairing_find_record (pairing, id);
  g_autoptr (GError) error = NULL;

  /* Taken away meanwhile: the other side is to hear that when it asks again. */
  if (record == NULL || !peerup_pairing_stands (pairing, record))
    return;
  if (!peerup_pairing_complete (pairing, id, &error))
    {
      g_warning ("It is not noted that the pairing with %s is complete: %s", peerup_peer_id_get_string (self->peer),
                 error->message);
      return;
    }
  self->is_over = TRUE;
  g_message ("Paired with %s", peerup_peer_id_get_string (self->peer));
  if (pairing->engine != NULL && pairing->engine->trust != NULL)
    peerup_engine_trust_audit (pairing->engine->trust, "paired", self->peer, NULL, NULL);
}

static void
run (PeerupPairingSession *self, GBytes *first)
{
  g_autoptr (GBytes) message = g_bytes_ref (first);

  while (message != NULL && may_go_on (self) && take_turn (self, message))
    {
      g_bytes_unref (message);
      message = peerup_stream_await_message (self->stream, PEERUP_PAIRING_MESSAGE_MAX, self->deadline, NULL);
    }
  if (peerup_pairing_machine_get_state (self->machine) == PEERUP_PAIRING_DONE && may_go_on (self))
    finish (self, peerup_pairing_machine_get_transcript (self->machine));
  if (peerup_pairing_machine_get_state (self->machine) == PEERUP_PAIRING_FAILED)
    self->is_over = TRUE; /* and the refusal is said */
  give_back (self);
}

static void
join (PeerupPairingSession *self, const PeerupPairingInvite *kind, GBytes *first)
{
  PeerupEnginePairing *pairing = self->pairing;
  PeerupOpenInvite *open = peerup_pairing_find_invite (pairing, kind->number);
  g_autoptr (PeerupPairingOffer) offer = NULL;
  PeerupPairingRefusal refusal;

  self->open = open != NULL ? peerup_open_invite_ref (open) : NULL;
  self->kind = *kind;
  end_older (self);
  refusal = why_not (self);
  if (refusal != PEERUP_PAIRING_REFUSED_NONE)
    {
      refuse (self, refusal);
      return;
    }
  offer = peerup_pairing_offer_of_invite (pairing, open);
  self->machine = peerup_pairing_machine_new_inviter (kind, kind->spoken ? open->words : open->secret,
                                                      peerup_pairing_get_own_id (pairing), self->peer,
                                                      peerup_pairing_get_network (pairing), offer);
  run (self, first);
}

/* A run that was cut short */

/* The files may have been full. */
static gboolean
await_carried_out (PeerupPairingSession *self, const guint8 *id)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;

  if (peerup_pairing_find_record (self->pairing, id)->applied)
    return TRUE;
  name = peerup_pairing_carry_out (self->pairing, id, &error);
  if (error != NULL)
    g_warning ("The pairing with %s is still half done: %s", peerup_peer_id_get_string (self->peer), error->message);
  return name != NULL && may_go_on (self);
}

static void
resume (PeerupPairingSession *self, const guint8 *id, GBytes *first)
{
  PeerupEnginePairing *pairing = self->pairing;
  PeerupPairingRecord *record;

  end_older (self);
  await_decision (self);
  record = peerup_pairing_find_record (pairing, id);
  if (record == NULL || !record->inviter || !peerup_peer_id_equal (record->peer, self->peer) ||
      !peerup_pairing_stands (pairing, record))
    {
      refuse (self, PEERUP_PAIRING_REFUSED_UNKNOWN);
      return;
    }
  if (!await_carried_out (self, id))
    return;
  self->machine = peerup_pairing_machine_new_resumed (id);
  self->committed = TRUE;
  if (peerup_pairing_machine_receive (self->machine, g_bytes_get_data (first, NULL), g_bytes_get_size (first), NULL) &&
      peerup_pairing_send (self->machine, self->stream, self->deadline, NULL) &&
      peerup_pairing_hear (self->machine, self->stream, self->deadline, NULL) && may_go_on (self) &&
      peerup_pairing_machine_get_state (self->machine) == PEERUP_PAIRING_DONE)
    finish (self, id);
}

/* Sessions */

static DexFuture *
session_fiber (gpointer data)
{
  PeerupPairingSession *self = data;
  PeerupPairingOpening opening;
  g_autoptr (GBytes) first =
    peerup_stream_await_message (self->stream, PEERUP_PAIRING_MESSAGE_MAX, self->deadline, NULL);

  if (first != NULL && may_go_on (self) &&
      peerup_pairing_peek (g_bytes_get_data (first, NULL), g_bytes_get_size (first), &opening, NULL))
    {
      if (opening.is_resume)
        resume (self, opening.pairing, first);
      else
        join (self, &opening.invite, first);
    }
  /* A clean end says that we have what was sent; a reset, that we may not have. */
  if (!self->is_over)
    {
      peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
      return dex_future_new_true ();
    }
  peerup_stream_close_write (self->stream);
  peerup_pairing_await_end (self->stream, MIN (self->deadline, g_get_monotonic_time () + LINGER), NULL);
  if (self->committed)
    peerup_swarm_release_guest (self->pairing->swarm, self->connection, PEERUP_PAIRING_PROTOCOL,
                                PEERUP_CONNECTION_CODE_NONE);
  return dex_future_new_true ();
}

/* PeerupProtocolFunc, for strangers and for peers. */
static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupEnginePairing *pairing = data;
  PeerupPairingSession *self = g_new0 (PeerupPairingSession, 1);

  self->pairing = peerup_pairing_hub_ref (pairing);
  self->connection = g_object_ref (connection);
  self->stream = stream;
  self->peer = peerup_peer_id_ref (peerup_connection_get_remote_peer (connection));
  self->deadline = g_get_monotonic_time () + PEERUP_PAIRING_RUN_TIME;
  g_ptr_array_add (pairing->sessions, self);
  dex_future_disown (peerup_fiber_spawn (session_fiber, self, session_free));
}

/* Guests */

static gboolean
expects (PeerupSwarm *swarm, PeerupMultiaddr *remote, gpointer data)
{
  PeerupEnginePairing *self = data;

  return self->open->len > 0 && peerup_guest_list_get_n (self->guests) < PEERUP_PAIRING_GUESTS_MAX;
}

static void
came (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEnginePairing *self = data;

  peerup_guest_list_add (self->guests, connection);
}

/* Who is at it may come to the end when the last invite is over. */
void
peerup_pairing_review_guests (PeerupEnginePairing *self)
{
  gboolean wanted = self->engine != NULL && (self->open->len > 0 || self->sessions->len > 0);
  const PeerupSwarmGuests guests = { PEERUP_PAIRING_PROTOCOL, expects, came, on_stream, self };

  if (wanted == self->has_guests)
    return;
  self->has_guests = wanted;
  if (wanted)
    peerup_swarm_add_guests (self->swarm, &guests);
  else
    peerup_swarm_remove_guests (self->swarm, PEERUP_PAIRING_PROTOCOL);
}

void
peerup_pairing_serve (PeerupEnginePairing *self)
{
  self->guests = peerup_guest_list_new (self->swarm, PEERUP_PAIRING_PROTOCOL, PEERUP_PAIRING_RUN_TIME);
  peerup_swarm_add_protocol (self->swarm, PEERUP_PAIRING_PROTOCOL, on_stream, self, NULL);
}

/* Those under way find out that there is no engine any more. */
void
peerup_pairing_unserve (PeerupEnginePairing *self)
{
  peerup_swarm_remove_protocol (self->swarm, PEERUP_PAIRING_PROTOCOL);
  if (self->has_guests)
    peerup_swarm_remove_guests (self->swarm, PEERUP_PAIRING_PROTOCOL);
  self->has_guests = FALSE;
  for (guint i = 0; i < self->sessions->len; i++)
    peerup_pairing_session_kill (self->sessions->pdata[i]);
  g_clear_pointer (&self->guests, peerup_guest_list_free);
}
