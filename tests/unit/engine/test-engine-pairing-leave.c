/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Who has asked to join goes away while that is going on.
 */
#include "pairing-world.h"

typedef struct
{
  GCancellable *cancellable;
  const char *state;
} Leaving;

static void
leave_at (const char *state, const char *detail, gpointer data)
{
  const Leaving *leaving = data;

  if (g_str_equal (state, leaving->state))
    g_cancellable_cancel (leaving->cancellable);
}

/* Who has asked for it goes: what has not come to saving ends, and the invite is there for another time. */
static void
test_leave (void)
{
  static const char *const states[] = { "reading", "finding", "proving", "saving" };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      const PeerupJoinOptions options = { .name = "laptop", .wait = TRUE, .cancellable = cancellable };
      Leaving leaving = { cancellable, states[i] };
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupPairingRecord) record =
        pairing_await_record (peerup_engine_pairing_join (joiner.engine->pairing, peerup_invite_get_code (invite),
                                                          &options, leave_at, &leaving),
                              &error);

      g_assert_true (g_cancellable_is_cancelled (cancellable));
      if (g_str_equal (states[i], "saving"))
        {
          g_assert_no_error (error);
          pairing_assert_paired (&inviter, &joiner);
          continue;
        }
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (peerup_invite_get_state (invite), ==, PEERUP_INVITE_OPEN);
      pairing_assert_strangers (&inviter, &joiner);
    }
}

/* Else it would wait for the other for a month. */
static void
test_leave_while_waiting (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const PeerupJoinOptions options = { .name = "laptop", .wait = TRUE, .cancellable = cancellable };
  Leaving leaving = { cancellable, "waiting" };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *code = NULL;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  code = g_strdup (peerup_invite_get_code (invite));
  device_stop (&inviter);
  inviter.engine = NULL;
  g_assert_null (
    pairing_await_record (peerup_engine_pairing_join (joiner.engine->pairing, code, &options, leave_at, &leaving),
                          &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (pairing_n_half (&joiner), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/engine/pairing/leave", test_leave);
  g_test_add_func ("/engine/pairing/leave-while-waiting", test_leave_while_waiting);
  return g_test_run ();
}
