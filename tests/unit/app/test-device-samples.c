/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "app/device/peerup-samples.h"

#include <math.h>

static void
count (PeerupSamples *samples, gpointer data)
{
  (*(guint *) data)++;
}

static void
test_ring (void)
{
  g_autoptr (PeerupSamples) samples = peerup_samples_new ();
  guint changed = 0;

  g_signal_connect (samples, "changed", G_CALLBACK (count), &changed);
  g_assert_cmpuint (peerup_samples_get_length (samples), ==, 0);
  for (guint i = 1; i <= PEERUP_SAMPLES_MAX + 5; i++)
    peerup_samples_add (samples, i * (gint64) G_USEC_PER_SEC, i);
  g_assert_cmpuint (changed, ==, PEERUP_SAMPLES_MAX + 5);
  g_assert_cmpuint (peerup_samples_get_length (samples), ==, PEERUP_SAMPLES_MAX);
  /* The first five have given way. */
  g_assert_cmpfloat (peerup_samples_get (samples, 0).value, ==, 6);
  g_assert_cmpint (peerup_samples_get (samples, 0).at, ==, 6 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpfloat (peerup_samples_get (samples, PEERUP_SAMPLES_MAX - 1).value, ==, PEERUP_SAMPLES_MAX + 5);
}

static void
test_refused (void)
{
  g_autoptr (PeerupSamples) samples = peerup_samples_new ();
  guint changed = 0;

  g_signal_connect (samples, "changed", G_CALLBACK (count), &changed);
  peerup_samples_add (samples, 10, -1);
  peerup_samples_add (samples, 10, NAN);
  peerup_samples_add (samples, 10, INFINITY);
  g_assert_cmpuint (peerup_samples_get_length (samples), ==, 0);
  peerup_samples_add (samples, 10, 1);
  peerup_samples_add (samples, 10, 2);
  peerup_samples_add (samples, 9, 3);
  g_assert_cmpuint (peerup_samples_get_length (samples), ==, 1);
  g_assert_cmpfloat (peerup_samples_get (samples, 0).value, ==, 1);
  /* Nothing new is nothing to be drawn. */
  g_assert_cmpuint (changed, ==, 1);
}

static void
test_range (void)
{
  g_autoptr (PeerupSamples) samples = peerup_samples_new ();
  double min = -1, max = -1;

  g_assert_false (peerup_samples_get_range (samples, 0, &min, &max));
  peerup_samples_add (samples, 10, 100);
  peerup_samples_add (samples, 20, 7);
  peerup_samples_add (samples, 30, 5);
  g_assert_true (peerup_samples_get_range (samples, 10, &min, &max));
  g_assert_cmpfloat (min, ==, 5);
  g_assert_cmpfloat (max, ==, 100);
  g_assert_true (peerup_samples_get_range (samples, 11, &min, &max));
  g_assert_cmpfloat (max, ==, 7);
  g_assert_false (peerup_samples_get_range (samples, 31, &min, &max));
}

static void
test_round_up (void)
{
  static const struct
  {
    double value, top;
  } cases[] = {
    { 0, 1 }, { -5, 1 },   { 1, 1 },   { 1.2, 2 },       { 2, 2 },     { 2.1, 5 },
    { 5, 5 }, { 5.5, 10 }, { 10, 10 }, { 48000, 50000 }, { 0.3, 0.5 }, { 1e9, 1e9 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpfloat_with_epsilon (peerup_samples_round_up (cases[i].value), cases[i].top, cases[i].top * 1e-6);
  g_assert_cmpfloat (peerup_samples_round_up (NAN), ==, 1);
}

static void
test_counter (void)
{
  PeerupCounter counter = { 0 };
  double rate = -1;

  g_assert_false (peerup_counter_feed (&counter, 1000000, 500, &rate));
  g_assert_true (peerup_counter_feed (&counter, 2000000, 1500, &rate));
  g_assert_cmpfloat_with_epsilon (rate, 1000, 1e-6);
  g_assert_true (peerup_counter_feed (&counter, 4000000, 1500, &rate));
  g_assert_cmpfloat (rate, ==, 0);
  /* No time has passed. */
  g_assert_false (peerup_counter_feed (&counter, 4000000, 2500, &rate));
  g_assert_true (peerup_counter_feed (&counter, 5000000, 2500, &rate));
  g_assert_cmpfloat_with_epsilon (rate, 1000, 1e-6);
  /* A connection has ended, and its bytes with it. */
  g_assert_false (peerup_counter_feed (&counter, 6000000, 10, &rate));
  g_assert_true (peerup_counter_feed (&counter, 7000000, 20, &rate));
  g_assert_cmpfloat_with_epsilon (rate, 10, 1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/device/samples/ring", test_ring);
  g_test_add_func ("/app/device/samples/refused", test_refused);
  g_test_add_func ("/app/device/samples/range", test_range);
  g_test_add_func ("/app/device/samples/round-up", test_round_up);
  g_test_add_func ("/app/device/samples/counter", test_counter);
  return g_test_run ();
}
