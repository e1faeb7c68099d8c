/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Pairings that were cut short. A joiner asks the inviter what has become of each, at once when there may be a way,
 * else now and then; an inviter that has committed dials the joiner now and then, which asks then. One fiber for each
 * record, as long as it is half; it gives up after PEERUP_PAIRING_DOUBT_TIME, and what is half then stays for a person
 * to see.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <string.h>

#include "engine/peerup-engine-private.h"
#include "transport/peerup-fiber.h"

/* Microseconds between tries; they double. */
#define FIRST_WAIT (2 * G_USEC_PER_SEC)
#define LAST_WAIT  (10 * 60 * G_USEC_PER_SEC)
/* Seconds after which no run of an inviter goes on that was there when we accepted. */
#define RUNS_END 120

/* Somebody works on a record. */
typedef struct
{
  guint8 id[PEERUP_PAIRING_ID_LENGTH];
  DexPromise *wake;
} Half;

static void
half_free (gpointer data)
{
  Half *self = data;

  dex_unref (self->wake);
  g_free (self);
}

GPtrArray *
peerup_pairing_halves_new (void)
{
  return g_ptr_array_new_with_free_func (half_free);
}

static Half *
find_half (PeerupEnginePairing *self, const guint8 *id)
{
  for (guint i = 0; i < self->halves->len; i++)
    {
      Half *half = self->halves->pdata[i];

      if (memcmp (half->id, id, sizeof half->id) == 0)
        return half;
    }
  return NULL;
}

void
peerup_pairing_hold (PeerupEnginePairing *self, const guint8 *id)
{
  Half *half;

  if (find_half (self, id) != NULL)
    return;
  half = g_new0 (Half, 1);
  memcpy (half->id, id, sizeof half->id);
  half->wake = dex_promise_new ();
  g_ptr_array_add (self->halves, half);
}

static void
remove_half (PeerupEnginePairing *self, const guint8 *id)
{
  Half *half = find_half (self, id);

  if (half != NULL)
    g_ptr_array_remove (self->halves, half);
}

void
peerup_pairing_let_go (PeerupEnginePairing *self, const guint8 *id)
{
  remove_half (self, id);
  peerup_pairing_heal (self);
}

static void
wake (Half *half)
{
  g_autoptr (DexPromise) promise = g_steal_pointer (&half->wake);

  half->wake = dex_promise_new ();
  dex_promise_resolve_boolean (promise, TRUE);
}

/* Asking once */

/* What an answer that is none comes to. */
static PeerupPairingAnswer
judge (PeerupEnginePairing *self, const PeerupPairingRecord *record, const GError *error, PeerupPairingRefusal refusal)
{
  gboolean gated = g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED) ||
                   g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_DENIED);

  /* An answer that was left is found when the inviter is back. */
  if (g_str_equal (record->kind, "left") && peerup_pairing_get_time (self) < record->until)
    return PEERUP_PAIRING_UNHEARD;
  if (refusal == PEERUP_PAIRING_REFUSED_UNKNOWN)
    return PEERUP_PAIRING_UNKNOWN;
  if (gated && peerup_pairing_get_time (self) - record->at > RUNS_END)
    return PEERUP_PAIRING_UNKNOWN;
  return PEERUP_PAIRING_UNHEARD;
}

/* The inviter has committed: so do we. */
static gboolean
commit (PeerupEnginePairing *self, const guint8 *id, GError **error)
{
  PeerupPairingRecord *record = peerup_pairing_find_record (self, id);
  g_autofree char *name = NULL;

  if (record != NULL && record->state == PEERUP_PAIRING_RECORD_PREPARED)
    {
      record = peerup_pairing_record_copy (record);
      record->state = PEERUP_PAIRING_RECORD_COMMITTED;
      if (!peerup_pairing_write (self, record, error))
        return FALSE;
    }
  record = peerup_pairing_find_record (self, id);
  if (record != NULL && record->applied)
    return TRUE;
  name = peerup_pairing_carry_out (self, id, error);
  return name != NULL;
}

static PeerupStream *
open_stream (PeerupEnginePairing *self, PeerupPeerId *peer, gint64 deadline, GError **error)
{
  static const char *const protocols[] = { PEERUP_PAIRING_PROTOCOL, NULL };

  return dex_await_object (peerup_swarm_open_stream (self->swarm, peer, protocols, deadline), error);
}

/* RESUME over @stream, up to the end that says that the inviter has heard it. */
static gboolean
ask (PeerupEnginePairing *self, PeerupStream *stream, PeerupPairingMachine *machine, const guint8 *id, gint64 deadline,
     GError **error)
{
  if (!peerup_pairing_send (machine, stream, deadline, error) ||
      !peerup_pairing_hear (machine, stream, deadline, error))
    return FALSE;
  if (!commit (self, id, error))
    {
      peerup_pairing_machine_refuse (machine, PEERUP_PAIRING_REFUSED_FAILED);
      return peerup_pairing_send (machine, stream, deadline, NULL) && FALSE;
    }
  peerup_pairing_machine_go_on (machine);
  if (!peerup_pairing_send (machine, stream, deadline, error))
    return FALSE;
  peerup_stream_close_write (stream);
  return peerup_pairing_await_end (stream, deadline, error) && peerup_pairing_complete (self, id, error);
}

PeerupPairingAnswer
peerup_pairing_resume (PeerupEnginePairing *self, const guint8 *borrowed_id, gint64 deadline)
{
  PeerupPairingRecord *listed = peerup_pairing_find_record (self, borrowed_id);
  g_autoptr (PeerupPairingRecord) record = listed != NULL ? peerup_pairing_record_copy (listed) : NULL;
  g_autoptr (PeerupPairingMachine) machine = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  PeerupPairingAnswer answer;

  if (record == NULL)
    return PEERUP_PAIRING_UNKNOWN;
  machine = peerup_pairing_machine_new_resume (record->id);
  stream = open_stream (self, record->peer, deadline, &error);
  if (stream != NULL && self->engine != NULL && ask (self, stream, machine, record->id, deadline, &error))
    return PEERUP_PAIRING_HEALED;
  if (stream != NULL)
    peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
  if (self->engine == NULL)
    return PEERUP_PAIRING_UNHEARD;
  answer = judge (self, record, error, peerup_pairing_machine_get_refusal (machine));
  g_info ("Asked %s what has become of the pairing: %s", peerup_peer_id_get_string (record->peer),
          error != NULL ? error->message : "no answer");
  if (answer == PEERUP_PAIRING_UNKNOWN && !peerup_pairing_undo_half (self, record->id))
    answer = PEERUP_PAIRING_UNHEARD;
  return answer;
}

gboolean
peerup_pairing_undo_half (PeerupEnginePairing *self, const guint8 *id)
{
  PeerupPairingRecord *record = peerup_pairing_find_record (self, id);
  g_autoptr (GError) error = NULL;

  if (record == NULL)
    return TRUE;
  g_message ("The pairing with %s has come to nothing: it is taken back", peerup_peer_id_get_string (record->peer));
  if (record->state == PEERUP_PAIRING_RECORD_PREPARED ? peerup_pairing_remove (self, id, &error)
                                                      : peerup_pairing_take_back (self, id, &error))
    return TRUE;
  g_warning ("What is left of a pairing could not be taken back: %s", error->message);
  return FALSE;
}

/* Until it is done */

typedef struct
{
  PeerupEnginePairing *pairing;
  guint8 id[PEERUP_PAIRING_ID_LENGTH];
} Healing;

static void
healing_free (gpointer data)
{
  Healing *self = data;

  remove_half (self->pairing, self->id);
  peerup_pairing_hub_unref (self->pairing);
  g_free (self);
}

static gboolean
is_half (PeerupEnginePairing *self, const PeerupPairingRecord *record)
{
  return record != NULL && record->state != PEERUP_PAIRING_RECORD_COMPLETE &&
         peerup_pairing_get_time (self) < record->at + PEERUP_PAIRING_DOUBT_TIME;
}

/* Decided, and not in the files yet. */
static void
carry_out (PeerupEnginePairing *self, const guint8 *id)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = peerup_pairing_carry_out (self, id, &error);

  if (name != NULL)
    g_message ("The pairing with %s is carried out now", name);
}

/* An inviter cannot ask; but a joiner that hears of it does. */
static void
try_once (PeerupEnginePairing *self, const guint8 *id)
{
  PeerupPairingRecord *record = peerup_pairing_find_record (self, id);

  if (!record->inviter)
    peerup_pairing_leave_again (self, id);
  else if (!record->applied)
    carry_out (self, id);
  record = peerup_pairing_find_record (self, id);
  if (record == NULL || self->engine == NULL)
    return;
  if (record->inviter)
    dex_await (peerup_swarm_connect (self->swarm, record->peer), NULL);
  else
    peerup_pairing_resume (self, id, g_get_monotonic_time () + PEERUP_PAIRING_RUN_TIME);
}

static void
pause_for (Healing *self, gint64 wait)
{
  Half *half = find_half (self->pairing, self->id);

  dex_await (dex_future_first (dex_ref (DEX_FUTURE (half->wake)), dex_timeout_new_usec (wait), NULL), NULL);
}

static DexFuture *
heal_fiber (gpointer data)
{
  Healing *self = data;
  PeerupEnginePairing *pairing = self->pairing;
  gint64 wait = FIRST_WAIT;

  while (pairing->engine != NULL && is_half (pairing, peerup_pairing_find_record (pairing, self->id)))
    {
      try_once (pairing, self->id);
      if (pairing->engine == NULL || !is_half (pairing, peerup_pairing_find_record (pairing, self->id)))
        break;
      pause_for (self, wait);
      wait = MIN (wait * 2, LAST_WAIT);
    }
  return dex_future_new_true ();
}

void
peerup_pairing_heal (PeerupEnginePairing *self)
{
  for (guint i = 0; self->engine != NULL && i < self->records->len; i++)
    {
      const PeerupPairingRecord *record = self->records->pdata[i];
      Healing *healing;

      if (!is_half (self, record) || find_half (self, record->id) != NULL)
        continue;
      peerup_pairing_hold (self, record->id);
      healing = g_new (Healing, 1);
      healing->pairing = peerup_pairing_hub_ref (self);
      memcpy (healing->id, record->id, sizeof healing->id);
      /* It ends with the record, or with the engine. */
      dex_future_disown (peerup_fiber_spawn (heal_fiber, healing, healing_free));
    }
}

/* Whoever comes, or a new network, may be the way. */

static void
on_connection_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEnginePairing *self = data;

  for (guint i = 0; i < self->halves->len; i++)
    {
      Half *half = self->halves->pdata[i];
      const PeerupPairingRecord *record = peerup_pairing_find_record (self, half->id);

      if (record != NULL && peerup_peer_id_equal (record->peer, peerup_connection_get_remote_peer (connection)))
        wake (half);
    }
}

static void
wake_all (PeerupEnginePairing *self)
{
  for (guint i = 0; i < self->halves->len; i++)
    wake (self->halves->pdata[i]);
}

void
peerup_pairing_start_healing (PeerupEnginePairing *self)
{
  g_signal_connect (self->swarm, "connection-opened", G_CALLBACK (on_connection_opened), self);
  g_signal_connect_swapped (self->swarm, "network-changed", G_CALLBACK (wake_all), self);
  peerup_pairing_heal (self);
}

void
peerup_pairing_stop_healing (PeerupEnginePairing *self)
{
  g_signal_handlers_disconnect_by_data (self->swarm, self);
  wake_all (self);
}
