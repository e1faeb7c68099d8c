/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "control/peerup-caller.h"

static void
on_left (PeerupCaller *caller, gpointer data)
{
  g_assert_true (peerup_caller_has_left (caller));
  ++*(guint *) data;
}

static void
test_leaves_once (void)
{
  g_autoptr (PeerupCaller) caller = peerup_caller_new ("http", TRUE);
  guint n = 0;

  g_assert_cmpstr (peerup_caller_get_face (caller), ==, "http");
  g_assert_true (peerup_caller_get_keeps (caller));
  g_assert_false (peerup_caller_has_left (caller));
  g_signal_connect (caller, "left", G_CALLBACK (on_left), &n);
  peerup_caller_leave (caller);
  peerup_caller_leave (caller);
  g_assert_cmpuint (n, ==, 1);
  g_assert_true (g_cancellable_is_cancelled (peerup_caller_get_cancellable (caller)));
}

static void
test_counts (void)
{
  g_autoptr (PeerupCaller) caller = peerup_caller_new ("dbus", FALSE);

  g_assert_false (peerup_caller_get_keeps (caller));
  peerup_caller_begin (caller);
  peerup_caller_begin (caller);
  peerup_caller_end (caller);
  g_assert_cmpuint (peerup_caller_get_n_calls (caller), ==, 1);
  peerup_caller_end (caller);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/caller/leaves", test_leaves_once);
  g_test_add_func ("/caller/counts", test_counts);
  return g_test_run ();
}
