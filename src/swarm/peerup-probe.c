/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A probe: one attempt for each address, all at once, in one fiber that waits until all have
 * ended or time is over. Names are looked up first, beside the addresses that need no look-up.
 * It remembers nothing of what it found, and tries nothing twice. */

#include "swarm/peerup-probe.h"

#include <glib/gi18n-lib.h>

#include "swarm/peerup-dial-attempt.h"
#include "swarm/peerup-dial-lookup.h"
#include "swarm/peerup-swarm-private.h"
#include "wire/peerup-error.h"
#include "transport/peerup-fiber.h"

struct _PeerupProbe
{
  gatomicrefcount ref_count;
  GPtrArray *answers; /* of PeerupProbeAnswer */
};

G_DEFINE_BOXED_TYPE (PeerupProbe, peerup_probe, peerup_probe_ref, peerup_probe_unref)

/* One address that was asked for, and what became of it. */
typedef struct
{
  PeerupMultiaddr *address;
  gboolean is_name;
  PeerupDialLookup *lookup; /* nullable */
  GPtrArray *attempts;      /* of PeerupDialAttempt */
  GError *error;            /* why there are no attempts */
} Target;

typedef struct
{
  PeerupSwarm *swarm;
  GPtrArray *targets;
  gint64 deadline;
} Probe;

static void
answer_free (gpointer data)
{
  PeerupProbeAnswer *self = data;

  peerup_multiaddr_unref (self->address);
  g_free (self->host);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_clear_object (&self->connection);
  g_clear_error (&self->error);
  g_free (self);
}

PeerupProbe *
peerup_probe_ref (PeerupProbe *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_probe_unref (PeerupProbe *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->answers);
  g_free (self);
}

static void
attempt_drop (gpointer data)
{
  peerup_dial_attempt_cancel (data);
  peerup_dial_attempt_unref (data);
}

static void
target_free (gpointer data)
{
  Target *self = data;

  if (self->lookup != NULL)
    {
      peerup_dial_lookup_cancel (self->lookup);
      peerup_dial_lookup_unref (self->lookup);
    }
  g_ptr_array_unref (self->attempts);
  peerup_multiaddr_unref (self->address);
  g_clear_error (&self->error);
  g_free (self);
}

static void
probe_free (gpointer data)
{
  Probe *self = data;

  g_ptr_array_unref (self->targets);
  g_object_unref (self->swarm);
  g_free (self);
}

static void
target_dial (Target *self, PeerupSwarm *swarm, PeerupDialCandidate *candidate)
{
  g_ptr_array_add (self->attempts, peerup_dial_attempt_start (swarm, NULL, candidate));
}

static void
target_start (Target *self, PeerupSwarm *swarm)
{
  static const PeerupDialHistory never = { 0 };
  PeerupDialCandidate *candidate = peerup_dial_candidate_new (self->address, &never);

  if (candidate == NULL || candidate->relayed)
    {
      g_clear_pointer (&candidate, peerup_dial_candidate_free);
      g_set_error (&self->error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, _ ("nobody is dialed at %s by this program"),
                   peerup_multiaddr_get_string (self->address));
    }
  else if (peerup_endpoint_is_name (&candidate->endpoint))
    {
      self->is_name = TRUE;
      self->lookup = peerup_dial_lookup_start (candidate);
    }
  else
    target_dial (self, swarm, candidate);
}

static void
target_take_lookup (Target *self, PeerupSwarm *swarm)
{
  if (self->lookup == NULL || dex_future_is_pending (DEX_FUTURE (self->lookup->ended)))
    return;
  if (self->lookup->candidates == NULL)
    self->error = g_error_copy (self->lookup->error);
  while (self->lookup->candidates != NULL && self->lookup->candidates->len > 0)
    target_dial (self, swarm, g_ptr_array_steal_index (self->lookup->candidates, 0));
  g_clear_pointer (&self->lookup, peerup_dial_lookup_unref);
}

/* What is still under way, to be waited for; @answered: whether anybody has proved an identity. */
static GPtrArray *
probe_collect (Probe *self, gboolean *answered)
{
  g_autoptr (GPtrArray) pending = g_ptr_array_new_with_free_func (dex_unref);

  for (guint i = 0; i < self->targets->len; i++)
    {
      Target *target = self->targets->pdata[i];

      target_take_lookup (target, self->swarm);
      if (target->lookup != NULL)
        g_ptr_array_add (pending, dex_ref (target->lookup->ended));
      for (guint j = 0; j < target->attempts->len; j++)
        {
          PeerupDialAttempt *attempt = target->attempts->pdata[j];

          if (dex_future_is_pending (DEX_FUTURE (attempt->ended)))
            g_ptr_array_add (pending, dex_ref (attempt->ended));
          else
            *answered |= attempt->connection != NULL;
        }
    }
  return g_steal_pointer (&pending);
}

static void
probe_wait (Probe *self)
{
  gint64 end = self->deadline;
  gboolean answered = FALSE;

  for (;;)
    {
      g_autoptr (GPtrArray) pending = probe_collect (self, &answered);
      gint64 now = g_get_monotonic_time ();

      if (answered && end == self->deadline)
        end = MIN (self->deadline, now + PEERUP_PROBE_GRACE - 1);
      if (pending->len == 0 || now >= end)
        return;
      g_ptr_array_add (pending, dex_timeout_new_deadline (end));
      /* What it resolves to, or that time is over, the next turn sees. */
      dex_await (dex_future_firstv ((DexFuture *const *) pending->pdata, pending->len), NULL);
    }
}

static PeerupProbeAnswer *
answer_new (const Target *target)
{
  PeerupProbeAnswer *answer = g_new0 (PeerupProbeAnswer, 1);

  answer->address = peerup_multiaddr_ref (target->address);
  return answer;
}

/* The remote's gater speaks after the handshake, so a connection that was made may be over already. */
static void
answer_take_connection (PeerupProbeAnswer *self, PeerupSwarm *swarm, PeerupConnection *connection)
{
  self->peer = peerup_peer_id_ref (peerup_connection_get_info (connection)->remote_peer);
  if (peerup_connection_is_closed (connection))
    {
      self->error = g_error_copy (peerup_connection_get_error (connection));
      g_object_unref (connection);
      return;
    }
  self->connection = connection;
  peerup_swarm_add_connection (swarm, connection);
}

static PeerupProbeAnswer *
answer_of_attempt (Probe *self, const Target *target, PeerupDialAttempt *attempt)
{
  PeerupProbeAnswer *answer = answer_new (target);

  answer->host = target->is_name ? g_strdup (attempt->candidate->endpoint.host) : NULL;
  if (dex_future_is_pending (DEX_FUTURE (attempt->ended)))
    answer->error = g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("no answer within %.1f s"),
                                 (g_get_monotonic_time () - attempt->started_at) / (double) G_USEC_PER_SEC);
  else if (attempt->connection == NULL)
    answer->error = g_error_copy (attempt->error);
  else
    {
      answer->time = attempt->ended_at - attempt->started_at;
      answer_take_connection (answer, self->swarm, g_steal_pointer (&attempt->connection));
    }
  return answer;
}

static PeerupProbe *
probe_finish (Probe *self)
{
  PeerupProbe *probe = g_new0 (PeerupProbe, 1);

  g_atomic_ref_count_init (&probe->ref_count);
  probe->answers = g_ptr_array_new_with_free_func (answer_free);
  for (guint i = 0; i < self->targets->len; i++)
    {
      Target *target = self->targets->pdata[i];

      for (guint j = 0; j < target->attempts->len; j++)
        g_ptr_array_add (probe->answers, answer_of_attempt (self, target, target->attempts->pdata[j]));
      if (target->attempts->len == 0)
        {
          PeerupProbeAnswer *answer = answer_new (target);

          answer->error = target->error != NULL
                            ? g_steal_pointer (&target->error)
                            : g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
                                                   _ ("the look-up of its name had no answer in time"));
          g_ptr_array_add (probe->answers, answer);
        }
    }
  return probe;
}

static DexFuture *
probe_fiber (gpointer data)
{
  Probe *self = data;

  for (guint i = 0; i < self->targets->len; i++)
    target_start (self->targets->pdata[i], self->swarm);
  probe_wait (self);
  return dex_future_new_take_boxed (PEERUP_TYPE_PROBE, probe_finish (self));
}

DexFuture *
peerup_probe_addresses (PeerupSwarm *swarm, GPtrArray *addresses, gint64 deadline)
{
  Probe *self = g_new0 (Probe, 1);

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (addresses != NULL, NULL);

  self->swarm = g_object_ref (swarm);
  self->deadline = deadline;
  self->targets = g_ptr_array_new_with_free_func (target_free);
  for (guint i = 0; i < addresses->len; i++)
    {
      Target *target = g_new0 (Target, 1);
      PeerupMultiaddr *bare = peerup_multiaddr_without_peer_id (addresses->pdata[i]);

      target->address = bare != NULL ? bare : peerup_multiaddr_ref (addresses->pdata[i]);
      target->attempts = g_ptr_array_new_with_free_func (attempt_drop);
      g_ptr_array_add (self->targets, target);
    }
  return peerup_fiber_spawn (probe_fiber, self, probe_free);
}

guint
peerup_probe_get_n_answers (PeerupProbe *self)
{
  return self->answers->len;
}

const PeerupProbeAnswer *
peerup_probe_get_answer (PeerupProbe *self, guint index)
{
  g_return_val_if_fail (index < self->answers->len, NULL);

  return self->answers->pdata[index];
}

static GError *
unreachable (PeerupProbe *self)
{
  g_autoptr (GString) reasons = g_string_new (NULL);

  for (guint i = 0; i < self->answers->len; i++)
    {
      const PeerupProbeAnswer *answer = self->answers->pdata[i];

      g_string_append_printf (reasons, "%s%s", i > 0 ? "; " : "", peerup_multiaddr_get_string (answer->address));
      if (answer->host != NULL)
        g_string_append_printf (reasons, " at %s", answer->host);
      g_string_append_printf (reasons, ": %s", answer->error->message);
    }
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("nobody answers: %s"),
                      reasons->len > 0 ? reasons->str : _ ("there is no address"));
}

PeerupPeerId *
peerup_probe_get_peer (PeerupProbe *self, GError **error)
{
  const PeerupProbeAnswer *first = NULL;

  for (guint i = 0; i < self->answers->len; i++)
    {
      const PeerupProbeAnswer *answer = self->answers->pdata[i];

      if (answer->peer == NULL)
        continue;
      if (first == NULL)
        first = answer;
      else if (!peerup_peer_id_equal (first->peer, answer->peer))
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, _ ("two peers answer: %s is %s, and %s is %s"),
                       peerup_multiaddr_get_string (first->address), peerup_peer_id_get_string (first->peer),
                       peerup_multiaddr_get_string (answer->address), peerup_peer_id_get_string (answer->peer));
          return NULL;
        }
    }
  if (first == NULL)
    g_propagate_error (error, unreachable (self));
  return first != NULL ? first->peer : NULL;
}
