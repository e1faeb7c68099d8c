/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Joining: one fiber, from the text of the code to the first connection as a paired device. It tries what it has found
 * until it succeeds, is refused, or its time is over; a run that was cut short after it may have counted is never
 * forgotten but asked for. The steps with files are those of tests/model/README.md.
 */
#include "engine/peerup-pairing-run.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-private.h"
#include "engine/peerup-pairing-find.h"
#include "transport/peerup-fiber.h"

/* Who says that a spoken code is his can check one guess of it in each run; so many are asked, and so often in all. */
#define CLAIMANTS_MAX 3
#define GUESSES_MAX   5
/* Microseconds: between tries; for relays and the LAN to say that nobody has the number; for an inviter that a relay
 * says is away, before its left invite is answered. */
#define TRY_AGAIN_TIME (G_USEC_PER_SEC)
#define SEARCH_TIME    (8 * G_USEC_PER_SEC)
#define AWAY_TIME      (4 * G_USEC_PER_SEC)
/* Times in a row that the inviter's gate refuses before that is believed. */
#define GATED_MAX 3
/* Microseconds that the first connection as a paired device is waited for. */
#define CONNECT_TIME (3 * G_USEC_PER_SEC)

typedef struct
{
  PeerupEnginePairing *pairing;
  char *text;
  char *name;
  char **services;
  gboolean wait;
  PeerupJoinFunc func;
  gpointer data;
  GCancellable *cancellable; /* (nullable) */

  PeerupInviteCode *code;
  PeerupPairingOffer *own;
  PeerupPairingFinder *finder;
  gint64 began_at;
  gint64 deadline;
  guint n_gated;
  guint n_guesses;             /* spoken: that others could check */
  gboolean waits;              /* has said so */
  GPtrArray *wrong;            /* of PeerupPeerId: who does not have this code */
  PeerupPairingRecord *record; /* in the end */
  GError *last_error;          /* of the last try */
} Join;

typedef enum
{
  JOIN_GO_ON,
  JOIN_DONE,
  JOIN_FAILED,
} JoinStep;

static void
join_free (gpointer data)
{
  Join *self = data;

  if (self->text != NULL)
    explicit_bzero (self->text, strlen (self->text));
  g_free (self->text);
  g_free (self->name);
  g_strfreev (self->services);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->code, peerup_invite_code_free);
  g_clear_pointer (&self->own, peerup_pairing_offer_free);
  g_clear_pointer (&self->finder, peerup_pairing_finder_stop);
  g_ptr_array_unref (self->wrong);
  g_clear_pointer (&self->record, peerup_pairing_record_free);
  g_clear_error (&self->last_error);
  peerup_pairing_hub_unref (self->pairing);
  g_free (self);
}

static void
say (Join *self, const char *state, const char *detail)
{
  if (self->func != NULL && self->pairing->engine != NULL)
    self->func (state, detail, self->data);
}

/* One try */

/* The half pairing of an earlier time, which comes first. */
static JoinStep
ask_for (Join *self, const guint8 *borrowed_id)
{
  PeerupPairingRecord *listed = peerup_pairing_find_record (self->pairing, borrowed_id);
  g_autoptr (PeerupPairingRecord) record = peerup_pairing_record_copy (listed);

  switch (peerup_pairing_resume (self->pairing, record->id,
                                 MIN (self->deadline, g_get_monotonic_time () + PEERUP_PAIRING_RUN_TIME)))
    {
    case PEERUP_PAIRING_HEALED:
      self->record = g_steal_pointer (&record);
      self->record->state = PEERUP_PAIRING_RECORD_COMPLETE;
      return JOIN_DONE;
    case PEERUP_PAIRING_UNKNOWN:
    case PEERUP_PAIRING_UNHEARD:
    default:
      return JOIN_GO_ON;
    }
}

static gboolean
is_left (const PeerupPairingRecord *record)
{
  return g_str_equal (record->kind, "left");
}

/* JOIN_GO_ON with *@ready: a new run may begin. */
static JoinStep
ask_for_earlier (Join *self, PeerupPeerId *inviter, gboolean *ready)
{
  PeerupPairingRecord *record = peerup_pairing_find_record_of (self->pairing, inviter);
  gboolean left = record != NULL && is_left (record);
  JoinStep step;

  *ready = TRUE;
  if (record == NULL || record->inviter || record->state == PEERUP_PAIRING_RECORD_COMPLETE)
    return JOIN_GO_ON;
  step = ask_for (self, record->id);
  *ready = step == JOIN_GO_ON && (left || peerup_pairing_find_record_of (self->pairing, inviter) == NULL);
  return step;
}

/* An answer that we left before is of no use after a run that has succeeded. */
static void
forget_left (Join *self, PeerupPeerId *inviter)
{
  PeerupPairingRecord *record = peerup_pairing_find_record_of (self->pairing, inviter);

  if (record != NULL && is_left (record) && !peerup_pairing_remove (self->pairing, record->id, NULL))
    g_warning ("The record of an answer that was left is still there");
}

static void
take_error (Join *self, GError *error)
{
  g_clear_error (&self->last_error);
  self->last_error = error;
}

static JoinStep
judge_failure (Join *self, PeerupPeerId *inviter, GError **error)
{
  const GError *last = self->last_error;

  if (self->code->kind == PEERUP_CODE_SPOKEN && g_error_matches (last, PEERUP_ERROR, PEERUP_ERROR_CRYPTO))
    {
      g_ptr_array_add (self->wrong, peerup_peer_id_ref (inviter));
      /* Another claimant may be the right one, if there is one already. */
      if (self->wrong->len < MIN (peerup_pairing_finder_get_n_claimants (self->finder), CLAIMANTS_MAX))
        return JOIN_GO_ON;
    }
  g_propagate_error (error, g_steal_pointer (&self->last_error));
  return JOIN_FAILED;
}

/* A gate that refuses may have too many strangers just now, or none any more. */
static JoinStep
judge_loss (Join *self, GError **error)
{
  gboolean gated = g_error_matches (self->last_error, PEERUP_ERROR, PEERUP_ERROR_GATED) ||
                   g_error_matches (self->last_error, PEERUP_ERROR, PEERUP_ERROR_DENIED);

  if (g_error_matches (self->last_error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION))
    {
      g_propagate_prefixed_error (
        error, g_steal_pointer (&self->last_error),
        _ ("The other device does not pair by this kind of code; it may need a newer version: "));
      return JOIN_FAILED;
    }
  /* A relay that refuses says nothing of the inviter. */
  if (peerup_pairing_finder_get_trouble (self->finder) != NULL)
    return JOIN_GO_ON;
  self->n_gated = gated ? self->n_gated + 1 : 0;
  if (self->n_gated < GATED_MAX)
    return JOIN_GO_ON;
  g_set_error_literal (
    error, PEERUP_ERROR, PEERUP_ERROR_GATED,
    _ ("The other device lets nobody in by a code: it was used, has expired or was taken back. Ask for a "
       "new one"));
  return JOIN_FAILED;
}

/* What was committed on both sides counts, though the inviter may not have heard so yet: that is for later. */
static gboolean
is_paired (Join *self, const guint8 *id)
{
  PeerupPairingRecord *record = peerup_pairing_find_record (self->pairing, id);

  if (record == NULL || record->state == PEERUP_PAIRING_RECORD_PREPARED || !record->applied)
    return FALSE;
  self->record = peerup_pairing_record_copy (record);
  return TRUE;
}

/* Asks until it is known; the record stays if it is not. */
static JoinStep
settle_doubt (Join *self, const guint8 *id, GError **error)
{
  while (g_get_monotonic_time () < self->deadline && self->pairing->engine != NULL)
    {
      JoinStep step = peerup_pairing_find_record (self->pairing, id) != NULL ? ask_for (self, id) : JOIN_GO_ON;

      if (step == JOIN_DONE)
        return step;
      if (peerup_pairing_find_record (self->pairing, id) == NULL)
        return JOIN_GO_ON;
      if (is_paired (self, id))
        return JOIN_DONE;
      peerup_pairing_sleep (TRY_AGAIN_TIME);
    }
  if (peerup_pairing_check_running (self->pairing, error))
    g_set_error_literal (
      error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
      _ ("The connection was lost just when the other device was to save the pairing, and it does not "
         "answer. Leave this device on: it goes on asking, and completes the pairing or takes it back by "
         "itself"));
  return JOIN_FAILED;
}

static JoinStep
try_run (Join *self, PeerupPeerId *inviter, GError **error)
{
  PeerupPairingRun run = {
    self->pairing, self->code, inviter, self->own, 0, self->func, self->data, self->cancellable
  };
  GError *local_error = NULL;
  PeerupPairingOutcome outcome;
  JoinStep step = JOIN_GO_ON;

  run.deadline = MIN (self->deadline, g_get_monotonic_time () + PEERUP_PAIRING_RUN_TIME);
  outcome = peerup_pairing_run (&run, &local_error);
  self->n_guesses += run.guessed ? 1 : 0;
  if (local_error != NULL)
    g_info ("A try to pair with %s: %s", peerup_peer_id_get_string (inviter), local_error->message);
  take_error (self, local_error);
  if (!peerup_pairing_check_running (self->pairing, error))
    return JOIN_FAILED;
  if (outcome == PEERUP_PAIRING_JOINED)
    {
      self->record = run.record;
      forget_left (self, inviter);
      step = JOIN_DONE;
    }
  else if (outcome == PEERUP_PAIRING_FAILED_HERE)
    step = judge_failure (self, inviter, error);
  else if (outcome == PEERUP_PAIRING_LOST)
    step = judge_loss (self, error);
  else
    step = settle_doubt (self, run.id, error);
  peerup_pairing_let_go (self->pairing, run.id);
  return step;
}

static JoinStep
try_inviter (Join *self, PeerupPeerId *inviter, GError **error)
{
  gboolean ready;
  JoinStep step;

  if (!peerup_pairing_check_new (self->pairing, inviter, error))
    return JOIN_FAILED;
  step = ask_for_earlier (self, inviter, &ready);
  if (step != JOIN_GO_ON || !ready)
    return step;
  return try_run (self, inviter, error);
}

/* What is there to try */

/* NULL: nobody now. */
static PeerupPeerId *
pick_claimant (Join *self)
{
  for (guint i = 0; i < MIN (peerup_pairing_finder_get_n_claimants (self->finder), CLAIMANTS_MAX); i++)
    {
      PeerupPeerId *claimant = peerup_pairing_finder_get_claimant (self->finder, i);

      if (!g_ptr_array_find_with_equal_func (self->wrong, claimant, peerup_peer_id_equal, NULL))
        return claimant;
    }
  return NULL;
}

static gboolean
may_answer_left (Join *self)
{
  return self->code->kind == PEERUP_CODE_LONG && peerup_pairing_finder_get_sealed (self->finder) != NULL &&
         peerup_pairing_finder_has_asked (self->finder) &&
         (!peerup_pairing_finder_is_here (self->finder) || g_get_monotonic_time () - self->began_at > 4 * AWAY_TIME) &&
         self->last_error != NULL;
}

static JoinStep
answer_left (Join *self, GError **error)
{
  say (self, "saving", NULL);
  self->record = peerup_pairing_answer_left (self->pairing, self->code, peerup_pairing_finder_get_sealed (self->finder),
                                             self->own, error);
  return self->record != NULL ? JOIN_DONE : JOIN_FAILED;
}

static void
explain_absence (Join *self, GError **error)
{
  const char *trouble = peerup_pairing_finder_get_trouble (self->finder);
  g_autoptr (GString) reasons = g_string_new (NULL);

  if (self->last_error != NULL)
    g_string_append_printf (reasons, " (%s)", self->last_error->message);
  if (trouble != NULL)
    g_string_append_printf (reasons, " (%s)", trouble);
  if (self->code->kind == PEERUP_CODE_SPOKEN && peerup_pairing_finder_get_n_claimants (self->finder) == 0)
    g_set_error (
      error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
      _ ("Nobody has an invite %u, neither at the relays of this device nor on this network%s. Check the number; "
         "spoken codes work for devices on one network or with a relay in common, and the long code works from "
         "everywhere"),
      self->code->number, reasons->str);
  else if (peerup_pairing_finder_is_over (self->finder))
    g_set_error (
      error, PEERUP_ERROR, PEERUP_ERROR_GATED,
      _ ("The code was used, has expired or was taken back: its relay knows nothing of it%s. Ask for a new one"),
      reasons->str);
  else
    g_set_error (
      error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
      _ ("The device that made the code does not answer%s. See that it is on, and that peerup invite still runs "
         "there, or wait for it with: peerup join --wait"),
      reasons->str);
}

/* Whether there is no sense in going on, though there is time. */
static gboolean
is_hopeless (Join *self)
{
  gboolean searched =
    peerup_pairing_finder_has_asked (self->finder) && g_get_monotonic_time () - self->began_at > SEARCH_TIME;

  if (self->wait || !searched)
    return FALSE;
  return peerup_pairing_finder_is_over (self->finder) ||
         (self->code->kind == PEERUP_CODE_SPOKEN && peerup_pairing_finder_get_n_claimants (self->finder) == 0);
}

static JoinStep
take_step (Join *self, GError **error)
{
  PeerupPeerId *claimant = pick_claimant (self);
  JoinStep step = JOIN_GO_ON;

  if (claimant != NULL)
    {
      g_autoptr (PeerupPeerId) inviter = peerup_peer_id_ref (claimant);

      step = try_inviter (self, inviter, error);
    }
  if (step != JOIN_GO_ON)
    return step;
  /* A try that was left is no sign that the inviter is away: its error must not lead to an answer. */
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return JOIN_FAILED;
  if (may_answer_left (self))
    return answer_left (self, error);
  if (self->code->kind == PEERUP_CODE_SPOKEN && self->n_guesses >= GUESSES_MAX)
    {
      g_propagate_error (error, g_steal_pointer (&self->last_error));
      return JOIN_FAILED;
    }
  if (is_hopeless (self))
    {
      explain_absence (self, error);
      return JOIN_FAILED;
    }
  if (self->wait && !self->waits && g_get_monotonic_time () - self->began_at > AWAY_TIME)
    {
      self->waits = TRUE;
      say (self, "waiting", NULL);
    }
  return JOIN_GO_ON;
}

/* All of it */

static gboolean
join (Join *self, GError **error)
{
  JoinStep step = JOIN_GO_ON;

  self->began_at = g_get_monotonic_time ();
  self->deadline =
    self->began_at + (self->wait ? (gint64) PEERUP_INVITE_TTL_MAX * G_USEC_PER_SEC : self->pairing->join_time);
  self->own = peerup_pairing_make_offer (self->pairing, self->name, (const char *const *) self->services);
  say (self, "finding", NULL);
  self->finder = peerup_pairing_finder_new (self->pairing, self->code, self->deadline);
  while (TRUE)
    {
      gint64 now = g_get_monotonic_time ();

      if (!peerup_pairing_check_running (self->pairing, error) ||
          g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (now >= self->deadline)
        {
          explain_absence (self, error);
          return FALSE;
        }
      step = take_step (self, error);
      if (step != JOIN_GO_ON)
        return step == JOIN_DONE;
      peerup_pairing_finder_await (self->finder, MIN (self->deadline, g_get_monotonic_time () + TRY_AGAIN_TIME));
    }
}

/* As a paired device: what a person does next is fast. It is no matter for the pairing whether it succeeds. */
static void
connect_anew (Join *self)
{
  PeerupSwarm *swarm = self->pairing->swarm;
  PeerupPeerId *inviter = self->record->peer;

  if (is_left (self->record))
    return;
  peerup_swarm_disconnect (swarm, inviter, PEERUP_CONNECTION_CODE_NONE);
  dex_await (dex_future_first (peerup_swarm_connect (swarm, inviter), dex_timeout_new_usec (CONNECT_TIME), NULL), NULL);
}

static DexFuture *
join_fiber (gpointer data)
{
  Join *self = data;
  PeerupEnginePairing *pairing = self->pairing;
  GError *error = NULL;

  if (!peerup_pairing_check_running (pairing, &error))
    return dex_future_new_for_error (error);
  say (self, "reading", NULL);
  self->code = peerup_invite_code_parse (self->text, NULL, &error);
  if (self->code == NULL ||
      !peerup_pairing_check_code (pairing, self->code, (const char *const *) self->services, &error))
    return dex_future_new_for_error (error);
  if (self->code->kind == PEERUP_CODE_ORIGINAL)
    return peerup_engine_original_join (pairing->engine->original, self->code, self->name, self->func, self->data);
  if (self->code->kind == PEERUP_CODE_RELAY)
    return peerup_engine_group_join (pairing->engine->group, self->code, self->name, self->func, self->data);
  if (!peerup_pairing_probe (pairing, &error) || !peerup_pairing_check_running (pairing, &error) ||
      !join (self, &error))
    return dex_future_new_for_error (error);
  if (pairing->engine != NULL)
    peerup_engine_trust_audit (pairing->engine->trust, "paired", self->record->peer, NULL, self->record->kind);
  connect_anew (self);
  say (self, "done", self->record->name);
  return dex_future_new_take_boxed (PEERUP_TYPE_PAIRING_RECORD, g_steal_pointer (&self->record));
}

DexFuture *
peerup_engine_pairing_join (PeerupEnginePairing *self, const char *code, const PeerupJoinOptions *options,
                            PeerupJoinFunc func, gpointer data)
{
  Join *join = g_new0 (Join, 1);

  join->pairing = peerup_pairing_hub_ref (self);
  join->text = g_strdup (code);
  join->name = g_strdup (options->name);
  join->services = g_strdupv ((char **) options->services);
  join->wait = options->wait;
  join->cancellable = options->cancellable != NULL ? g_object_ref (options->cancellable) : NULL;
  join->func = func;
  join->data = data;
  join->wrong = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  return peerup_fiber_spawn (join_fiber, join, join_free);
}
