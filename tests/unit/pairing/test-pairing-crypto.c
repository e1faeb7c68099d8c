/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Hashes of lists of strings, and seals that come in order. */

#include "pairing/peerup-pairing-crypto.h"

#include <string.h>

static void
hash (const char *label, const char *one, const char *other, const char *key, guint8 out[PEERUP_PAIRING_HASH_LENGTH])
{
  PeerupPairingHash state;

  peerup_pairing_hash_init (&state, (const guint8 *) key, key != NULL ? strlen (key) : 0, PEERUP_PAIRING_HASH_LENGTH,
                            label);
  peerup_pairing_hash_add_text (&state, one);
  if (other != NULL)
    peerup_pairing_hash_add_text (&state, other);
  peerup_pairing_hash_finish (&state, out);
}

/* Where one string ends and the next begins counts. */
static void
test_hash (void)
{
  const struct
  {
    const char *label, *one, *other, *key;
  } lists[] = {
    { "l", "ab", "c", NULL },
    { "l", "a", "bc", NULL },
    { "l", "abc", NULL, NULL },
    { "l", "abc", "", NULL },
    { "la", "b", "c", NULL },
    { "l", "ab", "c", "0123456789abcdef" },
    { "l", "ab", "c", "0123456789abcdeg" },
  };
  guint8 hashes[G_N_ELEMENTS (lists)][PEERUP_PAIRING_HASH_LENGTH], again[PEERUP_PAIRING_HASH_LENGTH];

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      hash (lists[i].label, lists[i].one, lists[i].other, lists[i].key, hashes[i]);
      hash (lists[i].label, lists[i].one, lists[i].other, lists[i].key, again);
      g_assert_cmpmem (hashes[i], sizeof again, again, sizeof again);
      for (guint j = 0; j < i; j++)
        g_assert_true (memcmp (hashes[i], hashes[j], sizeof again) != 0);
    }
}

static void
test_seal (void)
{
  PeerupPairingSeal sender = { .key = { 1 } }, receiver = sender, late = sender, other = { .key = { 2 } };
  guint8 bound[PEERUP_PAIRING_HASH_LENGTH] = { 3 }, elsewhere[PEERUP_PAIRING_HASH_LENGTH] = { 4 };
  g_autoptr (GBytes) first = peerup_pairing_seal_close (&sender, bound, "text", 4);
  g_autoptr (GBytes) second = peerup_pairing_seal_close (&sender, bound, "text", 4), opened = NULL;
  gsize length;
  const guint8 *data = g_bytes_get_data (first, &length), *next = g_bytes_get_data (second, NULL);

  g_assert_cmpuint (length, ==, 4 + PEERUP_PAIRING_SEAL_LENGTH);
  g_assert_false (g_bytes_equal (first, second));
  g_assert_null (peerup_pairing_seal_open (&other, bound, data, length));
  g_assert_null (peerup_pairing_seal_open (&receiver, elsewhere, data, length));
  g_assert_null (peerup_pairing_seal_open (&late, bound, next, length));
  opened = peerup_pairing_seal_open (&receiver, bound, data, length);
  g_assert_nonnull (opened);
  g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), "text", 4);
  g_assert_null (peerup_pairing_seal_open (&receiver, bound, data, length));
  g_clear_pointer (&opened, g_bytes_unref);
  opened = peerup_pairing_seal_open (&receiver, bound, next, length);
  g_assert_nonnull (opened);
}

static void
test_truncated (void)
{
  PeerupPairingSeal sender = { .key = { 1 } }, receiver = sender;
  const guint8 bound[PEERUP_PAIRING_HASH_LENGTH] = { 3 };
  g_autoptr (GBytes) sealed = peerup_pairing_seal_close (&sender, bound, "text", 4);

  for (gsize i = 0; i < g_bytes_get_size (sealed); i++)
    {
      g_autofree guint8 *cut = g_malloc (MAX (i, 1));

      memcpy (cut, g_bytes_get_data (sealed, NULL), i);
      g_assert_null (peerup_pairing_seal_open (&receiver, bound, cut, i));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  peerup_pairing_crypto_init ();
  g_test_add_func ("/pairing/crypto/hash", test_hash);
  g_test_add_func ("/pairing/crypto/seal", test_seal);
  g_test_add_func ("/pairing/crypto/truncated", test_truncated);
  return g_test_run ();
}
