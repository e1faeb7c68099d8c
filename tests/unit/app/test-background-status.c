/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The line among GNOME's background apps. */
#include "app/background/peerup-background-status.h"

static void
check (PeerupSessionState state, guint connected, guint relayed, const char *wanted)
{
  g_autofree char *text = peerup_background_status_make_text (state, connected, relayed);

  g_assert_cmpstr (text, ==, wanted);
  g_assert_cmpuint (g_utf8_strlen (text, -1), <, 96);
}

static void
test_text (void)
{
  check (PEERUP_SESSION_RUNNING, 0, 0, "No device connected");
  check (PEERUP_SESSION_RUNNING, 1, 0, "1 device connected");
  check (PEERUP_SESSION_RUNNING, 3, 1, "3 devices connected, 1 relayed");
  check (PEERUP_SESSION_RUNNING, G_MAXUINT, G_MAXUINT, "4294967295 devices connected, 4294967295 relayed");
  check (PEERUP_SESSION_STARTING, 0, 0, "Starting…");
  check (PEERUP_SESSION_GONE, 3, 0, "Not connected: open it to see why");
  check (PEERUP_SESSION_FAILED, 0, 0, "Not connected: open it to see why");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/background/status/text", test_text);
  return g_test_run ();
}
