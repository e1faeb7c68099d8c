/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The original's invite between two engines and through a third: the pairing itself, and whoever guesses, sends what no
 * honest program sends, comes late or comes second. All in one process, on loopback.
 */
#include <string.h>

#include "engine/peerup-engine-original-private.h"
#include "pairing/peerup-original-invite.h"
#include "relayed.h"

typedef struct
{
  Device relay, inviter, joiner;
  PeerupInvite *invite;
  PeerupInviteCode *code;
} Fixture;

static void
fixture_invite (Fixture *self)
{
  const PeerupInviteOptions options = { .name = "home", .original = TRUE };
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->invite);
  g_clear_pointer (&self->code, peerup_invite_code_free);
  self->invite = await_object (peerup_engine_pairing_invite (self->inviter.engine->pairing, &options), &error);
  g_assert_no_error (error);
  g_assert_true (peerup_invite_get_weak (self->invite));
  self->code = peerup_invite_code_parse (peerup_invite_get_code (self->invite), NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (self->code->kind, ==, PEERUP_CODE_ORIGINAL);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->relay = relayed_relay ("");
  self->inviter = relayed_device (home_new (), &self->relay, TRUE);
  self->joiner = relayed_device (home_new (), &self->relay, TRUE);
  fixture_invite (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->invite);
  g_clear_pointer (&self->code, peerup_invite_code_free);
  relayed_stop (&self->joiner);
  relayed_stop (&self->inviter);
  relayed_stop (&self->relay);
}

static DexFuture *
begin_join (Device *device, const PeerupInviteCode *code, const char *name)
{
  return peerup_engine_original_join (device->engine->original, code, name, NULL, NULL);
}

static gboolean
is_done (gpointer future)
{
  return !dex_future_is_pending (future);
}

/* (transfer full) (nullable) */
static PeerupPairingRecord *
end_join (DexFuture *join, GError **error)
{
  g_autoptr (DexFuture) future = join;
  const GValue *value;

  spin_while_not (is_done, future);
  value = dex_future_get_value (future, error);
  return value != NULL ? g_value_dup_boxed (value) : NULL;
}

static void
assert_fails (Device *device, const PeerupInviteCode *code, int error_code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (end_join (begin_join (device, code, "laptop"), &error));
  g_assert_error (error, PEERUP_ERROR, error_code);
}

static PeerupInviteCode *
with_wrong_token (const PeerupInviteCode *code)
{
  PeerupInviteCode *wrong = peerup_invite_code_copy (code);
  guint8 token[PEERUP_ORIGINAL_TOKEN_LENGTH];

  memcpy (token, g_bytes_get_data (code->secret, NULL), sizeof token);
  token[7] ^= 1;
  g_bytes_unref (wrong->secret);
  wrong->secret = g_bytes_new (token, sizeof token);
  return wrong;
}

static void
assert_connects (Device *from, Device *to)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream = relayed_open (from, to, "/ipfs/ping/1.0.0", &error);

  g_assert_no_error (error);
  peerup_stream_close (stream);
}

/* Through the door that people use: the text of the code. */
static void
test_pair (Fixture *self, gconstpointer data)
{
  const PeerupJoinOptions options = { .name = "laptop" };
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autofree char *keys = NULL;

  record = end_join (peerup_engine_pairing_join (self->joiner.engine->pairing, peerup_invite_get_code (self->invite),
                                                 &options, NULL, NULL),
                     &error);
  g_assert_no_error (error);
  g_assert_cmpstr (record->kind, ==, "original");
  g_assert_cmpstr (record->name, ==, "home");
  g_assert_true (peerup_peer_id_equal (record->peer, relayed_get_id (&self->inviter)));
  g_assert_true (relayed_knows (&self->joiner, &self->inviter));
  g_assert_true (relayed_knows (&self->inviter, &self->joiner));
  g_assert_cmpint (peerup_invite_get_state (self->invite), ==, PEERUP_INVITE_USED);
  g_assert_cmpstr (peerup_invite_get_peer_name (self->invite), ==, "laptop");
  keys = relayed_read_keys (&self->inviter);
  g_assert_nonnull (strstr (keys, "# laptop"));
  /* It proves less than ours, and does not pretend to more. */
  g_assert_null (strstr (keys, "pairing="));
  assert_connects (&self->joiner, &self->inviter);
  assert_connects (&self->inviter, &self->joiner);
}

/* Row 28: tries are counted, and the third one is the last; the original counts none. */
static void
test_three_guesses (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupInviteCode) wrong = with_wrong_token (self->code);

  for (guint i = 1; i <= PEERUP_INVITE_GUESSES_MAX; i++)
    {
      assert_fails (&self->joiner, wrong, PEERUP_ERROR_CRYPTO);
      g_assert_cmpuint (peerup_invite_get_guesses (self->invite), ==, i);
    }
  g_assert_cmpint (peerup_invite_get_state (self->invite), ==, PEERUP_INVITE_DEAD);
  g_assert_null (end_join (begin_join (&self->joiner, self->code, NULL), NULL));
  g_assert_false (relayed_knows (&self->inviter, &self->joiner));
  g_assert_false (relayed_knows (&self->joiner, &self->inviter));
}

static void
test_right_after_wrong (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupInviteCode) wrong = with_wrong_token (self->code);
  g_autoptr (PeerupPairingRecord) record = NULL;

  assert_fails (&self->joiner, wrong, PEERUP_ERROR_CRYPTO);
  record = end_join (begin_join (&self->joiner, self->code, ""), NULL);
  g_assert_nonnull (record);
}

/* Row 28: one success only. */
static void
test_two_at_once (Fixture *self, gconstpointer data)
{
  Device other = relayed_device (home_new (), &self->relay, TRUE);
  DexFuture *one = begin_join (&self->joiner, self->code, "one");
  DexFuture *two = begin_join (&other, self->code, "two");
  g_autoptr (PeerupPairingRecord) first = end_join (one, NULL);
  g_autoptr (PeerupPairingRecord) second = end_join (two, NULL);

  g_assert_true ((first == NULL) != (second == NULL));
  g_assert_true (relayed_knows (&self->inviter, &self->joiner) == (first != NULL));
  g_assert_true (relayed_knows (&self->inviter, &other) == (second != NULL));
  relayed_stop (&other);
}

static void
test_used (Fixture *self, gconstpointer data)
{
  Device other = relayed_device (home_new (), &self->relay, TRUE);
  g_autoptr (PeerupPairingRecord) record = end_join (begin_join (&self->joiner, self->code, "one"), NULL);

  g_assert_nonnull (record);
  g_assert_null (end_join (begin_join (&other, self->code, "two"), NULL));
  g_assert_false (relayed_knows (&self->inviter, &other));
  relayed_stop (&other);
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (
    peerup_engine_pairing_cancel (self->inviter.engine->pairing, peerup_invite_get_number (self->invite), &error));
  g_assert_null (end_join (begin_join (&self->joiner, self->code, NULL), NULL));
  g_assert_cmpuint (peerup_swarm_get_n_guests (self->inviter.engine->swarm), ==, 0);
}

static void
test_two_invites (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupInvite) first = g_steal_pointer (&self->invite);
  g_autoptr (PeerupInviteCode) first_code = g_steal_pointer (&self->code);
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autoptr (PeerupPairingRecord) again = NULL;
  Device other = relayed_device (home_new (), &self->relay, TRUE);

  fixture_invite (self);
  record = end_join (begin_join (&self->joiner, self->code, NULL), NULL);
  g_assert_nonnull (record);
  g_assert_cmpint (peerup_invite_get_state (self->invite), ==, PEERUP_INVITE_USED);
  g_assert_cmpint (peerup_invite_get_state (first), ==, PEERUP_INVITE_OPEN);
  again = end_join (begin_join (&other, first_code, NULL), NULL);
  g_assert_nonnull (again);
  relayed_stop (&other);
}

static void
test_own_code (Fixture *self, gconstpointer data)
{
  assert_fails (&self->inviter, self->code, PEERUP_ERROR_CONFIG);
}

/* No guest, as it may connect anyway. */
static void
test_known_already (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autoptr (GError) error = NULL;

  home_authorize (self->inviter.home, self->joiner.home);
  g_assert_true (peerup_engine_trust_reload (self->inviter.engine->trust, NULL));
  record = end_join (begin_join (&self->joiner, self->code, "laptop"), &error);
  g_assert_no_error (error);
  g_assert_true (relayed_knows (&self->joiner, &self->inviter));
}

static void
test_bad_name (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = NULL;
  g_autofree char *keys = NULL;
  g_autofree char *config = NULL;

  record = end_join (begin_join (&self->joiner, self->code, "a\nb # c: \xe2\x80\xae<b>d"), NULL);
  g_assert_nonnull (record);
  keys = relayed_read_keys (&self->inviter);
  g_assert_null (strstr (keys, "\nb"));
  g_assert_null (strstr (keys, "\xe2\x80\xae"));
  g_assert_true (g_file_get_contents (self->inviter.home->config, &config, NULL, NULL));
  g_assert_null (strstr (config, "<b>"));
}

static void
test_unknown_to_relay (Fixture *self, gconstpointer data)
{
  Device stranger = relayed_device (home_new (), NULL, FALSE);
  g_autoptr (GError) error = NULL;

  g_assert_null (end_join (begin_join (&stranger, self->code, NULL), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, "peerup relay authorize"));
  relayed_stop (&stranger);
}

/* What no honest program sends */

/* A stream of the joiner's, on which the test speaks by itself. */
static PeerupStream *
open_invite (Fixture *self)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GError) error = NULL;
  PeerupStream *stream;

  g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s/p2p-circuit",
                                                     peerup_multiaddr_get_string (self->code->relays->pdata[0])));
  peerup_swarm_add_addresses (self->joiner.engine->swarm, relayed_get_id (&self->inviter), addresses);
  stream = relayed_open (&self->joiner, &self->inviter, PEERUP_ORIGINAL_INVITE_PROTOCOL, &error);
  g_assert_no_error (error);
  return stream;
}

static void
assert_reset (Fixture *self, gconstpointer bytes, gsize length)
{
  g_autoptr (PeerupStream) stream = open_invite (self);
  g_autoptr (GBytes) answer = NULL;

  answer = relayed_say (stream, bytes, length);
  /* At most the inviter's share, which it says before it reads on. */
  g_assert_true (answer == NULL || g_bytes_get_size (answer) <= PEERUP_ORIGINAL_SHARE_LENGTH);
  g_assert_cmpuint (peerup_invite_get_guesses (self->invite), ==, 0);
  g_assert_cmpint (peerup_invite_get_state (self->invite), ==, PEERUP_INVITE_OPEN);
}

/* Row 28: points of low order, another version, nothing at all. */
static void
test_bad_openings (Fixture *self, gconstpointer data)
{
  guint8 opening[PEERUP_ORIGINAL_OPENING_LENGTH] = { PEERUP_ORIGINAL_INVITE_VERSION };

  assert_reset (self, opening, 0);
  assert_reset (self, opening, sizeof opening);
  opening[1] = 1;
  assert_reset (self, opening, sizeof opening);
  assert_reset (self, opening, sizeof opening - 1);
  opening[0] = 2;
  assert_reset (self, opening, sizeof opening);
}

/* Row 28: frames of 0, 1, 23, 39, 4097 and 65,535 bytes; none of them tests a token, so none counts. */
static void
test_bad_frames (Fixture *self, gconstpointer data)
{
  static const guint lengths[] = { 0, 1, 23, 39, 4097, 65535, 40 };
  g_autoptr (PeerupOriginalExchange) exchange = peerup_original_exchange_new (NULL);
  g_autofree guint8 *message = g_malloc0 (PEERUP_ORIGINAL_OPENING_LENGTH + 2 + 39);

  message[0] = PEERUP_ORIGINAL_INVITE_VERSION;
  memcpy (message + 1, peerup_original_exchange_get_share (exchange), PEERUP_ORIGINAL_SHARE_LENGTH);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      message[PEERUP_ORIGINAL_OPENING_LENGTH] = (guint8) (lengths[i] >> 8);
      message[PEERUP_ORIGINAL_OPENING_LENGTH + 1] = (guint8) lengths[i];
      /* The last one is cut off. */
      assert_reset (self, message, PEERUP_ORIGINAL_OPENING_LENGTH + 2 + MIN (lengths[i], 39));
    }
}

/* Who says nothing is waited for until a deadline, and no longer. */
static void
test_silent (Fixture *self, gconstpointer data)
{
  gint64 began_at = g_get_monotonic_time ();
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  peerup_engine_original_set_read_timeout (self->inviter.engine->original, G_USEC_PER_SEC / 5);
  stream = open_invite (self);
  g_assert_true (await_true (peerup_stream_wait (stream, G_IO_IN), &error));
  g_assert_cmpint (peerup_stream_read (stream, (guint8[1]) { 0 }, 1, &error), ==, -1);
  g_assert_cmpint (g_get_monotonic_time () - began_at, >=, G_USEC_PER_SEC / 5);
  g_assert_cmpuint (peerup_invite_get_guesses (self->invite), ==, 0);
}

#define ADD(name, func) g_test_add ("/engine/original/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("pair", test_pair);
  ADD ("three-guesses", test_three_guesses);
  ADD ("right-after-wrong", test_right_after_wrong);
  ADD ("two-at-once", test_two_at_once);
  ADD ("used", test_used);
  ADD ("cancelled", test_cancelled);
  ADD ("two-invites", test_two_invites);
  ADD ("own-code", test_own_code);
  ADD ("known-already", test_known_already);
  ADD ("bad-name", test_bad_name);
  ADD ("unknown-to-relay", test_unknown_to_relay);
  ADD ("bad-openings", test_bad_openings);
  ADD ("bad-frames", test_bad_frames);
  ADD ("silent", test_silent);
  return g_test_run ();
}
