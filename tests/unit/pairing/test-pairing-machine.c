/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Whole runs of a pairing between two honest sides: what each needs when, what they agree upon, who may refuse when,
 * and that nothing secret is left. */

#include <sodium.h>

#include "pairing-pair.h"

/* Every wipe of the library comes by here: what was in the memory before is kept. */

static GPtrArray *wiped;

void
sodium_memzero (void *const memory, const size_t length)
{
  volatile guint8 *bytes = memory;

  if (wiped != NULL)
    g_ptr_array_add (wiped, g_bytes_new (memory, length));
  for (gsize i = 0; i < length; i++)
    bytes[i] = 0;
}

static gboolean
was_wiped (gconstpointer secret, gsize length)
{
  for (guint i = 0; i < wiped->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (wiped->pdata[i], &size);

      for (gsize at = 0; size >= length && at <= size - length; at++)
        if (memcmp (data + at, secret, length) == 0)
          return TRUE;
    }
  return FALSE;
}

static void
test_whole_run (void)
{
  g_auto (Pair) pair = { 0 };
  const guint8 *transcript;

  pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
  pair_assert_states (&pair, PEERUP_PAIRING_RUNNING, PEERUP_PAIRING_RUNNING);
  pair_run_to (&pair, 3);
  pair_assert_states (&pair, PEERUP_PAIRING_RUNNING, PEERUP_PAIRING_NEEDS_CLAIM);
  g_assert_null (peerup_pairing_machine_get_offer (pair.inviter));
  g_assert_null (peerup_pairing_machine_get_transcript (pair.joiner));
  pair_run_to (&pair, 0);
  g_assert_true (pair_turn (&pair, FALSE, NULL, NULL));
  pair_assert_states (&pair, PEERUP_PAIRING_NEEDS_PREPARE, PEERUP_PAIRING_RUNNING);
  g_assert_cmpstr (peerup_pairing_machine_get_offer (pair.joiner)->name, ==, "server");
  g_assert_false (peerup_pairing_machine_is_in_doubt (pair.joiner));
  transcript = peerup_pairing_machine_get_transcript (pair.joiner);
  g_assert_cmpmem (transcript, PEERUP_PAIRING_TRANSCRIPT_LENGTH, peerup_pairing_machine_get_transcript (pair.inviter),
                   PEERUP_PAIRING_TRANSCRIPT_LENGTH);
  g_assert_true (pair_turn (&pair, TRUE, NULL, NULL));
  pair_assert_states (&pair, PEERUP_PAIRING_RUNNING, PEERUP_PAIRING_NEEDS_COMMIT);
  g_assert_cmpstr (peerup_pairing_machine_get_offer (pair.inviter)->name, ==, "laptop");
  g_assert_cmpint (peerup_pairing_machine_get_offer (pair.inviter)->until, ==, 1800000000);
  g_assert_true (peerup_pairing_machine_is_in_doubt (pair.joiner));
  g_assert_true (pair_turn (&pair, FALSE, NULL, NULL));
  pair_assert_states (&pair, PEERUP_PAIRING_NEEDS_COMMIT, PEERUP_PAIRING_RUNNING);
  g_assert_false (peerup_pairing_machine_is_in_doubt (pair.joiner));
  g_assert_true (pair_turn (&pair, TRUE, NULL, NULL));
  pair_assert_states (&pair, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  g_assert_cmpuint (pair.n_messages, ==, PAIR_N_MESSAGES);
  g_assert_null (peerup_pairing_machine_take_output (pair.joiner));
  g_assert_null (peerup_pairing_machine_take_output (pair.inviter));
  for (guint i = 0; i < pair.n_messages; i++)
    g_assert_cmpuint (g_bytes_get_size (pair.messages[i]), <=, PEERUP_PAIRING_MESSAGE_MAX);
}

static void
test_largest_offer (void)
{
  g_autoptr (PeerupPeerId) joiner = pair_peer_new (1), inviter = pair_peer_new (2);
  g_autoptr (GBytes) secret = g_bytes_new (PAIR_SECRET, strlen (PAIR_SECRET));
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("laptop");
  PeerupPairingInvite invite = { PAIR_NUMBER, TRUE };
  g_auto (Pair) pair = { 0 };
  g_autoptr (GStrvBuilder) services = g_strv_builder_new ();

  for (guint i = 0; i < PEERUP_PAIRING_SERVICES_MAX; i++)
    g_strv_builder_take (services, g_strdup_printf ("%060u", i));
  g_strfreev (offer->services);
  offer->services = g_strv_builder_end (services);
  pair.joiner = peerup_pairing_machine_new_joiner (&invite, secret, joiner, inviter, NULL, offer);
  pair.inviter = peerup_pairing_machine_new_inviter (&invite, secret, inviter, joiner, NULL, offer);
  pair_run (&pair, NULL, NULL);
  pair_assert_states (&pair, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  g_assert_cmpuint (g_strv_length (peerup_pairing_machine_get_offer (pair.joiner)->services), ==,
                    PEERUP_PAIRING_SERVICES_MAX);
}

/* More than can be offered ends the run before it begins. */
static void
test_offer_too_large (void)
{
  g_autoptr (PeerupPeerId) joiner = pair_peer_new (1), inviter = pair_peer_new (2);
  g_autoptr (GBytes) secret = g_bytes_new (PAIR_SECRET, strlen (PAIR_SECRET));
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("laptop");
  PeerupPairingInvite invite = { PAIR_NUMBER, TRUE };

  g_strfreev (offer->services);
  offer->services = g_new0 (char *, PEERUP_PAIRING_SERVICES_MAX + 2);
  for (guint i = 0; i <= PEERUP_PAIRING_SERVICES_MAX; i++)
    offer->services[i] = g_strdup ("a");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PeerupPairingMachine) machine =
        i == 0 ? peerup_pairing_machine_new_joiner (&invite, secret, joiner, inviter, NULL, offer)
               : peerup_pairing_machine_new_inviter (&invite, secret, inviter, joiner, NULL, offer);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (peerup_pairing_machine_get_state (machine), ==, PEERUP_PAIRING_FAILED);
      g_assert_null (peerup_pairing_machine_take_output (machine));
      g_assert_false (peerup_pairing_machine_receive (machine, (const guint8 *) "", 0, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
    }
}

/* Two runs of the same two with the same code have nothing in common. */
static void
test_runs_differ (void)
{
  g_auto (Pair) one = { 0 }, two = { 0 };

  pair_init (&one, PAIR_VIEW, PAIR_VIEW);
  pair_init (&two, PAIR_VIEW, PAIR_VIEW);
  pair_run (&one, NULL, NULL);
  pair_run (&two, NULL, NULL);
  pair_assert_states (&one, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  pair_assert_states (&two, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  g_assert_true (memcmp (peerup_pairing_machine_get_transcript (one.joiner),
                         peerup_pairing_machine_get_transcript (two.joiner), PEERUP_PAIRING_TRANSCRIPT_LENGTH) != 0);
  for (guint i = 0; i < PAIR_N_MESSAGES; i++)
    g_assert_false (g_bytes_equal (one.messages[i], two.messages[i]));
}

/* refuse() wherever something is needed: the other learns why, with proof, and the end is the end. */
static void
test_refuse (void)
{
  const struct
  {
    guint n_messages;
    gboolean joiner;
    gboolean in_doubt; /* the joiner before it learns */
  } places[] = {
    { PAIR_CONFIRM + 1, FALSE, FALSE },
    { PAIR_OFFER + 1, TRUE, FALSE },
    { PAIR_ACCEPT + 1, FALSE, TRUE },
    { PAIR_COMMITTED + 1, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    for (PeerupPairingRefusal why = PEERUP_PAIRING_REFUSED_UNKNOWN; why <= PEERUP_PAIRING_REFUSED_FAILED; why++)
      {
        g_auto (Pair) pair = { 0 };
        PeerupPairingMachine *from, *to;
        g_autoptr (GBytes) message = NULL;
        g_autoptr (GError) error = NULL, again = NULL;

        pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
        pair_run_to (&pair, places[i].n_messages);
        from = places[i].joiner ? pair.joiner : pair.inviter;
        to = places[i].joiner ? pair.inviter : pair.joiner;
        g_assert_true (peerup_pairing_machine_is_in_doubt (pair.joiner) == places[i].in_doubt);
        peerup_pairing_machine_refuse (from, why);
        g_assert_cmpint (peerup_pairing_machine_get_state (from), ==, PEERUP_PAIRING_FAILED);
        message = peerup_pairing_machine_take_output (from);
        g_assert_nonnull (message);
        g_assert_null (peerup_pairing_machine_take_output (from));
        g_assert_false (pair_receive (to, message, &error));
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
        pair_assert_states (&pair, PEERUP_PAIRING_FAILED, PEERUP_PAIRING_FAILED);
        g_assert_cmpint (peerup_pairing_machine_get_refusal (to), ==, why);
        g_assert_cmpint (peerup_pairing_machine_get_refusal (from), ==, PEERUP_PAIRING_REFUSED_NONE);
        g_assert_false (peerup_pairing_machine_is_in_doubt (pair.joiner));
        g_assert_null (peerup_pairing_machine_take_output (to));
        g_assert_false (pair_receive (to, pair.messages[0], &again));
        g_assert_error (again, PEERUP_ERROR, PEERUP_ERROR_GATED);
        g_assert_false (peerup_pairing_machine_has_wrong_code (pair.inviter));
      }
}

/* A refusal that anybody could have made ends the run, but not the doubt. */
static void
test_refusal_without_proof (void)
{
  for (guint i = 0; i < PAIR_N_MESSAGES; i++)
    {
      g_auto (Pair) pair = { 0 };
      g_autoptr (GBytes) message = peerup_pairing_refusal_encode (PEERUP_PAIRING_REFUSED_OVER);
      PeerupPairingMachine *to;
      gboolean in_doubt;

      pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
      pair_run_to (&pair, i);
      to = i % 2 == 0 ? pair.inviter : pair.joiner;
      in_doubt = peerup_pairing_machine_is_in_doubt (pair.joiner);
      g_assert_true (in_doubt == (i == PAIR_COMMITTED));
      g_assert_false (pair_receive (to, message, NULL));
      g_assert_cmpint (peerup_pairing_machine_get_state (to), ==, PEERUP_PAIRING_FAILED);
      g_assert_cmpint (peerup_pairing_machine_get_refusal (to), ==, PEERUP_PAIRING_REFUSED_OVER);
      g_assert_true (peerup_pairing_machine_is_in_doubt (pair.joiner) == in_doubt);
    }
}

static const guint8 pairing[PEERUP_PAIRING_ID_LENGTH] = { 1, 2, 3 };

static void
test_resume (void)
{
  g_auto (Pair) pair = { .joiner = peerup_pairing_machine_new_resume (pairing),
                         .inviter = peerup_pairing_machine_new_resumed (pairing) };

  g_assert_true (peerup_pairing_machine_is_in_doubt (pair.joiner));
  pair_run_to (&pair, 2);
  pair_assert_states (&pair, PEERUP_PAIRING_NEEDS_COMMIT, PEERUP_PAIRING_RUNNING);
  g_assert_false (peerup_pairing_machine_is_in_doubt (pair.joiner));
  pair_run (&pair, NULL, NULL);
  pair_assert_states (&pair, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  g_assert_cmpuint (pair.n_messages, ==, 3);
}

static void
test_resume_unknown (void)
{
  g_autoptr (PeerupPairingMachine) joiner = peerup_pairing_machine_new_resume (pairing);
  g_autoptr (GBytes) message = peerup_pairing_machine_take_output (joiner);
  g_autoptr (GBytes) answer = peerup_pairing_refusal_encode (PEERUP_PAIRING_REFUSED_UNKNOWN);
  g_autoptr (GError) error = NULL;

  g_assert_false (pair_receive (joiner, answer, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_cmpint (peerup_pairing_machine_get_refusal (joiner), ==, PEERUP_PAIRING_REFUSED_UNKNOWN);
  g_assert_false (peerup_pairing_machine_is_in_doubt (joiner));
}

static void
test_resume_busy (void)
{
  g_autoptr (PeerupPairingMachine) joiner = peerup_pairing_machine_new_resume (pairing);
  g_autoptr (GBytes) answer = peerup_pairing_refusal_encode (PEERUP_PAIRING_REFUSED_BUSY);

  g_assert_false (pair_receive (joiner, answer, NULL));
  g_assert_true (peerup_pairing_machine_is_in_doubt (joiner));
}

static void
test_resume_refused (void)
{
  g_auto (Pair) pair = { .joiner = peerup_pairing_machine_new_resume (pairing),
                         .inviter = peerup_pairing_machine_new_resumed (pairing) };
  g_autoptr (GBytes) message = NULL;

  pair_run_to (&pair, 2);
  peerup_pairing_machine_refuse (pair.joiner, PEERUP_PAIRING_REFUSED_FAILED);
  message = peerup_pairing_machine_take_output (pair.joiner);
  g_assert_false (pair_receive (pair.inviter, message, NULL));
  pair_assert_states (&pair, PEERUP_PAIRING_FAILED, PEERUP_PAIRING_FAILED);
}

static void
test_resume_another (void)
{
  const guint8 other[PEERUP_PAIRING_ID_LENGTH] = { 1, 2, 4 };
  g_auto (Pair) pair = { .joiner = peerup_pairing_machine_new_resume (pairing),
                         .inviter = peerup_pairing_machine_new_resumed (other) };

  pair_run (&pair, NULL, NULL);
  pair_assert_states (&pair, PEERUP_PAIRING_RUNNING, PEERUP_PAIRING_FAILED);
}

static void
test_peek (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (PeerupPairingMachine) resume = peerup_pairing_machine_new_resume (pairing);
  g_autoptr (GBytes) message = peerup_pairing_machine_take_output (resume);
  PeerupPairingOpening opening;
  gsize length;
  const guint8 *data = g_bytes_get_data (message, &length);

  g_assert_true (peerup_pairing_peek (data, length, &opening, NULL));
  g_assert_true (opening.is_resume);
  g_assert_cmpmem (opening.pairing, sizeof opening.pairing, pairing, sizeof pairing);

  pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
  pair_run (&pair, NULL, NULL);
  for (guint i = 0; i < PAIR_N_MESSAGES; i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean good;

      data = g_bytes_get_data (pair.messages[i], &length);
      good = peerup_pairing_peek (data, length, &opening, &error);
      g_assert_true (good == (i == PAIR_HELLO));
      if (!good)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
  data = g_bytes_get_data (pair.messages[PAIR_HELLO], &length);
  g_assert_true (peerup_pairing_peek (data, length, &opening, NULL));
  g_assert_false (opening.is_resume);
  g_assert_cmpuint (opening.invite.number, ==, PAIR_NUMBER);
  g_assert_true (opening.invite.spoken);
}

/* Made without a machine, understood by one. */
static void
test_refusal_encode (void)
{
  for (PeerupPairingRefusal why = PEERUP_PAIRING_REFUSED_UNKNOWN; why <= PEERUP_PAIRING_REFUSED_FAILED; why++)
    {
      g_autoptr (PeerupPairingMachine) joiner = pair_joiner_new (PAIR_VIEW);
      g_autoptr (GBytes) message = peerup_pairing_refusal_encode (why);
      g_autoptr (GError) error = NULL;

      g_assert_false (pair_receive (joiner, message, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
      g_assert_cmpint (peerup_pairing_machine_get_refusal (joiner), ==, why);
    }
}

/* The code, the scalars and the keys, when the run is over, however it ends. */
static void
test_secrets_wiped (void)
{
  for (guint n = 0; n <= PAIR_N_MESSAGES; n++)
    {
      g_auto (Pair) pair = { 0 };

      wiped = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
      pair_run_to (&pair, n);
      if (n < PAIR_N_MESSAGES)
        {
          g_assert_false (peerup_pairing_machine_receive (pair.joiner, (const guint8 *) "x", 1, NULL));
          g_assert_false (peerup_pairing_machine_receive (pair.inviter, (const guint8 *) "x", 1, NULL));
        }
      /* Before anything is freed. */
      g_assert_true (was_wiped (PAIR_SECRET, strlen (PAIR_SECRET)));
      g_clear_pointer (&wiped, g_ptr_array_unref);
    }
}

/* The machines' own memory, the seals' keys among it, has nothing left of what is in the wiped pieces. */
static void
test_keys_wiped (void)
{
  g_auto (Pair) pair = { 0 };
  guint n_before, n_after;

  wiped = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  pair_init (&pair, PAIR_VIEW, PAIR_VIEW);
  pair_run_to (&pair, PAIR_N_MESSAGES);
  pair_assert_states (&pair, PEERUP_PAIRING_DONE, PEERUP_PAIRING_DONE);
  n_before = wiped->len;
  pair_clear (&pair);
  n_after = wiped->len;
  g_assert_cmpuint (n_after, >, n_before);
  for (guint i = n_before; i < n_after; i++)
    {
      gsize length;
      const guint8 *data = g_bytes_get_data (wiped->pdata[i], &length);

      for (gsize at = 0; at < length; at++)
        g_assert_cmpuint (data[at], ==, 0);
    }
  g_clear_pointer (&wiped, g_ptr_array_unref);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/machine/whole-run", test_whole_run);
  g_test_add_func ("/pairing/machine/largest-offer", test_largest_offer);
  g_test_add_func ("/pairing/machine/offer-too-large", test_offer_too_large);
  g_test_add_func ("/pairing/machine/runs-differ", test_runs_differ);
  g_test_add_func ("/pairing/machine/refuse", test_refuse);
  g_test_add_func ("/pairing/machine/refusal-without-proof", test_refusal_without_proof);
  g_test_add_func ("/pairing/machine/resume", test_resume);
  g_test_add_func ("/pairing/machine/resume-unknown", test_resume_unknown);
  g_test_add_func ("/pairing/machine/resume-busy", test_resume_busy);
  g_test_add_func ("/pairing/machine/resume-refused", test_resume_refused);
  g_test_add_func ("/pairing/machine/resume-another", test_resume_another);
  g_test_add_func ("/pairing/machine/peek", test_peek);
  g_test_add_func ("/pairing/machine/refusal-encode", test_refusal_encode);
  g_test_add_func ("/pairing/machine/secrets-wiped", test_secrets_wiped);
  g_test_add_func ("/pairing/machine/keys-wiped", test_keys_wiped);
  return g_test_run ();
}
