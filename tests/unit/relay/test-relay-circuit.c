/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A circuit between two pipes: its limits, its turns, its ends. */

#include "../transport/transport-test.h"

#include "relay/peerup-relay-circuit.h"

typedef struct
{
  PeerupStream *source, *target; /* what the peers hold */
  PeerupStream *hop, *stop;
  PeerupRelayCircuit *circuit;
  GError *error;
  gboolean ended;
} Circuit;

static void
on_ended (PeerupRelayCircuit *circuit, const GError *error, gpointer data)
{
  Circuit *self = data;

  g_assert_false (self->ended);
  self->ended = TRUE;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
circuit_init (Circuit *self, gsize capacity, PeerupCircuitLimit limit)
{
  *self = (Circuit) { NULL };
  peerup_pipe_stream_new_pair (capacity, &self->source, &self->hop);
  peerup_pipe_stream_new_pair (capacity, &self->target, &self->stop);
  self->circuit = peerup_relay_circuit_new (self->hop, self->stop, &limit, on_ended, self);
}

static void
circuit_clear (Circuit *self)
{
  g_clear_pointer (&self->circuit, peerup_relay_circuit_free);
  g_clear_error (&self->error);
  g_assert_finalize_object (self->hop);
  g_assert_finalize_object (self->stop);
  g_assert_finalize_object (self->source);
  g_assert_finalize_object (self->target);
}

static void
write_bytes (PeerupStream *stream, gsize n)
{
  g_autofree guint8 *bytes = g_malloc0 (n);

  g_assert_cmpint (peerup_stream_write (stream, bytes, n, NULL), ==, n);
}

static gsize
pending (PeerupStream *stream)
{
  return peerup_pipe_stream_get_pending (PEERUP_PIPE_STREAM (stream));
}

static void
wait_ended (Circuit *self)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (!self->ended)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
assert_reset (PeerupStream *stream, guint32 code)
{
  g_autoptr (GError) error = NULL;
  guint8 byte;

  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_assert_cmphex (peerup_stream_get_reset_code (stream), ==, code);
}

static void
test_unlimited (void)
{
  Circuit circuit;

  circuit_init (&circuit, 256 * 1024, (PeerupCircuitLimit) { 0, 0 });
  write_bytes (circuit.source, 100000);
  write_bytes (circuit.target, 5);
  test_spin ();
  g_assert_cmpuint (pending (circuit.target), ==, 100000);
  g_assert_cmpuint (pending (circuit.source), ==, 5);
  g_assert_cmpuint (peerup_relay_circuit_get_bytes (circuit.circuit), ==, 100005);
  peerup_stream_close (circuit.source);
  peerup_stream_close (circuit.target);
  wait_ended (&circuit);
  g_assert_no_error (circuit.error);
  circuit_clear (&circuit);
}

/* The last byte stays readable until the reset, which comes a while after it. */
static void
test_data_limit (void)
{
  gint64 start = g_get_monotonic_time ();
  Circuit circuit;

  circuit_init (&circuit, 256 * 1024, (PeerupCircuitLimit) { 0, 1000 });
  write_bytes (circuit.source, 1001);
  test_spin ();
  g_assert_cmpuint (pending (circuit.target), ==, 1000);
  g_assert_false (circuit.ended);
  /* The other way has stopped as well. */
  write_bytes (circuit.target, 1);
  test_spin ();
  g_assert_cmpuint (pending (circuit.source), ==, 0);
  wait_ended (&circuit);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, PEERUP_RELAY_LINGER);
  g_assert_error (circuit.error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpuint (peerup_relay_circuit_get_bytes (circuit.circuit), ==, 1000);
  assert_reset (circuit.source, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  assert_reset (circuit.target, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  circuit_clear (&circuit);
}

/* Each way has the whole of it. */
static void
test_data_limit_is_for_each_way (void)
{
  Circuit circuit;

  circuit_init (&circuit, 256 * 1024, (PeerupCircuitLimit) { 0, 1000 });
  write_bytes (circuit.source, 1000);
  write_bytes (circuit.target, 1000);
  peerup_stream_close_write (circuit.source);
  peerup_stream_close_write (circuit.target);
  wait_ended (&circuit);
  g_assert_no_error (circuit.error);
  g_assert_cmpuint (pending (circuit.target), ==, 1000);
  g_assert_cmpuint (pending (circuit.source), ==, 1000);
  circuit_clear (&circuit);
}

static void
test_duration_limit (void)
{
  gint64 start = g_get_monotonic_time ();
  Circuit circuit;

  circuit_init (&circuit, 1024, (PeerupCircuitLimit) { 1, 0 });
  wait_ended (&circuit);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, G_USEC_PER_SEC);
  g_assert_error (circuit.error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  assert_reset (circuit.source, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  assert_reset (circuit.target, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  circuit_clear (&circuit);
}

static void
test_cancel (void)
{
  Circuit circuit;

  circuit_init (&circuit, 1024, (PeerupCircuitLimit) { 600, 1000 });
  peerup_relay_circuit_cancel (circuit.circuit, PEERUP_STREAM_CODE_SHUTDOWN);
  test_spin ();
  g_assert_false (circuit.ended);
  assert_reset (circuit.source, PEERUP_STREAM_CODE_SHUTDOWN);
  assert_reset (circuit.target, PEERUP_STREAM_CODE_SHUTDOWN);
  circuit_clear (&circuit);
}

/* While it waits to reset. */
static void
test_free_at_the_limit (void)
{
  Circuit circuit;

  circuit_init (&circuit, 4096, (PeerupCircuitLimit) { 0, 1000 });
  write_bytes (circuit.source, 1001);
  test_spin ();
  g_clear_pointer (&circuit.circuit, peerup_relay_circuit_free);
  assert_reset (circuit.source, PEERUP_STREAM_CODE_NONE);
  assert_reset (circuit.target, PEERUP_STREAM_CODE_NONE);
  g_assert_false (circuit.ended);
  circuit_clear (&circuit);
}

static DexFuture *
pump_fiber (gpointer data)
{
  g_autofree guint8 *bytes = g_malloc0 (64 * 1024);

  while (peerup_stream_await_write_all (data, bytes, 64 * 1024, test_deadline (), NULL))
    continue;
  return dex_future_new_true ();
}

/* Takes all that has come; how much. */
static gsize
drain (PeerupStream *stream)
{
  g_autofree guint8 *bytes = g_malloc (64 * 1024);
  gsize sum = 0;
  gssize n;

  while ((n = peerup_stream_read (stream, bytes, 64 * 1024, NULL)) > 0)
    sum += n;
  return sum;
}

/* Five hundred whose readers do not read cost the one that flows nothing but their turns, which
 * they give up; none holds more than fits its own pipes. */
static void
test_slow_readers (void)
{
  const gsize capacity = 8192, wanted = 32 * 1024 * 1024;
  g_autofree Circuit *slow = g_new (Circuit, 500);
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);
  g_autoptr (DexFuture) pumping = NULL;
  Circuit circuit;
  gsize got = 0;

  for (guint i = 0; i < 500; i++)
    {
      circuit_init (&slow[i], capacity, (PeerupCircuitLimit) { 0, 0 });
      write_bytes (slow[i].source, capacity);
      test_spin ();
      g_assert_cmpuint (pending (slow[i].target), ==, capacity);
      write_bytes (slow[i].source, capacity);
    }
  circuit_init (&circuit, 256 * 1024, (PeerupCircuitLimit) { 0, 0 });
  pumping = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, pump_fiber, circuit.source, NULL);
  while (got < wanted)
    {
      g_main_context_iteration (NULL, TRUE);
      got += drain (circuit.target);
    }
  g_source_remove (guard);
  peerup_stream_reset (circuit.target, 0);
  test_finish (pumping);
  circuit_clear (&circuit);
  for (guint i = 0; i < 500; i++)
    {
      g_assert_false (slow[i].ended);
      g_assert_cmpuint (pending (slow[i].target), ==, capacity);
      circuit_clear (&slow[i]);
    }
}

/* Twenty that all could go on for ever, each in turn: none gets ahead of another by more than a few. */
static void
test_turns (void)
{
  enum
  {
    N = 20
  };
  Circuit circuits[N];
  DexFuture *pumping[N];
  gsize got[N] = { 0 };
  gsize least = 0, most;
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  for (guint i = 0; i < N; i++)
    {
      circuit_init (&circuits[i], 128 * 1024, (PeerupCircuitLimit) { 0, 0 });
      pumping[i] = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, pump_fiber, circuits[i].source, NULL);
    }
  while (least < 4 * 1024 * 1024)
    {
      g_main_context_iteration (NULL, TRUE);
      least = G_MAXSIZE;
      most = 0;
      for (guint i = 0; i < N; i++)
        {
          got[i] += drain (circuits[i].target);
          least = MIN (least, got[i]);
          most = MAX (most, got[i]);
        }
    }
  g_source_remove (guard);
  g_assert_cmpuint (least, >=, most / 2);
  for (guint i = 0; i < N; i++)
    {
      peerup_stream_reset (circuits[i].target, 0);
      test_finish (pumping[i]);
      dex_unref (pumping[i]);
      circuit_clear (&circuits[i]);
    }
}

/* Twenty that could go on for ever, and one that sends a little and waits for it: it waits for a few
 * turns of each of them at most, however often it comes. */
static void
test_modest (void)
{
  enum
  {
    N = 20,
    MESSAGE = 4096
  };
  Circuit circuits[N], modest;
  DexFuture *pumping[N];

  circuit_init (&modest, 2 * MESSAGE, (PeerupCircuitLimit) { 0, 0 });
  for (guint i = 0; i < N; i++)
    {
      circuit_init (&circuits[i], 2 * PEERUP_RELAY_TURN, (PeerupCircuitLimit) { 0, 0 });
      pumping[i] = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, pump_fiber, circuits[i].source, NULL);
    }
  for (guint round = 0; round < 50; round++)
    {
      gsize greedy[N] = { 0 };

      write_bytes (modest.source, MESSAGE);
      while (pending (modest.target) < MESSAGE)
        {
          g_main_context_iteration (NULL, TRUE);
          for (guint i = 0; i < N; i++)
            greedy[i] += drain (circuits[i].target);
        }
      drain (modest.target);
      for (guint i = 0; i < N; i++)
        g_assert_cmpuint (greedy[i], <=, 4 * PEERUP_RELAY_TURN);
    }
  for (guint i = 0; i < N; i++)
    {
      peerup_stream_reset (circuits[i].target, 0);
      test_finish (pumping[i]);
      dex_unref (pumping[i]);
      circuit_clear (&circuits[i]);
    }
  circuit_clear (&modest);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_func ("/relay/circuit/unlimited", test_unlimited);
  g_test_add_func ("/relay/circuit/data-limit", test_data_limit);
  g_test_add_func ("/relay/circuit/data-limit-is-for-each-way", test_data_limit_is_for_each_way);
  g_test_add_func ("/relay/circuit/duration-limit", test_duration_limit);
  g_test_add_func ("/relay/circuit/cancel", test_cancel);
  g_test_add_func ("/relay/circuit/free-at-the-limit", test_free_at_the_limit);
  g_test_add_func ("/relay/circuit/slow-readers", test_slow_readers);
  g_test_add_func ("/relay/circuit/turns", test_turns);
  g_test_add_func ("/relay/circuit/modest", test_modest);
  return g_test_run ();
}
