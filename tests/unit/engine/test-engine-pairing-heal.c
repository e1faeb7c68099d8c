/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Pairings between engines of one process whose disks fail at every step, and that are started anew: in the end both
 * have the pairing or neither has anything of it, and no code is good by which somebody came in. And invites that are
 * left with a relay, for which one of both is always away.
 */
#include <glib/gstdio.h>

#include "pairing-world.h"

/* More than a pairing takes on either side; the last ones of a sweep do not fail at all. */
#define STEPS_MAX 40

static void
set_steps (Device *device, int steps)
{
  peerup_pairing_store_set_steps (device->engine->pairing->store, steps);
}

static int
get_steps (Device *device)
{
  return peerup_pairing_store_get_steps (device->engine->pairing->store);
}

/* Whether the disk held out. */
static gboolean
join_with_full_disk (Device *inviter, Device *joiner, Device *full, const char *code, int steps)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPairingRecord) record = NULL;
  int before = get_steps (full);

  set_steps (full, steps);
  joiner->engine->pairing->join_time = G_USEC_PER_SEC / 2;
  record = pairing_join (joiner, code, &error);
  g_assert_true ((record == NULL) == (error != NULL));
  if (record != NULL)
    {
      g_assert_true (pairing_has (inviter, joiner));
      g_assert_true (pairing_has (joiner, inviter));
    }
  steps -= get_steps (full) - before;
  set_steps (full, -1);
  return steps >= 0;
}

/* There is room again, with or without a restart. */
static void
assert_agree (Device *inviter, Device *joiner)
{
  pairing_await_whole (inviter, joiner);
  if (pairing_has (inviter, joiner))
    pairing_assert_paired (inviter, joiner);
  else
    pairing_assert_strangers (inviter, joiner);
}

/* The code is still good and nobody is in, or it is dead. */
static void
assert_code (Device *inviter, Device *joiner, PeerupInvite *invite)
{
  PeerupInviteState state = peerup_invite_get_state (invite);

  g_assert_cmpint (state, !=, PEERUP_INVITE_CLAIMED);
  if (state == PEERUP_INVITE_OPEN)
    g_assert_false (pairing_has (inviter, joiner));
}

static gboolean
fail_at (int steps, gboolean fails_inviter, gboolean restart)
{
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  gboolean held;

  pairing_start (&inviter, &joiner);
  invite = pairing_invite (&inviter, NULL);
  held =
    join_with_full_disk (&inviter, &joiner, fails_inviter ? &inviter : &joiner, peerup_invite_get_code (invite), steps);
  pairing_await_calm (&inviter);
  assert_code (&inviter, &joiner, invite);
  if (restart)
    {
      pairing_restart (&inviter);
      pairing_restart_at (&joiner, &inviter);
    }
  assert_agree (&inviter, &joiner);
  return held;
}

static void
sweep (gboolean fails_inviter, gboolean restart)
{
  int steps = 0;

  while (!fail_at (steps, fails_inviter, restart))
    g_assert_cmpint (++steps, <, STEPS_MAX);
  g_test_message ("%d steps", steps);
  g_assert_cmpint (steps, >, 6);
}

static void
test_inviter_full (void)
{
  sweep (TRUE, FALSE);
}

static void
test_inviter_full_then_restart (void)
{
  sweep (TRUE, TRUE);
}

static void
test_joiner_full (void)
{
  sweep (FALSE, FALSE);
}

static void
test_joiner_full_then_restart (void)
{
  sweep (FALSE, TRUE);
}

/* Left with a relay */

static gboolean
is_used (gpointer invite)
{
  return peerup_invite_get_state (invite) == PEERUP_INVITE_USED;
}

static gboolean
is_at_relay (gpointer invite)
{
  return peerup_invite_get_n_relays (invite) == 1;
}

static gboolean
has_joined (gpointer data)
{
  Device **devices = data;

  return pairing_has (devices[0], devices[1]);
}

static void
assert_shows (Device *device, const char *code)
{
  GListModel *invites = peerup_engine_pairing_get_invites (device->engine->pairing);
  g_autoptr (PeerupInvite) invite = g_list_model_get_item (invites, 0);

  g_assert_cmpstr (peerup_invite_get_code (invite), ==, code);
  g_assert_cmpstr (peerup_invite_get_spoken (invite), ==, "");
}

/* The file goes once the authorization is written, in a worker thread. */
static gboolean
has_no_left_invite (gpointer device)
{
  return pairing_n_files (device, ".invite") == 0;
}

/* The inviter is switched off, the joiner answers and is switched off too; then the inviter is back, and the joiner. */
static void
test_left (void)
{
  const PeerupInviteOptions options = { .name = "desktop", .leave = TRUE, .ttl = 24 * 3600 };
  g_auto (Device) relay = { 0 };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  Device *devices[] = { &inviter, &joiner };
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *code = NULL;
  PeerupInvite *invite;

  pairing_start_relayed (&relay, &inviter, &joiner, FALSE);
  invite = pairing_invite (&inviter, &options);
  g_assert_true (peerup_invite_get_left (invite));
  shown = g_strdup (peerup_invite_get_code (invite));
  code = pairing_code_without_addresses (shown);
  g_object_unref (invite);
  g_assert_cmpuint (pairing_n_files (&inviter, ".invite"), ==, 1);
  pairing_halt (&inviter);

  record = pairing_join (&joiner, code, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (record->kind, ==, "left");
  g_assert_cmpint (record->state, ==, PEERUP_PAIRING_RECORD_COMMITTED);
  g_assert_cmpuint (pairing_n_half (&joiner), ==, 1);
  g_assert_true (pairing_has (&joiner, &inviter));
  pairing_halt (&joiner);

  pairing_run (&inviter);
  assert_shows (&inviter, shown);
  spin_while_not (has_joined, devices);
  spin_while_not (has_no_left_invite, &inviter);
  pairing_run (&joiner);
  pairing_await_whole (&inviter, &joiner);
  pairing_assert_paired (&inviter, &joiner);
}

/* The inviter is there after all: it is a pairing like any other, and what lies at the relay is taken back. */
static void
test_left_but_there (void)
{
  const PeerupInviteOptions options = { .name = "desktop", .leave = TRUE };
  g_auto (Device) relay = { 0 };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autoptr (GError) error = NULL;

  pairing_start_relayed (&relay, &inviter, &joiner, FALSE);
  invite = pairing_invite (&inviter, &options);
  record = pairing_join (&joiner, peerup_invite_get_code (invite), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (record->kind, ==, "code");
  spin_while_not (is_used, invite);
  pairing_assert_paired (&inviter, &joiner);
}

/* An invite is open again after a restart with the guesses that were made, and dead when there were three. */
static void
test_left_is_guessed (void)
{
  const PeerupInviteOptions options = { .name = "desktop", .leave = TRUE };
  g_auto (Device) relay = { 0 };
  g_auto (Device) inviter = { 0 };
  g_auto (Device) joiner = { 0 };
  g_autoptr (PeerupInvite) invite = NULL;
  g_autofree char *code = NULL;
  g_autofree char *wrong = NULL;

  pairing_start_relayed (&relay, &inviter, &joiner, TRUE);
  invite = pairing_invite (&inviter, &options);
  code = pairing_code_without_addresses (peerup_invite_get_code (invite));
  wrong = pairing_wrong_code (code);
  for (guint i = 1; i <= PEERUP_INVITE_GUESSES_MAX; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupPairingRecord) record = pairing_join (&joiner, wrong, &error);

      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
      g_assert_null (record);
      g_assert_cmpuint (peerup_invite_get_guesses (invite), ==, i);
      pairing_restart (&inviter);
      g_clear_object (&invite);
      invite = g_list_model_get_item (peerup_engine_pairing_get_invites (inviter.engine->pairing), 0);
      if (i == PEERUP_INVITE_GUESSES_MAX)
        break;
      g_assert_cmpuint (peerup_invite_get_guesses (invite), ==, i);
      spin_while_not (is_at_relay, invite);
    }
  g_assert_null (invite);
  pairing_assert_strangers (&inviter, &joiner);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  /* Disks that fail are loud. */
  g_log_set_fatal_mask ("peerup", G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  g_test_add_func ("/engine/pairing-heal/inviter-full", test_inviter_full);
  g_test_add_func ("/engine/pairing-heal/inviter-full-then-restart", test_inviter_full_then_restart);
  g_test_add_func ("/engine/pairing-heal/joiner-full", test_joiner_full);
  g_test_add_func ("/engine/pairing-heal/joiner-full-then-restart", test_joiner_full_then_restart);
  g_test_add_func ("/engine/pairing-heal/left", test_left);
  g_test_add_func ("/engine/pairing-heal/left-but-there", test_left_but_there);
  g_test_add_func ("/engine/pairing-heal/left-is-guessed", test_left_is_guessed);
  return g_test_run ();
}
