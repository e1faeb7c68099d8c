/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Invites that wait with relays, sealed, and the answers to them. The joiner authorizes the inviter when its answer
 * lies there; the inviter, when it is back, authorizes the first whose answer opens. A relay can lose either or keep it
 * from us, and can neither read nor change nor make one.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-private.h"
#include "pairing/peerup-sealed-invite.h"
#include "relay/peerup-rendezvous.h"

static gint64
relay_deadline (void)
{
  return g_get_monotonic_time () + PEERUP_PAIRING_RELAY_TIME;
}

/* Inviter */

static gboolean
take_answer (PeerupEnginePairing *self, PeerupOpenInvite *open, PeerupPeerId *joiner, GBytes *sealed)
{
  g_autoptr (PeerupPairingOffer) theirs = NULL;
  g_autoptr (PeerupPairingOffer) own = NULL;
  guint8 transcript[PEERUP_PAIRING_TRANSCRIPT_LENGTH];
  g_autoptr (GError) error = NULL;
  PeerupPairingRecord *record;

  theirs = peerup_sealed_answer_open (sealed, open->secret, open->number, peerup_pairing_get_own_id (self), joiner,
                                      peerup_pairing_get_network (self), transcript, &error);
  if (theirs == NULL)
    {
      g_info ("An answer to invite %u is none: %s", open->number, error->message);
      return FALSE;
    }
  own = peerup_pairing_offer_of_invite (self, open);
  record = peerup_pairing_record_new (PEERUP_PAIRING_RECORD_COMMITTED, TRUE, "left", joiner, transcript,
                                      peerup_pairing_get_time (self), own, theirs);
  if (!peerup_pairing_use_invite (self, open, record, &error))
    {
      g_warning ("The pairing with %s could not be kept: %s", peerup_peer_id_get_string (joiner), error->message);
      return FALSE;
    }
  g_message ("%s has answered invite %u, which was left with a relay", peerup_peer_id_get_string (joiner),
             open->number);
  peerup_pairing_heal (self);
  return TRUE;
}

void
peerup_pairing_fetch (PeerupEnginePairing *self, PeerupOpenInvite *open, PeerupPeerId *relay)
{
  g_autoptr (PeerupRendezvousAnswers) answers = NULL;
  g_autoptr (GError) error = NULL;

  answers = dex_await_boxed (peerup_rendezvous_fetch (self->swarm, relay, open->number, relay_deadline ()), &error);
  if (answers == NULL)
    {
      g_info ("The relay %s does not say who has answered invite %u: %s", peerup_peer_id_get_string (relay),
              open->number, error->message);
      return;
    }
  for (guint i = 0; i < answers->sealed->len; i++)
    {
      if (self->engine == NULL || !peerup_pairing_invite_is_good (self, open) || open->claimant != NULL ||
          open->claim != NULL)
        return;
      if (take_answer (self, open, answers->joiners->pdata[i], answers->sealed->pdata[i]))
        return;
    }
}

/* Joiner */

/* With each of @relays at once. TRUE: it lies with one of them at least. *@lost: it may. */
static gboolean
leave (PeerupEnginePairing *self, guint number, PeerupPeerId *inviter, GPtrArray *relays, GBytes *answer,
       gboolean *lost, GError **error)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  g_autoptr (GHashTable) asked =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  gboolean left = FALSE;

  *lost = FALSE;
  for (guint i = 0; i < relays->len; i++)
    {
      PeerupPeerId *relay = peerup_multiaddr_dup_peer_id (relays->pdata[i]);

      if (relay != NULL && g_hash_table_add (asked, relay))
        g_ptr_array_add (futures,
                         peerup_rendezvous_leave (self->swarm, relay, number, inviter, answer, relay_deadline ()));
    }
  for (guint i = 0; i < futures->len; i++)
    {
      g_autoptr (GError) local_error = NULL;

      if (dex_await (dex_ref (futures->pdata[i]), &local_error))
        left = TRUE;
      else
        *lost |= g_error_matches (local_error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
      if (local_error != NULL && error != NULL && *error == NULL)
        g_propagate_error (error, g_steal_pointer (&local_error));
    }
  if (left && error != NULL)
    g_clear_error (error);
  return left;
}

/* It lies there: authorizes the inviter. */
static gboolean
commit (PeerupEnginePairing *self, const guint8 *id, GError **error)
{
  PeerupPairingRecord *record = peerup_pairing_find_record (self, id);
  g_autofree char *name = NULL;

  if (record == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, _ ("The pairing was undone meanwhile"));
      return FALSE;
    }
  record = peerup_pairing_record_copy (record);
  record->state = PEERUP_PAIRING_RECORD_COMMITTED;
  if (!peerup_pairing_write (self, record, error))
    return FALSE;
  name = peerup_pairing_carry_out (self, id, error);
  return name != NULL;
}

static gboolean
leave_and_commit (PeerupEnginePairing *self, const PeerupInviteCode *code, const guint8 *id, GBytes *answer,
                  GError **error)
{
  gboolean lost;

  if (!leave (self, code->number, code->inviter, code->relays, answer, &lost, error))
    {
      g_prefix_error (error, _ ("The answer to the invite could not be left with its relay: "));
      if (!lost && !peerup_pairing_remove (self, id, NULL))
        g_warning ("The record of a pairing that came to nothing is still there");
      return FALSE;
    }
  return commit (self, id, error);
}

PeerupPairingRecord *
peerup_pairing_answer_left (PeerupEnginePairing *self, const PeerupInviteCode *code, GBytes *sealed,
                            const PeerupPairingOffer *own, GError **error)
{
  guint8 transcript[PEERUP_PAIRING_TRANSCRIPT_LENGTH];
  g_autoptr (PeerupPairingOffer) theirs = NULL;
  g_autoptr (GBytes) answer = NULL;
  PeerupPairingRecord *record;
  gboolean good;

  theirs = peerup_sealed_invite_open (sealed, code->secret, code->number, code->inviter, code->network, error);
  if (theirs == NULL)
    return NULL;
  answer = peerup_sealed_answer_seal (code->secret, code->number, code->inviter, peerup_pairing_get_own_id (self),
                                      code->network, own, transcript, error);
  if (answer == NULL)
    return NULL;
  record = peerup_pairing_record_new (PEERUP_PAIRING_RECORD_PREPARED, FALSE, "left", code->inviter, transcript,
                                      peerup_pairing_get_time (self), own, theirs);
  record->number = code->number;
  record->until = record->at + PEERUP_PAIRING_DOUBT_TIME;
  record->answer = g_bytes_ref (answer);
  peerup_pairing_hold (self, transcript);
  good = peerup_pairing_write (self, record, error) && leave_and_commit (self, code, transcript, answer, error);
  peerup_pairing_let_go (self, transcript);
  record = good ? peerup_pairing_find_record (self, transcript) : NULL;
  return record != NULL ? peerup_pairing_record_copy (record) : NULL;
}

void
peerup_pairing_leave_again (PeerupEnginePairing *self, const guint8 *id)
{
  PeerupPairingRecord *listed = peerup_pairing_find_record (self, id);
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autoptr (GError) error = NULL;
  gboolean lost;

  if (listed == NULL || listed->answer == NULL || listed->state != PEERUP_PAIRING_RECORD_PREPARED)
    return;
  record = peerup_pairing_record_copy (listed);
  peerup_pairing_tell_relays (self, record->theirs->relays);
  if (!leave (self, record->number, record->peer, record->theirs->relays, record->answer, &lost, &error) ||
      !commit (self, id, &error))
    g_info ("The answer to the invite of %s is not left yet: %s", peerup_peer_id_get_string (record->peer),
            error->message);
}
