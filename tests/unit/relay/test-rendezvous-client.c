/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a peer makes of a relay that answers anything, or nothing. */

#include "../swarm/swarm-node.h"

#include "relay/peerup-rendezvous.h"
#include "rendezvous-parts.h"

typedef struct
{
  Node relay, peer;
  GBytes *words; /* what the relay says, whatever it is asked; NULL: nothing */
  gboolean ends; /* it closes the stream after that */
  guint n_asked, n_reset;
} Fixture;

typedef struct
{
  Fixture *fixture;
  PeerupStream *stream;
} Visit;

static void
visit_free (gpointer data)
{
  Visit *visit = data;

  g_object_unref (visit->stream);
  g_free (visit);
}

static DexFuture *
answer_fiber (gpointer data)
{
  Fixture *self = ((Visit *) data)->fixture;
  PeerupStream *stream = ((Visit *) data)->stream;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) request =
    peerup_stream_await_message (stream, PEERUP_RENDEZVOUS_REQUEST_MAX, test_deadline (), &error);
  guint8 byte;

  /* One that was dropped before it asked. */
  if (request == NULL)
    return dex_future_new_true ();
  self->n_asked++;
  if (self->words != NULL)
    g_assert_true (peerup_stream_await_write_all (stream, g_bytes_get_data (self->words, NULL),
                                                  g_bytes_get_size (self->words), test_deadline (), NULL));
  if (self->ends)
    peerup_stream_close (stream);
  else if (peerup_stream_await_read (stream, &byte, 1, test_deadline (), NULL) < 0)
    self->n_reset++;
  return dex_future_new_true ();
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Visit *visit = g_new (Visit, 1);

  *visit = (Visit) { data, stream };
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, answer_fiber, visit, visit_free));
}

static void
set_up (Fixture *self, gconstpointer data)
{
  *self = (Fixture) { .ends = TRUE };
  node_init (&self->relay, 1, NODE_TCP);
  node_init (&self->peer, 2, NODE_SILENT);
  node_learn (&self->peer, &self->relay);
  peerup_swarm_add_protocol (self->relay.swarm, PEERUP_RENDEZVOUS_PROTOCOL, on_stream, self, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->words, g_bytes_unref);
  node_clear (&self->peer);
  node_clear (&self->relay);
}

static void
run (Fixture *self, gconstpointer data)
{
  test_run_fiber ((DexFiberFunc) data, self);
}

static void
say (Fixture *self, const PeerupRendezvousAnswer *answer)
{
  g_clear_pointer (&self->words, g_bytes_unref);
  self->words = peerup_rendezvous_answer_encode (answer);
}

static DexFuture *
find (Fixture *self, PeerupPeerId *inviter, gint64 deadline)
{
  return peerup_rendezvous_find (self->peer.swarm, node_id (&self->relay), 7, inviter, deadline);
}

static void
expect_error (DexFuture *answer, PeerupError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (dex_await (answer, &error));
  g_assert_error (error, PEERUP_ERROR, code);
}

static DexFuture *
test_statuses (gpointer data)
{
  static const struct
  {
    int status;
    PeerupError code;
  } rows[] = {
    { PEERUP_RENDEZVOUS_DENIED, PEERUP_ERROR_DENIED },
    { PEERUP_RENDEZVOUS_NOT_FOUND, PEERUP_ERROR_NOT_FOUND },
    { PEERUP_RENDEZVOUS_TAKEN, PEERUP_ERROR_EXISTS },
    { PEERUP_RENDEZVOUS_LIMIT, PEERUP_ERROR_LIMIT },
    { PEERUP_RENDEZVOUS_MALFORMED, PEERUP_ERROR_PROTOCOL },
    { PEERUP_RENDEZVOUS_UNAVAILABLE, PEERUP_ERROR_UNREACHABLE },
    { 0, PEERUP_ERROR_PROTOCOL },
    { 99, PEERUP_ERROR_PROTOCOL },
  };
  Fixture *self = data;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const PeerupRendezvousAnswer answer = { .status = rows[i].status, .reason = (char *) "because" };

      say (self, &answer);
      expect_error (find (self, NULL, test_deadline ()), rows[i].code);
    }
  return NULL;
}

/* Nobody is named, or somebody else than was asked for; then somebody where anybody would do. */
static DexFuture *
test_swapped (gpointer data)
{
  Fixture *self = data;
  PeerupRendezvousAnswer answer = { .status = PEERUP_RENDEZVOUS_OK };
  g_autoptr (PeerupPeerId) asked = part_peer (50);
  g_autoptr (PeerupPeerId) named = part_peer (51);
  g_autoptr (PeerupRendezvousFound) found = NULL;

  say (self, &answer);
  expect_error (find (self, asked, test_deadline ()), PEERUP_ERROR_PROTOCOL);
  answer.inviter = named;
  say (self, &answer);
  expect_error (find (self, asked, test_deadline ()), PEERUP_ERROR_PROTOCOL);
  found = dex_await_boxed (find (self, NULL, test_deadline ()), NULL);
  g_assert_true (peerup_peer_id_equal (found->inviter, named));
  return NULL;
}

static DexFuture *
test_nonsense (gpointer data)
{
  static const struct
  {
    const char *bytes;
    gsize length;
    PeerupError code;
  } rows[] = {
    { "", 0, PEERUP_ERROR_UNREACHABLE },      { "\x02\xff\xff", 3, PEERUP_ERROR_PROTOCOL },
    { "\x00", 1, PEERUP_ERROR_PROTOCOL },     { "\x80\x80\x80\x80\x04", 5, PEERUP_ERROR_PROTOCOL },
    { "\x82\x00", 2, PEERUP_ERROR_PROTOCOL }, { "\x20\x08\x01", 3, PEERUP_ERROR_UNREACHABLE },
  };
  Fixture *self = data;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_clear_pointer (&self->words, g_bytes_unref);
      self->words = g_bytes_new (rows[i].bytes, rows[i].length);
      expect_error (find (self, NULL, test_deadline ()), rows[i].code);
    }
  return NULL;
}

static DexFuture *
test_deadline_passes (gpointer data)
{
  Fixture *self = data;

  self->ends = FALSE;
  expect_error (find (self, NULL, g_get_monotonic_time () + G_USEC_PER_SEC / 2), PEERUP_ERROR_TIMEOUT);
  return NULL;
}

/* Nobody waits any more: the relay sees that, and the machine is none the worse. */
static DexFuture *
test_dropped (gpointer data)
{
  Fixture *self = data;
  const PeerupRendezvousAnswer answer = { .status = PEERUP_RENDEZVOUS_NOT_FOUND };
  DexFuture *answers[8];

  self->ends = FALSE;
  /* At once, and while the answer is waited for. */
  dex_unref (dex_future_first (find (self, NULL, test_deadline ()), dex_future_new_infinite (), NULL));
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    answers[i] = dex_future_first (find (self, NULL, test_deadline ()), dex_future_new_infinite (), NULL);
  while (self->n_asked < G_N_ELEMENTS (answers))
    dex_await (dex_timeout_new_msec (5), NULL);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    dex_unref (answers[i]);
  while (self->n_reset < G_N_ELEMENTS (answers))
    dex_await (dex_timeout_new_msec (5), NULL);
  self->ends = TRUE;
  say (self, &answer);
  expect_error (find (self, NULL, test_deadline ()), PEERUP_ERROR_NOT_FOUND);
  return NULL;
}

static DexFuture *
test_no_relay (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupPeerId) nobody = part_peer (50);

  peerup_swarm_remove_protocol (self->relay.swarm, PEERUP_RENDEZVOUS_PROTOCOL);
  expect_error (find (self, NULL, test_deadline ()), PEERUP_ERROR_NEGOTIATION);
  expect_error (peerup_rendezvous_find (self->peer.swarm, nobody, 7, NULL, test_deadline ()), PEERUP_ERROR_UNREACHABLE);
  return NULL;
}

#define ADD(path, func) g_test_add ("/relay/rendezvous-client/" path, Fixture, func, set_up, run, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("statuses", test_statuses);
  ADD ("swapped", test_swapped);
  ADD ("nonsense", test_nonsense);
  ADD ("deadline", test_deadline_passes);
  ADD ("dropped", test_dropped);
  ADD ("no-relay", test_no_relay);
  return g_test_run ();
}
