/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "identity/peerup-der.h"

#include "identity-test.h"

static gboolean
reads (const char *hex, PeerupDerTag tag, gsize expected)
{
  g_autoptr (GBytes) bytes = test_hex (hex);
  g_autofree guint8 *exact = g_memdup2 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  PeerupReader reader = PEERUP_READER_INIT (exact, g_bytes_get_size (bytes));
  PeerupReader content, whole;

  if (!peerup_der_read (&reader, tag, &content, &whole))
    {
      g_assert_true (reader.data == exact && reader.left == g_bytes_get_size (bytes));
      return FALSE;
    }
  g_assert_cmpuint (content.left, ==, expected);
  g_assert_true (whole.data == exact && content.data + content.left == whole.data + whole.left);
  g_assert_true (reader.data == whole.data + whole.left);
  return TRUE;
}

static void
test_read (void)
{
  g_autofree char *of_128 = g_strdup_printf ("048180%0256d", 0);
  g_autofree char *of_256 = g_strdup_printf ("04820100%0512d", 0);

  g_assert_true (reads ("0400", PEERUP_DER_OCTET_STRING, 0));
  g_assert_true (reads ("0402aabb00", PEERUP_DER_OCTET_STRING, 2));
  g_assert_true (reads (of_128, PEERUP_DER_OCTET_STRING, 128));
  g_assert_true (reads (of_256, PEERUP_DER_OCTET_STRING, 256));
}

static void
test_refused (void)
{
  g_autofree char *long_of_127 = g_strdup_printf ("04817f%0254d", 0);
  g_autofree char *padded_of_128 = g_strdup_printf ("04820080%0256d", 0);

  g_assert_false (reads ("0400", PEERUP_DER_SEQUENCE, 0)); /* another tag */
  g_assert_false (reads ("", PEERUP_DER_SEQUENCE, 0));
  g_assert_false (reads ("04", PEERUP_DER_OCTET_STRING, 0));
  g_assert_false (reads ("0401", PEERUP_DER_OCTET_STRING, 1));
  g_assert_false (reads ("04800000", PEERUP_DER_OCTET_STRING, 0)); /* indefinite */
  g_assert_false (reads ("048101aa", PEERUP_DER_OCTET_STRING, 1)); /* not minimal */
  g_assert_false (reads (long_of_127, PEERUP_DER_OCTET_STRING, 127));
  g_assert_false (reads (padded_of_128, PEERUP_DER_OCTET_STRING, 128));
  g_assert_false (reads ("0484ffffffff", PEERUP_DER_OCTET_STRING, 0)); /* four bytes of length */
  g_assert_false (reads ("0483ffffff", PEERUP_DER_OCTET_STRING, 0));
}

static void
test_optional (void)
{
  const guint8 data[] = { 0x01, 0x01, 0xff };
  PeerupReader reader = PEERUP_READER_INIT (data, sizeof data);
  PeerupReader content;

  g_assert_true (peerup_der_read_optional (&reader, PEERUP_DER_CONTEXT_3, &content));
  g_assert_null (content.data);
  g_assert_true (peerup_der_read_optional (&reader, PEERUP_DER_BOOLEAN, &content));
  g_assert_cmpuint (content.left, ==, 1);
  g_assert_true (peerup_der_read_optional (&reader, PEERUP_DER_BOOLEAN, &content));
  g_assert_null (content.data);

  reader = (PeerupReader) PEERUP_READER_INIT (data, 2);
  g_assert_false (peerup_der_read_optional (&reader, PEERUP_DER_BOOLEAN, &content));
}

static gboolean
positive (const char *hex, const char *expected)
{
  g_autoptr (GBytes) bytes = test_hex (hex);
  g_autoptr (GBytes) magnitude = test_hex (expected);
  PeerupReader reader = PEERUP_READER_INIT (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  PeerupReader found;

  return peerup_der_read_positive (&reader, &found) &&
         peerup_der_equal (&found, g_bytes_get_data (magnitude, NULL), g_bytes_get_size (magnitude));
}

static void
test_integers (void)
{
  g_assert_true (positive ("020101", "01"));
  g_assert_true (positive ("02020080", "80"));
  g_assert_false (positive ("0200", ""));
  g_assert_false (positive ("020100", "00"));   /* zero */
  g_assert_false (positive ("020180", "80"));   /* negative */
  g_assert_false (positive ("0202007f", "7f")); /* not minimal */
}

static void
test_bits (void)
{
  const guint8 whole[] = { 0x03, 0x02, 0x00, 0xaa };
  const guint8 part[] = { 0x03, 0x02, 0x01, 0xaa };
  const guint8 nothing[] = { 0x03, 0x00 };
  PeerupReader bits, reader = PEERUP_READER_INIT (whole, sizeof whole);

  g_assert_true (peerup_der_read_bits (&reader, &bits));
  g_assert_true (peerup_der_equal (&bits, "\xaa", 1));
  reader = (PeerupReader) PEERUP_READER_INIT (part, sizeof part);
  g_assert_false (peerup_der_read_bits (&reader, &bits));
  reader = (PeerupReader) PEERUP_READER_INIT (nothing, sizeof nothing);
  g_assert_false (peerup_der_read_bits (&reader, &bits));
}

static gboolean
reads_time (guint8 tag, const char *text, gint64 expected)
{
  g_autoptr (GByteArray) der = der_add (g_byte_array_new (), tag, text, strlen (text));
  PeerupReader reader = PEERUP_READER_INIT (der->data, der->len);
  gint64 seconds;

  return peerup_der_read_time (&reader, &seconds) && seconds == expected && reader.left == 0;
}

static void
test_times (void)
{
  g_assert_true (reads_time (PEERUP_DER_UTC_TIME, "700101000000Z", 0));
  g_assert_true (reads_time (PEERUP_DER_UTC_TIME, "500101000000Z", -631152000));
  g_assert_true (reads_time (PEERUP_DER_UTC_TIME, "491231235959Z", 2524607999));
  g_assert_true (reads_time (PEERUP_DER_GENERALIZED_TIME, "20500101000000Z", 2524608000));
  g_assert_true (reads_time (PEERUP_DER_GENERALIZED_TIME, "99991231235959Z", 253402300799));
  g_assert_true (reads_time (PEERUP_DER_GENERALIZED_TIME, "20240229120000Z", 1709208000));
  g_assert_false (reads_time (PEERUP_DER_GENERALIZED_TIME, "20230229120000Z", 1677672000));
  g_assert_false (reads_time (PEERUP_DER_GENERALIZED_TIME, "2120010100000Z", 4733510400));
  g_assert_false (reads_time (PEERUP_DER_GENERALIZED_TIME, "21200101000000", 4733510400));
  g_assert_false (reads_time (PEERUP_DER_GENERALIZED_TIME, "21200101000000.5Z", 4733510400));
  g_assert_false (reads_time (PEERUP_DER_GENERALIZED_TIME, "21200101000000+0100", 4733506800));
  g_assert_false (reads_time (PEERUP_DER_UTC_TIME, "7001010000Z", 0));
  g_assert_false (reads_time (PEERUP_DER_UTC_TIME, "70010100000-Z", 0));
  g_assert_false (reads_time (PEERUP_DER_OCTET_STRING, "700101000000Z", 0));
}

static void
test_oids (void)
{
  static const struct
  {
    const char *hex, *text;
  } oids[] = {
    { "2b0601040183a25a0101", "1.3.6.1.4.1.53594.1.1" },
    { "551d13", "2.5.29.19" },
    { "8837", "2.999" },
    { "", "invalid" },
    { "2b86", "invalid" },
    { "2bffffffffffffffffffff7f", "invalid" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (oids); i++)
    {
      g_autoptr (GBytes) bytes = test_hex (oids[i].hex);
      PeerupReader oid = PEERUP_READER_INIT (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_autofree char *text = peerup_der_oid_to_string (&oid);

      g_assert_cmpstr (text, ==, oids[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/der/read", test_read);
  g_test_add_func ("/identity/der/refused", test_refused);
  g_test_add_func ("/identity/der/optional", test_optional);
  g_test_add_func ("/identity/der/integers", test_integers);
  g_test_add_func ("/identity/der/bits", test_bits);
  g_test_add_func ("/identity/der/times", test_times);
  g_test_add_func ("/identity/der/oids", test_oids);
  return g_test_run ();
}
