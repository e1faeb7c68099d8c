/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Sealed invites and answers: they open where they belong, and nowhere else. */

#include "pairing-pair.h"
#include "pairing/peerup-sealed-invite.h"

#define NUMBER 417

static GBytes *
make_secret (guint8 byte)
{
  guint8 secret[PEERUP_SEALED_SECRET_LENGTH];

  memset (secret, byte, sizeof secret);
  return g_bytes_new (secret, sizeof secret);
}

typedef struct
{
  guint8 secret;
  guint number;
  guint8 inviter, joiner;
  const char *network;
} Place;

static const Place here = { 1, NUMBER, 2, 3, "home" };

/* @transcript: nullable; an answer then, and an invite without. */
static GBytes *
seal (const Place *place, const PeerupPairingOffer *offer, guint8 *transcript)
{
  g_autoptr (GBytes) secret = make_secret (place->secret);
  g_autoptr (PeerupPeerId) inviter = pair_peer_new (place->inviter), joiner = pair_peer_new (place->joiner);
  g_autoptr (GError) error = NULL;
  GBytes *sealed =
    transcript != NULL
      ? peerup_sealed_answer_seal (secret, place->number, inviter, joiner, place->network, offer, transcript, &error)
      : peerup_sealed_invite_seal (secret, place->number, inviter, place->network, offer, &error);

  g_assert_no_error (error);
  return sealed;
}

static PeerupPairingOffer *
unseal (const Place *place, GBytes *sealed, guint8 *transcript, GError **error)
{
  g_autoptr (GBytes) secret = make_secret (place->secret);
  g_autoptr (PeerupPeerId) inviter = pair_peer_new (place->inviter), joiner = pair_peer_new (place->joiner);

  return transcript != NULL ? peerup_sealed_answer_open (sealed, secret, place->number, inviter, joiner, place->network,
                                                         transcript, error)
                            : peerup_sealed_invite_open (sealed, secret, place->number, inviter, place->network, error);
}

static void
test_there_and_back (void)
{
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("server"), invite = NULL, answer = NULL;
  guint8 one[PEERUP_PAIRING_TRANSCRIPT_LENGTH], other[PEERUP_PAIRING_TRANSCRIPT_LENGTH] = { 0 };
  g_autoptr (GBytes) sealed = seal (&here, offer, NULL), answered = seal (&here, offer, one);

  invite = unseal (&here, sealed, NULL, NULL);
  g_assert_nonnull (invite);
  g_assert_cmpstr (invite->name, ==, "server");
  answer = unseal (&here, answered, other, NULL);
  g_assert_nonnull (answer);
  g_assert_cmpint (answer->until, ==, offer->until);
  g_assert_cmpmem (one, sizeof one, other, sizeof other);
}

/* Each seal is another, and so is each transcript. */
static void
test_fresh (void)
{
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("server");
  guint8 one[PEERUP_PAIRING_TRANSCRIPT_LENGTH], other[PEERUP_PAIRING_TRANSCRIPT_LENGTH];
  g_autoptr (GBytes) first = seal (&here, offer, one), second = seal (&here, offer, other);

  g_assert_false (g_bytes_equal (first, second));
  g_assert_true (memcmp (one, other, sizeof one) != 0);
}

static void
assert_shut (const Place *place, GBytes *sealed, gboolean answer, PeerupError code)
{
  guint8 transcript[PEERUP_PAIRING_TRANSCRIPT_LENGTH];
  g_autoptr (GError) error = NULL;

  g_assert_null (unseal (place, sealed, answer ? transcript : NULL, &error));
  g_assert_error (error, PEERUP_ERROR, (int) code);
}

static void
test_other_places (void)
{
  const Place places[] = { { 9, NUMBER, 2, 3, "home" }, { 1, NUMBER + 1, 2, 3, "home" }, { 1, NUMBER, 9, 3, "home" },
                           { 1, NUMBER, 2, 9, "home" }, { 1, NUMBER, 3, 2, "home" },     { 1, NUMBER, 2, 3, NULL },
                           { 1, NUMBER, 2, 3, "hom" } };
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("server");
  guint8 transcript[PEERUP_PAIRING_TRANSCRIPT_LENGTH];
  g_autoptr (GBytes) invite = seal (&here, offer, NULL), answer = seal (&here, offer, transcript);

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      assert_shut (&places[i], answer, TRUE, PEERUP_ERROR_CRYPTO);
      if (places[i].joiner != 9)
        assert_shut (&places[i], invite, FALSE, PEERUP_ERROR_CRYPTO);
    }
  /* An answer is no invite, and the other way round. */
  assert_shut (&here, invite, TRUE, PEERUP_ERROR_CRYPTO);
  assert_shut (&here, answer, FALSE, PEERUP_ERROR_CRYPTO);
}

static GBytes *
copy_exactly (GBytes *bytes, gsize length)
{
  return g_bytes_new_take (length > 0 ? g_memdup2 (g_bytes_get_data (bytes, NULL), length) : NULL, length);
}

static void
test_truncated (void)
{
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("server");
  g_autoptr (GBytes) sealed = seal (&here, offer, NULL);

  for (gsize i = 0; i < g_bytes_get_size (sealed); i++)
    {
      g_autoptr (GBytes) cut = copy_exactly (sealed, i);

      assert_shut (&here, cut, FALSE, i < 40 ? PEERUP_ERROR_MALFORMED : PEERUP_ERROR_CRYPTO);
    }
}

static void
test_bits (void)
{
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("server");
  guint8 transcript[PEERUP_PAIRING_TRANSCRIPT_LENGTH];
  g_autoptr (GBytes) sealed = seal (&here, offer, transcript);
  gsize length = g_bytes_get_size (sealed);

  for (gsize i = 0; i < length * 8; i++)
    {
      guint8 *changed = g_memdup2 (g_bytes_get_data (sealed, NULL), length);
      g_autoptr (GBytes) bytes = g_bytes_new_take (changed, length);

      changed[i / 8] ^= 1 << i % 8;
      assert_shut (&here, bytes, TRUE, PEERUP_ERROR_CRYPTO);
    }
}

static void
test_limits (void)
{
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("server");
  g_autoptr (GBytes) secret = make_secret (1), huge = NULL, sealed = NULL;
  g_autoptr (PeerupPeerId) inviter = pair_peer_new (2);
  g_autoptr (GError) error = NULL;

  huge = g_bytes_new_take (g_malloc0 (PEERUP_SEALED_MAX + 1), PEERUP_SEALED_MAX + 1);
  assert_shut (&here, huge, FALSE, PEERUP_ERROR_TOO_LARGE);
  g_strfreev (offer->services);
  offer->services = g_new0 (char *, PEERUP_PAIRING_SERVICES_MAX + 1);
  for (guint i = 0; i < PEERUP_PAIRING_SERVICES_MAX; i++)
    offer->services[i] = g_strdup_printf ("%060u", i);
  sealed = peerup_sealed_invite_seal (secret, NUMBER, inviter, NULL, offer, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (sealed), <=, PEERUP_SEALED_MAX);
  for (guint i = 0; i < PEERUP_PAIRING_SERVICES_MAX; i++)
    {
      g_free (offer->services[i]);
      offer->services[i] = g_strdup_printf ("%063u", i);
    }
  g_assert_null (peerup_sealed_invite_seal (secret, NUMBER, inviter, NULL, offer, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static void
test_pass (void)
{
  const Place places[] = { { 1, 0, 2, 0, NULL }, { 9, 0, 2, 0, NULL }, { 1, 0, 9, 0, NULL } };
  guint8 passes[G_N_ELEMENTS (places)][PEERUP_PASS_LENGTH], again[PEERUP_PASS_LENGTH];

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (GBytes) secret = make_secret (places[i].secret);
      g_autoptr (PeerupPeerId) inviter = pair_peer_new (places[i].inviter);

      peerup_sealed_invite_get_pass (secret, inviter, passes[i]);
      peerup_sealed_invite_get_pass (secret, inviter, again);
      g_assert_cmpmem (passes[i], sizeof passes[i], again, sizeof again);
    }
  g_assert_true (memcmp (passes[0], passes[1], PEERUP_PASS_LENGTH) != 0);
  g_assert_true (memcmp (passes[0], passes[2], PEERUP_PASS_LENGTH) != 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/sealed/there-and-back", test_there_and_back);
  g_test_add_func ("/pairing/sealed/fresh", test_fresh);
  g_test_add_func ("/pairing/sealed/other-places", test_other_places);
  g_test_add_func ("/pairing/sealed/truncated", test_truncated);
  g_test_add_func ("/pairing/sealed/bits", test_bits);
  g_test_add_func ("/pairing/sealed/limits", test_limits);
  g_test_add_func ("/pairing/sealed/pass", test_pass);
  return g_test_run ();
}
