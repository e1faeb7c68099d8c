/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Who has asked to join goes away while that is going on.
 */
#include "pairing-world.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/socket.h>

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

/* A place at which nobody ever answers: whoever dials it is at that for long. */
static int
be_silent (char **address)
{
  struct sockaddr_in place = { .sin_family = AF_INET, .sin_addr = { .s_addr = htonl (INADDR_LOOPBACK) } };
  socklen_t length = sizeof place;
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (const struct sockaddr *) &place, sizeof place), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &place, &length), ==, 0);
  *address = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", ntohs (place.sin_port));
  return fd;
}

/* @code, whose inviter is at @address alone. */
static char *
move_to (const char *text, const char *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_parse (text, NULL, &error);
  PeerupMultiaddr *place = peerup_multiaddr_new_from_string (address, &error);
  char *moved;

  g_assert_no_error (error);
  g_ptr_array_set_size (code->addresses, 0);
  g_ptr_array_add (code->addresses, place);
  moved = peerup_invite_code_to_text (code, &error);
  g_assert_no_error (error);
  return moved;
}

/* Goes when the first try is over. */
static void
leave_after_try (const char *domain, GLogLevelFlags level, const char *message, gpointer cancellable)
{
  if (g_str_has_prefix (message, "A try to pair with "))
    g_cancellable_cancel (cancellable);
}

/* The inviter is away, what it left is there, and who would answer that is gone when the dialing is over: nothing is
 * answered, and nothing is kept. */
static void
test_leave_while_dialing (void)
{
  const PeerupInviteOptions invite_options = { .name = "desktop", .leave = TRUE, .ttl = 24 * 3600 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const PeerupJoinOptions options = { .name = "laptop", .cancellable = cancellable };
  g_auto (Device) relay = { 0 };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;
  g_autofree char *code = NULL;
  g_autofd int silent = be_silent (&address);
  PeerupInvite *invite;
  guint handler;

  pairing_start_relayed (&relay, &inviter, &joiner, FALSE);
  invite = pairing_invite (&inviter, &invite_options);
  g_assert_true (peerup_invite_get_left (invite));
  code = move_to (peerup_invite_get_code (invite), address);
  g_object_unref (invite);
  pairing_halt (&inviter);
  handler = g_log_set_handler ("peerup-engine", G_LOG_LEVEL_INFO, leave_after_try, cancellable);
  g_assert_null (pairing_join_with (&joiner, code, &options, &error));
  g_log_remove_handler ("peerup-engine", handler);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (pairing_n_half (&joiner), ==, 0);
  g_assert_false (pairing_has (&joiner, &inviter));
  pairing_run (&inviter);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/engine/pairing/leave", test_leave);
  g_test_add_func ("/engine/pairing/leave-while-waiting", test_leave_while_waiting);
  g_test_add_func ("/engine/pairing/leave-while-dialing", test_leave_while_dialing);
  return g_test_run ();
}
