/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Runs of a pairing that somebody meddles with: whatever is changed, cut, repeated, swapped or guessed, nobody is
 * paired by it, and nothing crashes. */

#include <sodium.h>

#include "pairing-pair.h"

/* Whoever got a tampered message @n, or what came of it, stops before the world would change for it. */
static void
assert_stopped (Pair *pair, guint n)
{
  g_assert_true (peerup_pairing_machine_get_state (pair->joiner) == PEERUP_PAIRING_FAILED ||
                 peerup_pairing_machine_get_state (pair->inviter) == PEERUP_PAIRING_FAILED);
  g_assert_true (n > PAIR_CONFIRM || !pair->joiner_needed[PEERUP_PAIRING_NEEDS_PREPARE]);
  g_assert_true (n > PAIR_ACCEPT || !pair->inviter_needed[PEERUP_PAIRING_NEEDS_COMMIT]);
  g_assert_true (n > PAIR_COMMITTED || !pair->joiner_needed[PEERUP_PAIRING_NEEDS_COMMIT]);
  g_assert_true (n > PAIR_COMMITTED || !pair->joiner_needed[PEERUP_PAIRING_DONE]);
  g_assert_false (pair->inviter_needed[PEERUP_PAIRING_DONE]);
  g_assert_cmpint (peerup_pairing_machine_get_state (pair->inviter), !=, PEERUP_PAIRING_DONE);
}

typedef struct
{
  guint n;
  gsize length; /* that is left */
  gsize bit;
} Cut;

static GBytes *
shorten (guint n, GBytes *message, gpointer data)
{
  Cut *cut = data;

  return n == cut->n ? g_bytes_new_from_bytes (message, 0, MIN (cut->length, g_bytes_get_size (message)))
                     : g_bytes_ref (message);
}

static GBytes *
flip (guint n, GBytes *message, gpointer data)
{
  Cut *cut = data;
  gsize length;
  guint8 *changed;

  if (n != cut->n)
    return g_bytes_ref (message);
  changed = g_memdup2 (g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  length = g_bytes_get_size (message);
  changed[cut->bit / 8 % length] ^= 1 << cut->bit % 8;
  return g_bytes_new_take (changed, length);
}

static GBytes *
lengthen (guint n, GBytes *message, gpointer data)
{
  Cut *cut = data;
  g_autoptr (GByteArray) longer = g_byte_array_new ();

  g_byte_array_append (longer, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  if (n == cut->n)
    g_byte_array_append (longer, (const guint8 *) "\x78\x01\x40\x00", cut->length);
  return g_byte_array_free_to_bytes (g_steal_pointer (&longer));
}

/* Lengths of the messages of a run like the others. */
static void
measure (gsize lengths[PAIR_N_MESSAGES])
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
  pair_run (&pair, NULL, NULL);
  pair_assert_states (&pair, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  for (guint n = 0; n < PAIR_N_MESSAGES; n++)
    lengths[n] = g_bytes_get_size (pair.messages[n]);
}

static void
run_tampered (PairTamper tamper, Cut *cut)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
  pair_run (&pair, tamper, cut);
  assert_stopped (&pair, cut->n);
}

/* PROTOCOLS 4 row 28: frames of every length but the right one. */
static void
test_truncated (void)
{
  gsize lengths[PAIR_N_MESSAGES];

  measure (lengths);
  for (guint n = 0; n < PAIR_N_MESSAGES; n++)
    for (gsize length = 0; length < lengths[n]; length++)
      run_tampered (shorten, &(Cut) { .n = n, .length = length });
}

static void
test_lengthened (void)
{
  for (guint n = 0; n < PAIR_N_MESSAGES; n++)
    for (gsize length = 1; length <= 4; length++)
      run_tampered (lengthen, &(Cut) { .n = n, .length = length });
}

static void
test_lengths (void)
{
  const gsize lengths[] = { 0, 1, 23, 39, 4097, PEERUP_PAIRING_MESSAGE_MAX, PEERUP_PAIRING_MESSAGE_MAX + 1, 65535 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (guint n = 0; n < PAIR_N_MESSAGES; n++)
      for (guint filling = 0; filling < 3; filling++)
        {
          g_auto (Pair) pair = { 0 };
          g_autofree guint8 *bytes = g_malloc (MAX (lengths[i], 1));
          PeerupPairingMachine *to;
          g_autoptr (GError) error = NULL;

          memset (bytes, filling == 0 ? 0 : filling == 1 ? 0xff : 0x0a, lengths[i]);
          pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
          pair_run_to (&pair, n);
          to = n % 2 == 0 ? pair.inviter : pair.joiner;
          g_assert_false (peerup_pairing_machine_receive (to, bytes, lengths[i], &error));
          g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
          g_assert_cmpint (peerup_pairing_machine_get_state (to), ==, PEERUP_PAIRING_FAILED);
          g_assert_null (peerup_pairing_machine_take_output (to));
          g_assert_false (peerup_pairing_machine_has_wrong_code (pair.inviter));
        }
}

/* Each bit of each message, with the rest of the run after it. */
static void
test_bits (gconstpointer data)
{
  guint n = GPOINTER_TO_UINT (data);
  gsize lengths[PAIR_N_MESSAGES];

  measure (lengths);
  for (gsize bit = 0; bit < lengths[n] * 8; bit++)
    run_tampered (flip, &(Cut) { .n = n, .bit = bit });
}

static void
test_wrong_code (void)
{
  const char *const wrong[] = { "otter violin mapld", "otter violin mapl", "otter violin maple ", "" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      PairView view = PAIR_VIEW;
      g_auto (Pair) pair = { 0 };
      g_autoptr (GError) error = NULL;

      view.secret = wrong[i];
      pair_init (&pair, view, PAIR_VIEW);
      pair_run_to (&pair, 2);
      g_assert_false (peerup_pairing_machine_has_wrong_code (pair.inviter));
      pair_run_to (&pair, 1);
      g_assert_true (peerup_pairing_machine_has_wrong_code (pair.inviter));
      pair_assert_states (&pair, PEERUP_PAIRING_RUNNING, PEERUP_PAIRING_FAILED);
      g_assert_false (peerup_pairing_machine_receive (pair.inviter, (const guint8 *) "", 0, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
      pair_run (&pair, NULL, NULL);
      pair_assert_states (&pair, PEERUP_PAIRING_FAILED, PEERUP_PAIRING_FAILED);
      g_assert_cmpint (peerup_pairing_machine_get_refusal (pair.joiner), ==, PEERUP_PAIRING_REFUSED_WRONG_CODE);
      /* Nobody has said more than that. */
      g_assert_cmpuint (pair.n_messages, ==, 4);
      g_assert_null (peerup_pairing_machine_get_offer (pair.joiner));
      g_assert_null (peerup_pairing_machine_get_transcript (pair.joiner));
      g_assert_null (peerup_pairing_machine_get_transcript (pair.inviter));
    }
}

/* What both must see alike: who, in which role, by which invite. A guess is used up where it could have been one. */
static void
test_other_views (void)
{
  const struct
  {
    PairView joiner;
    gboolean is_guess;
    PeerupPairingRefusal refusal;
  } views[] = {
    { { PAIR_SECRET, NULL, PAIR_NUMBER, TRUE, 3, 2 }, TRUE, PEERUP_PAIRING_REFUSED_WRONG_CODE },
    { { PAIR_SECRET, NULL, PAIR_NUMBER, TRUE, 1, 3 }, TRUE, PEERUP_PAIRING_REFUSED_WRONG_CODE },
    { { PAIR_SECRET, NULL, PAIR_NUMBER, TRUE, 2, 1 }, TRUE, PEERUP_PAIRING_REFUSED_WRONG_CODE },
    { { PAIR_SECRET, "home", PAIR_NUMBER, TRUE, 1, 2 }, FALSE, PEERUP_PAIRING_REFUSED_NETWORK },
    { { PAIR_SECRET, NULL, PAIR_NUMBER, FALSE, 1, 2 }, FALSE, PEERUP_PAIRING_REFUSED_NONE },
    { { PAIR_SECRET, NULL, PAIR_NUMBER + 1, TRUE, 1, 2 }, FALSE, PEERUP_PAIRING_REFUSED_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      g_auto (Pair) pair = { 0 };

      pair_init (&pair, views[i].joiner, PAIR_VIEW);
      pair_run (&pair, NULL, NULL);
      g_assert_cmpint (peerup_pairing_machine_get_state (pair.inviter), ==, PEERUP_PAIRING_FAILED);
      g_assert_true (peerup_pairing_machine_has_wrong_code (pair.inviter) == views[i].is_guess);
      g_assert_cmpint (peerup_pairing_machine_get_refusal (pair.joiner), ==, views[i].refusal);
      g_assert_false (pair.inviter_needed[PEERUP_PAIRING_NEEDS_CLAIM]);
    }
}

static void
test_same_network (void)
{
  PairView view = PAIR_VIEW;
  g_auto (Pair) pair = { 0 };

  view.network = "home";
  pair_init (&pair, view, view);
  pair_run (&pair, NULL, NULL);
  pair_assert_states (&pair, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
}

/* Two joiners, or two inviters, with one code: nobody hears what is not for its role. */
static void
test_wrong_role (void)
{
  g_autoptr (PeerupPairingMachine) one = pair_joiner_new (PAIR_VIEW), two = pair_joiner_new (PAIR_VIEW);
  g_autoptr (GBytes) hello = peerup_pairing_machine_take_output (one);
  g_autoptr (GError) error = NULL;

  g_assert_false (pair_receive (two, hello, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  g_assert_cmpint (peerup_pairing_machine_get_state (two), ==, PEERUP_PAIRING_FAILED);
  g_assert_null (peerup_pairing_machine_take_output (two));
}

/* A joiner's own words, back to it. */
static void
test_reflected (void)
{
  g_auto (Pair) pair = { 0 };

  for (guint n = 1; n < PAIR_N_MESSAGES; n++)
    {
      PeerupPairingMachine *to;

      pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
      pair_run_to (&pair, n);
      to = (n - 1) % 2 == 0 ? pair.joiner : pair.inviter;
      g_assert_false (pair_receive (to, pair.messages[n - 1], NULL));
      g_assert_cmpint (peerup_pairing_machine_get_state (to), ==, PEERUP_PAIRING_FAILED);
      pair_clear (&pair);
      memset (&pair, 0, sizeof pair);
    }
}

/* Every message of a whole run, its own among them, at every moment of another run that it is not of. */
static void
test_replayed (void)
{
  g_auto (Pair) old = { 0 };

  pair_init (&old, PAIR_VIEW, PAIR_VIEW);
  pair_run (&old, NULL, NULL);
  for (guint n = 0; n <= PAIR_N_MESSAGES; n++)
    for (guint replay = 0; replay < PAIR_N_MESSAGES; replay++)
      for (guint joiner = 0; joiner < 2; joiner++)
        {
          g_auto (Pair) pair = { 0 };
          PeerupPairingMachine *to;
          PeerupPairingState before;
          gboolean taken;

          pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
          pair_run_to (&pair, n);
          to = joiner ? pair.joiner : pair.inviter;
          before = peerup_pairing_machine_get_state (to);
          taken = pair_receive (to, old.messages[replay], NULL);
          /* An old HELLO or SHARE is taken, for anybody may try; its end is in the next message. */
          g_assert_true (!taken || replay == PAIR_HELLO || replay == PAIR_SHARE);
          g_assert_true (taken || peerup_pairing_machine_get_state (to) ==
                                    (before == PEERUP_PAIRING_DONE ? before : PEERUP_PAIRING_FAILED));
          if (!taken)
            continue;
          pair_run (&pair, NULL, NULL);
          g_assert_false (pair.inviter_needed[PEERUP_PAIRING_NEEDS_COMMIT]);
          g_assert_false (pair.joiner_needed[PEERUP_PAIRING_NEEDS_PREPARE]);
        }
}

/* A whole old run of the joiner's, played to an inviter. */
static void
test_replayed_run (void)
{
  g_auto (Pair) old = { 0 };
  g_autoptr (PeerupPairingMachine) inviter = pair_inviter_new (PAIR_VIEW);

  pair_init (&old, PAIR_VIEW, PAIR_VIEW);
  pair_run (&old, NULL, NULL);
  g_assert_true (pair_receive (inviter, old.messages[PAIR_HELLO], NULL));
  g_assert_false (pair_receive (inviter, old.messages[PAIR_CONFIRM], NULL));
  g_assert_true (peerup_pairing_machine_has_wrong_code (inviter));
}

/* Each message twice: the second is out of turn. */
static void
test_doubled (void)
{
  for (guint n = 0; n < PAIR_N_MESSAGES; n++)
    {
      g_auto (Pair) pair = { 0 };
      PeerupPairingMachine *to;
      g_autoptr (GError) error = NULL;

      pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
      pair_run_to (&pair, n + 1);
      to = n % 2 == 0 ? pair.inviter : pair.joiner;
      g_assert_false (pair_receive (to, pair.messages[n], &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
      g_assert_cmpint (peerup_pairing_machine_get_state (to), ==,
                       n == PAIR_DONE ? PEERUP_PAIRING_DONE : PEERUP_PAIRING_FAILED);
    }
}

/* Two runs at once, with the messages of one given to the other. */
static void
test_crossed (void)
{
  for (guint n = 0; n < PAIR_N_MESSAGES; n++)
    {
      g_auto (Pair) one = { 0 }, two = { 0 };
      PeerupPairingMachine *from, *to;
      g_autoptr (GBytes) message = NULL;

      pair_init (&one, PAIR_VIEW, PAIR_VIEW);
      pair_init (&two, PAIR_VIEW, PAIR_VIEW);
      pair_run_to (&one, n);
      pair_run_to (&two, n);
      from = n % 2 == 0 ? one.joiner : one.inviter;
      to = n % 2 == 0 ? two.inviter : two.joiner;
      if (pair_needs (from))
        peerup_pairing_machine_go_on (from);
      message = peerup_pairing_machine_take_output (from);
      if (pair_receive (to, message, NULL))
        pair_run (&two, NULL, NULL);
      assert_stopped (&two, n);
    }
}

/* PROTOCOLS 4 row 28: points that are none, in either message. */
static void
test_invalid_points (void)
{
  const guint8 points[][32] = { { 0 }, { 0x01 }, { 0x2b, 0x3c, 0x6b, 0x8c, 0x4f, 0x38, 0x00, 0xe7, 0xae, 0xf6, 0x86,
                                                   0x40, 0x25, 0xb4, 0xed, 0x79, 0xbd, 0x59, 0x91, 0x17, 0xe4, 0x27,
                                                   0xc4, 0x1b, 0xd4, 0x7d, 0x93, 0xd6, 0x54, 0xb4, 0xa5, 0x1c } };

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    for (guint n = PAIR_HELLO; n <= PAIR_SHARE; n++)
      {
        g_auto (Pair) pair = { 0 };
        PeerupPairingMachine *from, *to;
        g_autoptr (GBytes) message = NULL;
        g_autofree guint8 *changed = NULL;
        g_autoptr (GError) error = NULL;
        gsize length, at = n == PAIR_HELLO ? 25 : 2;

        pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
        pair_run_to (&pair, n);
        from = n == PAIR_HELLO ? pair.joiner : pair.inviter;
        to = n == PAIR_HELLO ? pair.inviter : pair.joiner;
        message = peerup_pairing_machine_take_output (from);
        changed = g_memdup2 (g_bytes_get_data (message, &length), g_bytes_get_size (message));
        /* Field 5, 32 bytes. */
        g_assert_true (changed[at] == 0x2a && changed[at + 1] == 0x20);
        memcpy (changed + at + 2, points[i], 32);
        g_assert_false (peerup_pairing_machine_receive (to, changed, length, &error));
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
        g_assert_cmpint (peerup_pairing_machine_get_state (to), ==, PEERUP_PAIRING_FAILED);
        g_assert_null (peerup_pairing_machine_take_output (to));
        g_assert_false (peerup_pairing_machine_has_wrong_code (pair.inviter));
      }
}

/* Somebody in the middle who has the code pairs with both, as he could with either; but the two see other transcripts,
 * and so other short strings. */
static void
test_middle_with_code (void)
{
  PairView to_joiner = PAIR_VIEW, to_inviter = PAIR_VIEW;
  g_auto (Pair) left = { 0 }, right = { 0 };

  to_joiner.inviter = 9;
  to_inviter.joiner = 9;
  pair_init (&left, to_joiner, to_joiner);
  pair_init (&right, to_inviter, to_inviter);
  pair_run (&left, NULL, NULL);
  pair_run (&right, NULL, NULL);
  pair_assert_states (&left, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  pair_assert_states (&right, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  g_assert_true (memcmp (peerup_pairing_machine_get_transcript (left.joiner),
                         peerup_pairing_machine_get_transcript (right.inviter), PEERUP_PAIRING_TRANSCRIPT_LENGTH) != 0);
}

/* ... and cannot choose them: the number in CONFIRM is the one that HELLO has committed to. */
static void
test_another_number (void)
{
  g_auto (Pair) one = { 0 };
  g_autoptr (GBytes) confirm = NULL;
  g_autofree guint8 *changed = NULL;
  g_autoptr (GError) error = NULL;
  const gsize at = 2;
  gsize length;

  pair_init (&one, PAIR_VIEW, PAIR_VIEW);
  pair_run_to (&one, 2);
  confirm = peerup_pairing_machine_take_output (one.joiner);
  changed = g_memdup2 (g_bytes_get_data (confirm, &length), g_bytes_get_size (confirm));
  /* Field 8, 32 bytes; the tag is right. */
  g_assert_true (changed[at] == 0x42 && changed[at + 1] == 0x20);
  changed[at + 2] ^= 1;
  g_assert_false (peerup_pairing_machine_receive (one.inviter, changed, length, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
  g_assert_false (peerup_pairing_machine_has_wrong_code (one.inviter));
}

/* ... nor look at the inviter's before he has claimed the invite: until then he could try again for nothing. */
static void
test_number_hidden (void)
{
  g_auto (Pair) pair = { 0 };
  const guint8 *offer, *share;
  const gsize at = 2;
  gsize length;

  pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
  pair_run (&pair, NULL, NULL);
  offer = g_bytes_get_data (pair.messages[PAIR_OFFER], NULL);
  share = g_bytes_get_data (pair.messages[PAIR_SHARE], &length);
  g_assert_true (offer[at] == 0x42 && offer[at + 1] == 0x20);
  for (gsize i = 0; i + 32 <= length; i++)
    g_assert_true (memcmp (share + i, offer + at + 2, 32) != 0);
}

/* PROTOCOLS 4 row 28: many guesses. Each run of the machine answers one and no more. */
static void
test_one_guess (void)
{
  PairView view = PAIR_VIEW;

  view.secret = "wrong";
  for (guint i = 0; i < 64; i++)
    {
      g_auto (Pair) pair = { 0 };
      g_autoptr (PeerupPairingMachine) second = pair_joiner_new (view);
      g_autoptr (GBytes) hello = peerup_pairing_machine_take_output (second);

      pair_init (&pair, view, PAIR_VIEW);
      pair_run (&pair, NULL, NULL);
      g_assert_true (peerup_pairing_machine_has_wrong_code (pair.inviter));
      g_assert_false (pair_receive (pair.inviter, hello, NULL));
      g_assert_false (pair_receive (pair.inviter, pair.messages[PAIR_CONFIRM], NULL));
      g_assert_null (peerup_pairing_machine_take_output (pair.inviter));
    }
}

/* RESUME: cut, changed. */
static void
test_resume_tampered (void)
{
  static const guint8 pairing[PEERUP_PAIRING_ID_LENGTH] = { 7 };
  const gsize length = 20;

  for (guint n = 0; n < 3; n++)
    for (gsize i = 0; i < length * 8 + length; i++)
      {
        g_auto (Pair) pair = { .joiner = peerup_pairing_machine_new_resume (pairing),
                               .inviter = peerup_pairing_machine_new_resumed (pairing) };
        Cut cut = { .n = n, .bit = i, .length = i >= length * 8 ? i - length * 8 : 0 };

        pair_run (&pair, i < length * 8 ? flip : shorten, &cut);
        g_assert_cmpuint (g_bytes_get_size (pair.messages[0]), ==, length);
        g_assert_cmpint (peerup_pairing_machine_get_state (pair.inviter), !=, PEERUP_PAIRING_DONE);
        g_assert_true (n == 2 || peerup_pairing_machine_get_state (pair.joiner) != PEERUP_PAIRING_DONE);
      }
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "hello", "share", "confirm", "offer", "accept", "committed", "done" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/attacks/truncated", test_truncated);
  g_test_add_func ("/pairing/attacks/lengthened", test_lengthened);
  g_test_add_func ("/pairing/attacks/row-28/lengths", test_lengths);
  for (guint n = 0; n < PAIR_N_MESSAGES; n++)
    {
      g_autofree char *path = g_strdup_printf ("/pairing/attacks/bits/%s", names[n]);

      g_test_add_data_func (path, GUINT_TO_POINTER (n), test_bits);
    }
  g_test_add_func ("/pairing/attacks/wrong-code", test_wrong_code);
  g_test_add_func ("/pairing/attacks/other-views", test_other_views);
  g_test_add_func ("/pairing/attacks/same-network", test_same_network);
  g_test_add_func ("/pairing/attacks/wrong-role", test_wrong_role);
  g_test_add_func ("/pairing/attacks/reflected", test_reflected);
  g_test_add_func ("/pairing/attacks/replayed", test_replayed);
  g_test_add_func ("/pairing/attacks/replayed-run", test_replayed_run);
  g_test_add_func ("/pairing/attacks/doubled", test_doubled);
  g_test_add_func ("/pairing/attacks/crossed", test_crossed);
  g_test_add_func ("/pairing/attacks/row-28/invalid-points", test_invalid_points);
  g_test_add_func ("/pairing/attacks/middle-with-code", test_middle_with_code);
  g_test_add_func ("/pairing/attacks/another-number", test_another_number);
  g_test_add_func ("/pairing/attacks/number-hidden", test_number_hidden);
  g_test_add_func ("/pairing/attacks/row-28/one-guess", test_one_guess);
  g_test_add_func ("/pairing/attacks/resume-tampered", test_resume_tampered);
  return g_test_run ();
}
