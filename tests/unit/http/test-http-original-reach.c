/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The original's grades: those that were measured, and those by the interfaces alone. */
#include "http/peerup-http-original-reach.h"

static void
assert_reach (const char *grade, gboolean ip6, gboolean ip4, gboolean interface, const char *expected)
{
  PeerupHttpOriginalReach reach;
  g_autofree char *text = NULL;

  peerup_http_original_reach (grade, "as measured", ip6, ip4, interface, &reach);
  text = g_strdup_printf ("[%s] %s - %s", reach.grade, reach.label, reach.description);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_measured (void)
{
  assert_reach ("A", FALSE, FALSE, TRUE, "[A] Excellent - as measured");
  assert_reach ("B", FALSE, FALSE, TRUE, "[B] Good - as measured");
  assert_reach ("C", FALSE, FALSE, TRUE, "[C] Fair - as measured");
  assert_reach ("D", TRUE, TRUE, TRUE, "[D] Poor - as measured");
  assert_reach ("E", TRUE, TRUE, TRUE, "[D] Poor - as measured");
  assert_reach ("F", TRUE, TRUE, TRUE, "[F] Offline - as measured");
}

static void
test_unmeasured (void)
{
  assert_reach ("", TRUE, TRUE, TRUE, "[A] Excellent - Public IPv6 detected");
  assert_reach ("", FALSE, TRUE, TRUE, "[B] Good - Public IPv4 detected");
  assert_reach ("", FALSE, FALSE, TRUE, "[D] Poor - No public address detected");
  assert_reach ("", FALSE, FALSE, FALSE, "[F] Offline - No network connectivity detected");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/original/reach/measured", test_measured);
  g_test_add_func ("/http/original/reach/unmeasured", test_unmeasured);
  return g_test_run ();
}
