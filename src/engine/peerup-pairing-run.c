/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The joiner's side of /peerup/pair/1.0.0, by the steps of tests/model/README.md: the record is PREPARED before the
 * inviter can commit, COMMITTED when it has, and gone when it has heard that we have too.
 */
#include "engine/peerup-pairing-run.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  PeerupPairingRun *run;
  PeerupStream *stream;
  PeerupPairingMachine *machine;
  gboolean prepared;
  GError *error; /* of our own files */
} Steps;

static void
say (PeerupPairingRun *run, const char *state)
{
  if (run->state != NULL && run->pairing->engine != NULL)
    run->state (state, peerup_peer_id_get_string (run->inviter), run->data);
}

/* Steps */

static gboolean
prepare (Steps *self)
{
  PeerupPairingRun *run = self->run;
  PeerupPairingRecord *record;

  record = peerup_pairing_record_new (PEERUP_PAIRING_RECORD_PREPARED, FALSE,
                                      run->code->kind == PEERUP_CODE_SPOKEN ? "spoken" : "code", run->inviter,
                                      peerup_pairing_machine_get_transcript (self->machine),
                                      peerup_pairing_get_time (run->pairing), run->own,
                                      peerup_pairing_machine_get_offer (self->machine));
  record->number = run->code->number;
  record->until = record->at + PEERUP_PAIRING_DOUBT_TIME;
  memcpy (run->id, record->id, sizeof run->id);
  peerup_pairing_hold (run->pairing, run->id);
  self->prepared = peerup_pairing_write (run->pairing, record, &self->error);
  return self->prepared;
}

static gboolean
commit (Steps *self)
{
  PeerupPairingRun *run = self->run;
  PeerupPairingRecord *listed = peerup_pairing_find_record (run->pairing, run->id);
  PeerupPairingRecord *record;
  g_autofree char *name = NULL;

  if (listed == NULL)
    {
      g_set_error_literal (&self->error, PEERUP_ERROR, PEERUP_ERROR_GATED, _ ("The pairing was undone meanwhile"));
      return FALSE;
    }
  record = peerup_pairing_record_copy (listed);
  record->state = PEERUP_PAIRING_RECORD_COMMITTED;
  if (!peerup_pairing_write (run->pairing, record, &self->error))
    return FALSE;
  name = peerup_pairing_carry_out (run->pairing, run->id, &self->error);
  return name != NULL;
}

/* TRUE: it goes on. */
static gboolean
answer_needs (Steps *self)
{
  PeerupPairingState state = peerup_pairing_machine_get_state (self->machine);

  if (state != PEERUP_PAIRING_NEEDS_PREPARE && state != PEERUP_PAIRING_NEEDS_COMMIT)
    return TRUE;
  say (self->run, "saving");
  if (state == PEERUP_PAIRING_NEEDS_PREPARE ? prepare (self) : commit (self))
    {
      peerup_pairing_machine_go_on (self->machine);
      return TRUE;
    }
  peerup_pairing_machine_refuse (self->machine, PEERUP_PAIRING_REFUSED_FAILED);
  return FALSE;
}

/* Messages until the machine is done. */
static gboolean
talk (Steps *self, GError **error)
{
  PeerupPairingRun *run = self->run;
  gboolean good = TRUE;

  while (good && peerup_pairing_machine_get_state (self->machine) != PEERUP_PAIRING_DONE)
    {
      good = peerup_pairing_send (self->machine, self->stream, run->deadline, error) &&
             peerup_pairing_hear (self->machine, self->stream, run->deadline, error);
      if (!good)
        break;
      run->guessed |= peerup_pairing_machine_get_state (self->machine) != PEERUP_PAIRING_FAILED;
      if (!peerup_pairing_check_running (run->pairing, error) ||
          (!self->prepared && g_cancellable_set_error_if_cancelled (run->cancellable, error)))
        return FALSE;
      good = answer_needs (self);
    }
  if (self->error != NULL)
    {
      (void) peerup_pairing_send (self->machine, self->stream, run->deadline, NULL);
      g_propagate_error (error, g_steal_pointer (&self->error));
    }
  return good && peerup_pairing_send (self->machine, self->stream, run->deadline, error);
}

/* The inviter closes its side when it has heard that we are done. */
static gboolean
finish (Steps *self, GError **error)
{
  PeerupPairingRun *run = self->run;
  g_autoptr (GError) local_error = NULL;
  PeerupPairingRecord *record;

  peerup_stream_close_write (self->stream);
  if (!peerup_pairing_await_end (self->stream, run->deadline, error))
    return FALSE;
  record = peerup_pairing_find_record (run->pairing, run->id);
  if (record == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, _ ("The pairing was undone meanwhile"));
      return FALSE;
    }
  run->record = peerup_pairing_record_copy (record);
  run->record->state = PEERUP_PAIRING_RECORD_COMPLETE;
  /* Both have it; the inviter is asked once more when the record can be removed. */
  if (!peerup_pairing_complete (run->pairing, run->id, &local_error))
    g_warning ("It is not noted that the pairing with %s is complete: %s", run->record->name, local_error->message);
  return TRUE;
}

/* Ends */

typedef struct
{
  PeerupError code;
  const char *text;
} Refusal;

static const Refusal refusals[] = {
  [PEERUP_PAIRING_REFUSED_UNKNOWN] = { PEERUP_ERROR_GATED,
                                       N_ ("The other device has no such invite open: the code was used, "
                                           "has expired or was taken back. Ask for a new one") },
  [PEERUP_PAIRING_REFUSED_WRONG_CODE] = { PEERUP_ERROR_CRYPTO,
                                          N_ ("The code is wrong. Check it with the person who gave it "
                                              "to you: after three wrong codes a new one is needed") },
  [PEERUP_PAIRING_REFUSED_OVER] = { PEERUP_ERROR_GATED, N_ ("The code was used, has expired or was taken back, or was "
                                                            "guessed wrong too often. Ask for a new one") },
  [PEERUP_PAIRING_REFUSED_NETWORK] = { PEERUP_ERROR_CONFIG,
                                       N_ ("The other device is in another network: set "
                                           "discovery.network to the same on both, and invite anew") },
  [PEERUP_PAIRING_REFUSED_DECLINED] = { PEERUP_ERROR_DENIED, N_ ("The pairing was declined on the other device") },
  [PEERUP_PAIRING_REFUSED_FAILED] = { PEERUP_ERROR_GATED,
                                      N_ ("The other device could not save the pairing: peerup status "
                                          "says there why. Nothing was changed on this one") },
};

static gboolean
is_fatal (Steps *self, const GError *error)
{
  return peerup_pairing_machine_get_state (self->machine) == PEERUP_PAIRING_FAILED &&
         peerup_pairing_machine_get_refusal (self->machine) != PEERUP_PAIRING_REFUSED_BUSY;
}

static void
explain (Steps *self, GError **error)
{
  PeerupPairingRefusal refusal = peerup_pairing_machine_get_refusal (self->machine);

  if (error == NULL || *error == NULL)
    return;
  if (refusal < G_N_ELEMENTS (refusals) && refusals[refusal].text != NULL)
    {
      g_clear_error (error);
      g_set_error_literal (error, PEERUP_ERROR, refusals[refusal].code, _ (refusals[refusal].text));
    }
  else if (g_error_matches (*error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO))
    g_prefix_error (error,
                    _ ("The device that answered does not have this code, or somebody is in between. Ask for a new "
                       "one, and compare how it is entered: "));
  else if ((*error)->domain == G_FILE_ERROR)
    g_prefix_error (error, _ ("The pairing cannot be saved on this device: "));
}

static PeerupPairingOutcome
conclude (Steps *self, GError **error)
{
  PeerupPairingRun *run = self->run;
  gboolean in_doubt = peerup_pairing_machine_is_in_doubt (self->machine);
  PeerupPairingRecord *record = self->prepared ? peerup_pairing_find_record (run->pairing, run->id) : NULL;
  PeerupPairingOutcome outcome = is_fatal (self, *error) ? PEERUP_PAIRING_FAILED_HERE : PEERUP_PAIRING_LOST;

  explain (self, error);
  if (record == NULL)
    return outcome;
  if (in_doubt || record->state != PEERUP_PAIRING_RECORD_PREPARED)
    return outcome == PEERUP_PAIRING_FAILED_HERE && (*error)->domain == G_FILE_ERROR ? PEERUP_PAIRING_FAILED_HERE
                                                                                     : PEERUP_PAIRING_IN_DOUBT;
  if (!peerup_pairing_remove (run->pairing, run->id, NULL))
    g_warning ("The record of a pairing that came to nothing is still there");
  return outcome;
}

PeerupPairingOutcome
peerup_pairing_run (PeerupPairingRun *self, GError **error)
{
  static const char *const protocols[] = { PEERUP_PAIRING_PROTOCOL, NULL };
  const PeerupPairingInvite invite = { self->code->number, self->code->kind == PEERUP_CODE_SPOKEN };
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (PeerupPairingMachine) machine = NULL;
  g_autoptr (GError) local_error = NULL;
  PeerupPairingOutcome outcome;
  Steps steps = { .run = self };

  stream =
    dex_await_object (peerup_swarm_open_stream (self->pairing->swarm, self->inviter, protocols, self->deadline), error);
  if (stream == NULL || !peerup_pairing_check_running (self->pairing, error) ||
      g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return PEERUP_PAIRING_LOST;
  say (self, "proving");
  machine = peerup_pairing_machine_new_joiner (&invite, self->code->secret, peerup_pairing_get_own_id (self->pairing),
                                               self->inviter, peerup_pairing_get_network (self->pairing), self->own);
  steps.stream = stream;
  steps.machine = machine;
  if (talk (&steps, &local_error) && finish (&steps, &local_error))
    return PEERUP_PAIRING_JOINED;
  peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
  outcome = conclude (&steps, &local_error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return outcome;
}
