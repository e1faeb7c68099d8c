/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Invites that are open here: how they are counted against, ended and used up. One that was left with relays has a
 * file, which is there before anybody knows of it, and dead as soon as a record names it. All in the engine's thread.
 * How one is made is peerup-pairing-make.c's.
 */
#include "engine/peerup-engine-pairing-private.h"

#include "engine/peerup-engine-private.h"
#include "transport/peerup-fiber.h"

/* One invite */

PeerupOpenInvite *
peerup_open_invite_ref (PeerupOpenInvite *self)
{
  g_ref_count_inc (&self->references);
  return self;
}

void
peerup_open_invite_unref (PeerupOpenInvite *self)
{
  if (!g_ref_count_dec (&self->references))
    return;
  g_clear_object (&self->invite);
  g_free (self->token);
  g_clear_pointer (&self->code, peerup_invite_code_free);
  g_clear_pointer (&self->secret, g_bytes_unref);
  g_clear_pointer (&self->words, g_bytes_unref);
  g_clear_pointer (&self->offer, peerup_pairing_offer_free);
  g_clear_pointer (&self->sealed, g_bytes_unref);
  g_ptr_array_unref (self->relays);
  g_clear_pointer (&self->claimant, peerup_peer_id_unref);
  g_clear_pointer (&self->joined, peerup_peer_id_unref);
  g_free (self->joined_name);
  g_free (self);
}

PeerupOpenInvite *
peerup_pairing_find_invite (PeerupEnginePairing *self, guint number)
{
  for (guint i = 0; i < self->open->len; i++)
    {
      PeerupOpenInvite *open = self->open->pdata[i];

      if (open->number == number)
        return open;
    }
  return NULL;
}

PeerupPairingOffer *
peerup_pairing_offer_of_invite (PeerupEnginePairing *self, PeerupOpenInvite *open)
{
  PeerupPairingOffer *offer = peerup_pairing_offer_copy (open->offer);
  g_autoptr (GPtrArray) relays = peerup_pairing_dup_relays (self, PEERUP_PAIRING_ADDRESSES_MAX);

  if (open->grant_time > 0)
    offer->until = peerup_pairing_get_time (self) + open->grant_time;
  /* It may be at other relays since; or at none just now. */
  if (relays->len > 0)
    {
      g_ptr_array_unref (offer->relays);
      offer->relays = g_steal_pointer (&relays);
    }
  return offer;
}

/* Its file */

typedef struct
{
  PeerupPairingStore *store;
  PeerupLeftInvite *invite;
} File;

static void
file_free (gpointer data)
{
  File *self = data;

  peerup_pairing_store_unref (self->store);
  peerup_left_invite_free (self->invite);
  g_free (self);
}

static PeerupLeftInvite *
left_of (PeerupOpenInvite *open)
{
  PeerupLeftInvite *left = g_new0 (PeerupLeftInvite, 1);

  left->token = g_strdup (open->token);
  left->number = open->number;
  left->secret = g_bytes_ref (open->secret);
  left->code = g_strdup (peerup_invite_get_code (open->invite));
  left->term = open->term;
  left->guesses = peerup_invite_get_guesses (open->invite);
  left->grant_time = open->grant_time;
  left->offer = peerup_pairing_offer_copy (open->offer);
  return left;
}

static gboolean
write_file (gpointer data, GError **error)
{
  File *file = data;

  return peerup_pairing_store_write_invite (file->store, file->invite, error);
}

static gboolean
remove_file (gpointer data, GError **error)
{
  File *file = data;

  return peerup_pairing_store_remove_invite (file->store, file->invite->token, error);
}

static File *
file_new (PeerupEnginePairing *self, PeerupOpenInvite *open)
{
  File *file = g_new0 (File, 1);

  file->store = peerup_pairing_store_ref (self->store);
  file->invite = left_of (open);
  return file;
}

gboolean
peerup_pairing_write_invite (PeerupEnginePairing *self, PeerupOpenInvite *open, GError **error)
{
  File *file = file_new (self, open);
  gboolean written = peerup_pairing_await_work (write_file, file, error);

  file_free (file);
  return written;
}

static DexFuture *
remove_fiber (gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!peerup_pairing_await_work (remove_file, data, &error))
    g_warning ("The file of an invite that is over is still there: %s", error->message);
  return dex_future_new_true ();
}

/* Ends */

static PeerupOpenInvite *
close_invite (PeerupEnginePairing *self, PeerupOpenInvite *open, PeerupInviteState state)
{
  peerup_open_invite_ref (open);
  g_ptr_array_remove (self->open, open);
  g_ptr_array_add (self->ended, peerup_open_invite_ref (open));
  /* Whoever had it finds out when it comes to commit, and is told so under seal. */
  open->claim = NULL;
  if (self->engine != NULL)
    peerup_engine_lan_remove_invite (self->engine->lan, open->number);
  /* Relays are told who has joined, once that is known. */
  open->settled = state != PEERUP_INVITE_USED;
  peerup_invite_set_state (open->invite, state);
  return open;
}

void
peerup_pairing_end_invite (PeerupEnginePairing *self, PeerupOpenInvite *borrowed, PeerupInviteState state)
{
  g_autoptr (PeerupOpenInvite) open = close_invite (self, borrowed, state);

  /* Nobody waits for it: what it says is dead in memory, and after a restart by its time or the record. */
  if (open->sealed != NULL)
    dex_future_disown (peerup_fiber_spawn (remove_fiber, file_new (self, open), file_free));
  peerup_pairing_review_guests (self);
  peerup_pairing_look_at_relays (self);
  peerup_pairing_tell (self);
}

gboolean
peerup_pairing_invite_is_good (PeerupEnginePairing *self, PeerupOpenInvite *open)
{
  PeerupPairingNow now;

  if (!peerup_invite_is_live (open->invite))
    return FALSE;
  self->now (&now);
  if (peerup_pairing_term_get_left (&open->term, &now) > 0)
    return TRUE;
  /* Who has proven the code in time may come to the end. */
  if (open->claimant != NULL)
    return TRUE;
  peerup_pairing_end_invite (self, open, PEERUP_INVITE_EXPIRED);
  return FALSE;
}

/* What cannot be noted would be forgotten at a restart, so it counts for all. */
static gboolean
note_guess (PeerupEnginePairing *self, PeerupOpenInvite *open)
{
  g_autoptr (GError) error = NULL;

  if (open->sealed == NULL || peerup_pairing_write_invite (self, open, &error))
    return TRUE;
  g_warning ("A wrong guess of invite %u cannot be noted, so the invite ends: %s", open->number, error->message);
  return FALSE;
}

void
peerup_pairing_count_guess (PeerupEnginePairing *self, PeerupOpenInvite *borrowed)
{
  g_autoptr (PeerupOpenInvite) open = peerup_open_invite_ref (borrowed);
  guint guesses = peerup_invite_get_guesses (open->invite) + 1;
  gboolean noted;

  if (!peerup_invite_is_live (open->invite))
    return;
  peerup_invite_set_guesses (open->invite, guesses);
  g_message ("Somebody tried a wrong code for invite %u, %u of %u times", open->number, guesses,
             PEERUP_INVITE_GUESSES_MAX);
  noted = note_guess (self, open);
  if ((noted && guesses < PEERUP_INVITE_GUESSES_MAX) || !peerup_invite_is_live (open->invite) ||
      open->claimant != NULL || self->engine == NULL)
    return;
  peerup_pairing_end_invite (self, open, PEERUP_INVITE_DEAD);
}

/* Used */

static PeerupInviteState
state_after_failure (PeerupEnginePairing *self, PeerupOpenInvite *open)
{
  PeerupPairingNow now;

  self->now (&now);
  if (peerup_invite_get_guesses (open->invite) >= PEERUP_INVITE_GUESSES_MAX)
    return PEERUP_INVITE_DEAD;
  return peerup_pairing_term_get_left (&open->term, &now) > 0 ? PEERUP_INVITE_OPEN : PEERUP_INVITE_EXPIRED;
}

/* The moment that decides: before it the code is good and nobody is authorized, after it the other way round. */
static gboolean
write_use (PeerupEnginePairing *self, PeerupOpenInvite *open, PeerupPairingRecord *record, GError **error)
{
  gboolean written;

  written = peerup_pairing_write (self, record, error);
  if (written)
    peerup_pairing_end_invite (self, open, PEERUP_INVITE_USED);
  else if (state_after_failure (self, open) != PEERUP_INVITE_OPEN)
    peerup_pairing_end_invite (self, open, state_after_failure (self, open));
  return written;
}

static void
note_use (PeerupEnginePairing *self, PeerupOpenInvite *open, const PeerupPairingRecord *record, const char *name)
{
  open->joined = peerup_peer_id_ref (record->peer);
  open->joined_until = record->own->guest ? PEERUP_EXPIRES_NEVER : record->own->until;
  open->joined_name = g_strdup (name);
  peerup_invite_set_peer (open->invite, peerup_peer_id_get_string (record->peer), name);
  if (self->engine != NULL && self->engine->trust != NULL)
    peerup_engine_trust_audit (self->engine->trust, "invite-used", record->peer, NULL, record->kind);
}

/* What can neither be carried out nor taken back stays decided: it is carried out when there is room again. */
static gboolean
carry_out_use (PeerupEnginePairing *self, PeerupOpenInvite *open, const PeerupPairingRecord *record, GError **error)
{
  g_autofree char *name = peerup_pairing_carry_out (self, record->id, error);
  g_autoptr (GError) local_error = NULL;

  if (name == NULL && peerup_pairing_take_back (self, record->id, &local_error))
    return FALSE;
  if (name == NULL)
    g_warning ("The pairing with %s is half done: %s", peerup_peer_id_get_string (record->peer), local_error->message);
  note_use (self, open, record, name != NULL ? name : "");
  return name != NULL;
}

gboolean
peerup_pairing_use_invite (PeerupEnginePairing *self, PeerupOpenInvite *borrowed, PeerupPairingRecord *record,
                           GError **error)
{
  g_autoptr (PeerupOpenInvite) open = peerup_open_invite_ref (borrowed);
  g_autoptr (PeerupPairingRecord) copy = NULL;
  gboolean used;

  g_assert (open->claimant == NULL);
  record->number = open->number;
  record->invite = g_strdup (open->token);
  copy = peerup_pairing_record_copy (record);
  open->claimant = peerup_peer_id_ref (record->peer);
  used = write_use (self, open, record, error) && carry_out_use (self, open, copy, error);
  g_clear_pointer (&open->claimant, peerup_peer_id_unref);
  /* A joiner that is at it came by the pass, and has its circuit until the relay is told. */
  open->settled = !open->in_run;
  peerup_pairing_look_at_relays (self);
  peerup_pairing_tell (self);
  return used;
}

/* Time */

void
peerup_pairing_look_at_terms (PeerupEnginePairing *self)
{
  for (guint i = self->open->len; i > 0; i--)
    peerup_pairing_invite_is_good (self, self->open->pdata[i - 1]);
}

void
peerup_pairing_free_invites (PeerupEnginePairing *self)
{
  for (guint i = 0; i < self->open->len; i++)
    {
      PeerupOpenInvite *open = self->open->pdata[i];

      open->claim = NULL;
      if (peerup_invite_is_live (open->invite))
        peerup_invite_set_state (open->invite, PEERUP_INVITE_CANCELLED);
    }
  g_ptr_array_set_size (self->open, 0);
  g_ptr_array_set_size (self->ended, 0);
}
