/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Joiners of one invite that people would not be.
 *
 *   joiners crowd COUNT SECONDS ADDRESS    COUNT devices at once, all with the code, each again and again until it has
 *                                          joined, is told that the code is over, or the time is
 *   joiners replay ADDRESS                 one that proves the code, goes away, and says the same bytes again
 *
 * The code is the first line of standard input. ADDRESS: of the inviter, a multiaddr with /p2p/ID. Prints lines
 * "OUTCOME COUNT": joined, or the number of the inviter's refusal, or failed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code/peerup-invite-code.h"
#include "pairing/peerup-pairing-machine.h"
#include "swarm/peerup-swarm.h"
#include "transport/peerup-fiber.h"
#include "wire/peerup-frame.h"

#define DEADLINE(seconds) (g_get_monotonic_time () + (gint64) (seconds) * G_USEC_PER_SEC)
/* Between two tries of one device, in milliseconds. */
#define PAUSE    50
#define OUTCOMES (PEERUP_PAIRING_REFUSED_FAILED + 2)
#define JOINED   0
#define FAILED   (OUTCOMES - 1)

typedef struct
{
  PeerupInviteCode *code;
  PeerupPeerId *inviter;
  GPtrArray *addresses;
  gint64 end;
  guint n[OUTCOMES];
} Program;

static const char *const protocols[] = { PEERUP_PAIRING_PROTOCOL, NULL };

static gboolean
say (PeerupStream *stream, PeerupPairingMachine *machine, GPtrArray *said)
{
  GBytes *output;

  while ((output = peerup_pairing_machine_take_output (machine)) != NULL)
    {
      g_autoptr (GBytes) message = output;
      g_autoptr (GBytes) frame = peerup_frame_new (g_bytes_get_data (message, NULL), g_bytes_get_size (message));

      if (said != NULL)
        g_ptr_array_add (said, g_bytes_ref (frame));
      if (!peerup_stream_await_write_all (stream, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame),
                                          DEADLINE (20), NULL))
        return FALSE;
    }
  return TRUE;
}

static gboolean
hear (PeerupStream *stream, PeerupPairingMachine *machine)
{
  g_autoptr (GBytes) message = peerup_stream_await_message (stream, PEERUP_PAIRING_MESSAGE_MAX, DEADLINE (20), NULL);

  return message != NULL &&
         peerup_pairing_machine_receive (machine, g_bytes_get_data (message, NULL), g_bytes_get_size (message), NULL);
}

static PeerupPairingMachine *
new_machine (Program *self, PeerupSwarm *swarm)
{
  const PeerupPairingInvite invite = { self->code->number, self->code->kind == PEERUP_CODE_SPOKEN };
  g_autoptr (PeerupPairingOffer) offer = peerup_pairing_offer_new ("crowd");

  return peerup_pairing_machine_new_joiner (&invite, self->code->secret, peerup_swarm_get_peer_id (swarm),
                                            self->inviter, self->code->network, offer);
}

/* Up to @stop, or the end. */
static void
run_machine (PeerupStream *stream, PeerupPairingMachine *machine, PeerupPairingState stop, GPtrArray *said)
{
  PeerupPairingState state;

  while ((state = peerup_pairing_machine_get_state (machine)) != stop && state != PEERUP_PAIRING_FAILED &&
         state != PEERUP_PAIRING_DONE)
    {
      if (state != PEERUP_PAIRING_RUNNING)
        peerup_pairing_machine_go_on (machine);
      if (!say (stream, machine, said) ||
          (peerup_pairing_machine_get_state (machine) == PEERUP_PAIRING_RUNNING && !hear (stream, machine)))
        return;
    }
  say (stream, machine, said);
}

static guint
outcome_of (PeerupPairingMachine *machine)
{
  if (peerup_pairing_machine_get_state (machine) == PEERUP_PAIRING_DONE)
    return JOINED;
  if (peerup_pairing_machine_get_refusal (machine) != PEERUP_PAIRING_REFUSED_NONE)
    return peerup_pairing_machine_get_refusal (machine);
  return FAILED;
}

static PeerupSwarm *
new_swarm (Program *self)
{
  g_autoptr (PeerupPrivateKey) identity = peerup_private_key_generate (NULL);
  PeerupSwarm *swarm = peerup_swarm_new (identity, NULL);

  peerup_swarm_add_addresses (swarm, self->inviter, self->addresses);
  return swarm;
}

static guint
try_once (Program *self, PeerupSwarm *swarm)
{
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_swarm_open_stream (swarm, self->inviter, protocols, DEADLINE (20)), NULL);
  g_autoptr (PeerupPairingMachine) machine = NULL;

  if (stream == NULL)
    return FAILED;
  machine = new_machine (self, swarm);
  run_machine (stream, machine, PEERUP_PAIRING_DONE, NULL);
  if (outcome_of (machine) == JOINED)
    peerup_stream_close (stream);
  return outcome_of (machine);
}

static DexFuture *
join_fiber (gpointer data)
{
  Program *self = data;
  PeerupSwarm *swarm = new_swarm (self);
  guint outcome;

  do
    {
      outcome = try_once (self, swarm);
      if (outcome == FAILED || outcome == PEERUP_PAIRING_REFUSED_BUSY)
        dex_await (dex_timeout_new_msec (PAUSE), NULL);
    }
  while ((outcome == FAILED || outcome == PEERUP_PAIRING_REFUSED_BUSY) && g_get_monotonic_time () < self->end);
  self->n[outcome]++;
  dex_await (peerup_swarm_close (swarm), NULL);
  g_object_unref (swarm);
  return dex_future_new_true ();
}

static void
print_outcomes (Program *self)
{
  for (guint i = 0; i < OUTCOMES; i++)
    if (self->n[i] > 0)
      printf (i == JOINED ? "joined %u\n" : i == FAILED ? "failed %u\n" : "refused-%2$u %1$u\n", self->n[i], i);
}

static DexFuture *
crowd (Program *self, guint count)
{
  g_autoptr (GPtrArray) fibers = g_ptr_array_new_with_free_func (dex_unref);

  for (guint i = 0; i < count; i++)
    g_ptr_array_add (fibers, dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, join_fiber, self, NULL));
  for (guint i = 0; i < count; i++)
    dex_await (dex_ref (fibers->pdata[i]), NULL);
  return dex_future_new_true ();
}

/* The other's answers are what a machine of today takes them for. */
static DexFuture *
replay (Program *self)
{
  PeerupSwarm *swarm = new_swarm (self);
  g_autoptr (GPtrArray) said = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (PeerupPairingMachine) machine = new_machine (self, swarm);
  g_autoptr (PeerupStream) first =
    dex_await_object (peerup_swarm_open_stream (swarm, self->inviter, protocols, DEADLINE (20)), NULL);
  g_autoptr (PeerupStream) second = NULL;
  g_autoptr (GBytes) answer = NULL;

  run_machine (first, machine, PEERUP_PAIRING_NEEDS_PREPARE, said);
  printf ("proven %d\n", peerup_pairing_machine_get_state (machine) == PEERUP_PAIRING_NEEDS_PREPARE);
  peerup_stream_reset (first, 0);
  second = dex_await_object (peerup_swarm_open_stream (swarm, self->inviter, protocols, DEADLINE (20)), NULL);
  for (guint i = 0; second != NULL && i < said->len; i++)
    peerup_stream_await_write_all (second, g_bytes_get_data (said->pdata[i], NULL), g_bytes_get_size (said->pdata[i]),
                                   DEADLINE (20), NULL);
  /* A share of its own, and then no more than a refusal. */
  for (guint i = 0; second != NULL && i < 2; i++)
    {
      g_clear_pointer (&answer, g_bytes_unref);
      answer = peerup_stream_await_message (second, PEERUP_PAIRING_MESSAGE_MAX, DEADLINE (20), NULL);
    }
  printf ("answer %" G_GSIZE_FORMAT "\n", answer != NULL ? g_bytes_get_size (answer) : 0);
  dex_await (peerup_swarm_close (swarm), NULL);
  g_object_unref (swarm);
  return dex_future_new_true ();
}

typedef struct
{
  Program *program;
  guint count; /* 0: replay */
} Run;

static DexFuture *
run_fiber (gpointer data)
{
  const Run *run = data;

  return run->count > 0 ? crowd (run->program, run->count) : replay (run->program);
}

static void
read_code (Program *self, const char *address)
{
  g_autoptr (PeerupMultiaddr) parsed = peerup_multiaddr_new_from_string (address, NULL);
  g_autofree char *line = NULL;
  gsize size = 0;

  if (getline (&line, &size, stdin) < 0)
    g_error ("no code");
  self->code = peerup_invite_code_parse (g_strstrip (line), NULL, NULL);
  g_assert_nonnull (self->code);
  g_assert_nonnull (parsed);
  self->inviter = peerup_multiaddr_dup_peer_id (parsed);
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_ptr_array_add (self->addresses, peerup_multiaddr_without_peer_id (parsed));
}

int
main (int argc, char **argv)
{
  Program self = { 0 };
  Run run = { &self, 0 };
  g_autoptr (DexFuture) future = NULL;

  if (argc < 3)
    return 2;
  dex_init ();
  if (strcmp (argv[1], "crowd") == 0)
    {
      run.count = atoi (argv[2]);
      self.end = DEADLINE (atoi (argv[3]));
    }
  read_code (&self, argv[argc - 1]);
  future = dex_scheduler_spawn (NULL, 512 * 1024, run_fiber, &run, NULL);
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  print_outcomes (&self);
  peerup_invite_code_free (self.code);
  peerup_peer_id_unref (self.inviter);
  g_ptr_array_unref (self.addresses);
  return 0;
}
