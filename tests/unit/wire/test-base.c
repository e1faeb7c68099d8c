/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-base.h"

#include <string.h>

#define VECTOR(base, data, text) { base, data, sizeof (data) - 1, text }

/* From the multibase specification, RFC 4648 and the base58 draft. */
static const struct
{
  PeerupBase base;
  const char *data;
  gsize length;
  const char *text;
} vectors[] = {
  VECTOR (PEERUP_BASE32_LOWER, "", ""),
  VECTOR (PEERUP_BASE32_LOWER, "f", "my"),
  VECTOR (PEERUP_BASE32_LOWER, "fo", "mzxq"),
  VECTOR (PEERUP_BASE32_LOWER, "foo", "mzxw6"),
  VECTOR (PEERUP_BASE32_LOWER, "foob", "mzxw6yq"),
  VECTOR (PEERUP_BASE32_LOWER, "fooba", "mzxw6ytb"),
  VECTOR (PEERUP_BASE32_LOWER, "foobar", "mzxw6ytboi"),
  VECTOR (PEERUP_BASE32_LOWER, "yes mani !", "pfsxgidnmfxgsibb"),
  VECTOR (PEERUP_BASE32_UPPER, "yes mani !", "PFSXGIDNMFXGSIBB"),
  VECTOR (PEERUP_BASE36, "", ""),
  VECTOR (PEERUP_BASE36, "yes mani !", "2lcpzo5yikidynfl"),
  VECTOR (PEERUP_BASE36, "\0yes mani !", "02lcpzo5yikidynfl"),
  VECTOR (PEERUP_BASE36, "\0\0yes mani !", "002lcpzo5yikidynfl"),
  VECTOR (PEERUP_BASE58, "", ""),
  VECTOR (PEERUP_BASE58, "\0", "1"),
  VECTOR (PEERUP_BASE58, "\0\0\0\0\0", "11111"),
  VECTOR (PEERUP_BASE58, "yes mani !", "7paNL19xttacUY"),
  VECTOR (PEERUP_BASE58, "\0\0yes mani !", "117paNL19xttacUY"),
  VECTOR (PEERUP_BASE58, "Hello World!", "2NEpo7TZRRrLZSi2U"),
  VECTOR (PEERUP_BASE58, "\0\0\x28\x7f\xb4\xcd", "11233QC4"),
  VECTOR (PEERUP_BASE58, "The quick brown fox jumps over the lazy dog.",
          "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"),
  VECTOR (PEERUP_BASE64_URL, "", ""),
  VECTOR (PEERUP_BASE64_URL, "f", "Zg"),
  VECTOR (PEERUP_BASE64_URL, "\xfb\xff", "-_8"),
  VECTOR (PEERUP_BASE64_URL, "yes mani !", "eWVzIG1hbmkgIQ"),
};

static const PeerupBase all[] = { PEERUP_BASE32_LOWER, PEERUP_BASE32_UPPER, PEERUP_BASE36, PEERUP_BASE58,
                                  PEERUP_BASE64_URL };

static void
test_vectors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *text = peerup_base_encode (vectors[i].base, vectors[i].data, vectors[i].length);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) data = NULL;

      g_assert_cmpstr (text, ==, vectors[i].text);
      data = peerup_base_decode (vectors[i].base, text, strlen (text), vectors[i].length, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (g_bytes_get_data (data, NULL), g_bytes_get_size (data), vectors[i].data, vectors[i].length);
    }
}

static void
assert_refused (PeerupBase base, const char *text, gsize max, PeerupError code)
{
  g_autofree char *exact = g_memdup2 (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) data = peerup_base_decode (base, exact, strlen (text), max, &error);

  g_assert_null (data);
  g_assert_error (error, PEERUP_ERROR, code);
}

static void
test_malformed (void)
{
  /* Wrong case, excluded letters, white space, padding. */
  assert_refused (PEERUP_BASE32_LOWER, "MZXW6", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE32_UPPER, "mzxw6", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE32_LOWER, "mzxw1", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE32_LOWER, "my======", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE36, "2LCPZO", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE58, "0", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE58, "O", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE58, "I", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE58, "l", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE58, "2NEpo7TZRRrLZSi2U\n", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE58, "1 1", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE64_URL, "+/8", 64, PEERUP_ERROR_MALFORMED);
  /* Lengths that no bytes have, and spare bits that are set. */
  assert_refused (PEERUP_BASE32_LOWER, "a", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE32_LOWER, "aaa", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE32_LOWER, "aaaaaa", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE32_LOWER, "mz", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE64_URL, "Z", 64, PEERUP_ERROR_MALFORMED);
  assert_refused (PEERUP_BASE64_URL, "Zh", 64, PEERUP_ERROR_MALFORMED);
}

static void
test_nul_is_no_digit (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_base_decode (all[i], "\0", 1, 8, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

/* The cap is exact: a text for max bytes decodes, one for max + 1 does not. */
static void
test_cap (void)
{
  static const gsize sizes[] = { 1, 2, 31, 32, 33, PEERUP_BASE_BYTES_MAX };
  static const guint8 fills[] = { 0x00, 0x01, 0xff };

  for (gsize i = 0; i < G_N_ELEMENTS (all) * G_N_ELEMENTS (sizes) * G_N_ELEMENTS (fills); i++)
    {
      PeerupBase base = all[i % G_N_ELEMENTS (all)];
      gsize size = sizes[i / G_N_ELEMENTS (all) % G_N_ELEMENTS (sizes)];
      guint8 fill = fills[i / G_N_ELEMENTS (all) / G_N_ELEMENTS (sizes)];
      g_autofree guint8 *data = g_malloc (size);
      g_autoptr (GBytes) decoded = NULL;
      g_autofree char *text = NULL;

      memset (data, fill, size);
      text = peerup_base_encode (base, data, size);
      decoded = peerup_base_decode (base, text, strlen (text), size, NULL);
      g_assert_nonnull (decoded);
      g_assert_cmpmem (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), data, size);
      assert_refused (base, text, size - 1, PEERUP_ERROR_TOO_LARGE);
    }
}

/* Refused by its length, before any arithmetic. */
static void
test_huge (void)
{
  g_autofree char *text = g_strnfill (4 * 1024 * 1024, 'a');

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    assert_refused (all[i], text, PEERUP_BASE_BYTES_MAX, PEERUP_ERROR_TOO_LARGE);
}

static void
test_multibase (void)
{
  static const struct
  {
    PeerupBase base;
    const char *text;
  } forms[] = {
    { PEERUP_BASE32_LOWER, "bpfsxgidnmfxgsibb" }, { PEERUP_BASE32_UPPER, "BPFSXGIDNMFXGSIBB" },
    { PEERUP_BASE36, "k2lcpzo5yikidynfl" },       { PEERUP_BASE58, "z7paNL19xttacUY" },
    { PEERUP_BASE64_URL, "ueWVzIG1hbmkgIQ" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autofree char *text = peerup_multibase_encode (forms[i].base, "yes mani !", 10);
      g_autoptr (GBytes) data = peerup_multibase_decode (forms[i].text, strlen (forms[i].text), 10, NULL);

      g_assert_cmpstr (text, ==, forms[i].text);
      g_assert_nonnull (data);
      g_assert_cmpmem (g_bytes_get_data (data, NULL), g_bytes_get_size (data), "yes mani !", 10);
    }
}

static void
test_multibase_unknown (void)
{
  static const char *const bad[] = { "", "f00", "m00", "\xff", "K2lcpzo5yikidynfl" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_multibase_decode (bad[i], strlen (bad[i]), 64, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/base/vectors", test_vectors);
  g_test_add_func ("/wire/base/malformed", test_malformed);
  g_test_add_func ("/wire/base/nul-is-no-digit", test_nul_is_no_digit);
  g_test_add_func ("/wire/base/cap", test_cap);
  g_test_add_func ("/wire/base/huge", test_huge);
  g_test_add_func ("/wire/multibase/vectors", test_multibase);
  g_test_add_func ("/wire/multibase/unknown", test_multibase_unknown);
  return g_test_run ();
}
