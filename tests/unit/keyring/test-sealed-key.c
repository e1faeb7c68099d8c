/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The sealed form of a key: back as it was by the same secret, and by nothing else; cut anywhere, changed anywhere. */
#include "keyring/peerup-sealed-key.h"

#include <string.h>

/* Head, salt and check. */
#define BOUND  56
#define LENGTH (BOUND + 24 + 68 + 16)

static GBytes *
new_secret (guint8 first)
{
  guint8 data[64] = { first };

  return g_bytes_new (data, sizeof data);
}

static PeerupPrivateKey *
new_key (void)
{
  static const guint8 seed[32] = { 7 };
  g_autoptr (GError) error = NULL;
  PeerupPrivateKey *key = peerup_private_key_new_from_seed (seed, &error);

  g_assert_no_error (error);
  return key;
}

static GBytes *
seal (GBytes *secret)
{
  g_autoptr (PeerupPrivateKey) key = new_key ();
  g_autoptr (GError) error = NULL;
  GBytes *sealed = peerup_sealed_key_seal (secret, key, &error);

  g_assert_no_error (error);
  return sealed;
}

/* In memory of just that size, so that a byte too many is found. */
static void
assert_refused (GBytes *secret, const guint8 *data, gsize length, int code, const char *words)
{
  g_autofree guint8 *copy = length > 0 ? g_memdup2 (data, length) : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_sealed_key_open (secret, copy, length, &error));
  g_assert_error (error, PEERUP_ERROR, code);
  if (words != NULL)
    g_assert_nonnull (strstr (error->message, words));
}

static void
test_opens (void)
{
  g_autoptr (GBytes) secret = new_secret (1);
  g_autoptr (GBytes) sealed = seal (secret), again = seal (secret);
  g_autoptr (PeerupPrivateKey) key = new_key ();
  g_autoptr (GBytes) plain = peerup_private_key_to_protobuf (key);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPrivateKey) opened =
    peerup_sealed_key_open (secret, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), &error);
  g_autoptr (GBytes) back = opened != NULL ? peerup_private_key_to_protobuf (opened) : NULL;

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (plain, back));
  g_assert_cmpuint (g_bytes_get_size (sealed), ==, LENGTH);
  g_assert_cmpmem (g_bytes_get_data (sealed, NULL), 8, "PUPSEAL\1", 8);
  /* A salt of its own each time, and so nothing in common but the head. */
  g_assert_true (memcmp ((const guint8 *) g_bytes_get_data (sealed, NULL) + 8,
                         (const guint8 *) g_bytes_get_data (again, NULL) + 8, 32) != 0);
  g_assert_null (
    memmem (g_bytes_get_data (sealed, NULL), LENGTH, (const guint8 *) g_bytes_get_data (plain, NULL) + 4, 16));
}

static void
test_cut_short (void)
{
  g_autoptr (GBytes) secret = new_secret (1);
  g_autoptr (GBytes) sealed = seal (secret);
  const guint8 *data = g_bytes_get_data (sealed, NULL);
  guint8 longer[PEERUP_SEALED_KEY_MAX] = { 0 };

  for (gsize length = 0; length < LENGTH; length++)
    assert_refused (secret, data, length, PEERUP_ERROR_MALFORMED, length < 8 ? "no sealed identity key" : "cut short");
  memcpy (longer, data, LENGTH);
  assert_refused (secret, longer, LENGTH + 1, PEERUP_ERROR_MALFORMED, "changed");
  assert_refused (secret, longer, sizeof longer, PEERUP_ERROR_MALFORMED, "longer");
}

static void
test_changed (void)
{
  g_autoptr (GBytes) secret = new_secret (1);
  g_autoptr (GBytes) sealed = seal (secret);

  for (gsize at = 0; at < LENGTH; at++)
    {
      g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (sealed, NULL), LENGTH);

      data[at] ^= 0x10;
      if (at < 7)
        assert_refused (secret, data, LENGTH, PEERUP_ERROR_MALFORMED, "no sealed identity key");
      else if (at == 7)
        assert_refused (secret, data, LENGTH, PEERUP_ERROR_UNSUPPORTED, "version 17");
      else if (at < BOUND)
        assert_refused (secret, data, LENGTH, PEERUP_ERROR_CRYPTO, "another secret");
      else
        assert_refused (secret, data, LENGTH, PEERUP_ERROR_MALFORMED, "changed");
    }
}

static void
test_other_secret (void)
{
  g_autoptr (GBytes) secret = new_secret (1), other = new_secret (2), none = g_bytes_new_static ("short", 5);
  g_autoptr (GBytes) sealed = seal (secret);
  g_autoptr (PeerupPrivateKey) key = new_key ();
  g_autoptr (GError) error = NULL;

  assert_refused (other, g_bytes_get_data (sealed, NULL), LENGTH, PEERUP_ERROR_CRYPTO, "another secret");
  assert_refused (none, g_bytes_get_data (sealed, NULL), LENGTH, PEERUP_ERROR_CRYPTO, "5 bytes");
  g_assert_null (peerup_sealed_key_seal (none, key, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keyring/sealed-key/opens", test_opens);
  g_test_add_func ("/keyring/sealed-key/cut-short", test_cut_short);
  g_test_add_func ("/keyring/sealed-key/changed", test_changed);
  g_test_add_func ("/keyring/sealed-key/other-secret", test_other_secret);
  return g_test_run ();
}
