/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-varint.h"

#include <string.h>

typedef struct
{
  guint64 value;
  const char *bytes;
  gsize size;
} Vector;

static const Vector vectors[] = {
  { 0, "\x00", 1 },
  { 1, "\x01", 1 },
  { 127, "\x7f", 1 },
  { 128, "\x80\x01", 2 },
  { 255, "\xff\x01", 2 },
  { 300, "\xac\x02", 2 },
  { 16384, "\x80\x80\x01", 3 },
  { G_MAXUINT32, "\xff\xff\xff\xff\x0f", 5 },
  { PEERUP_VARINT_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9 },
};

static PeerupDecode
decode (const char *bytes, gsize length, guint64 *value, gsize *consumed)
{
  g_autofree guint8 *exact = g_memdup2 (bytes, length);

  *value = 4711;
  *consumed = 4712;
  return peerup_varint_decode (exact, length, value, consumed);
}

static void
test_vectors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      const Vector *v = &vectors[i];
      g_autoptr (GByteArray) appended = g_byte_array_new ();
      guint8 out[PEERUP_VARINT_SIZE_MAX];
      guint64 value;
      gsize consumed;

      g_assert_cmpint (decode (v->bytes, v->size, &value, &consumed), ==, PEERUP_DECODE_DONE);
      g_assert_cmpuint (value, ==, v->value);
      g_assert_cmpuint (consumed, ==, v->size);

      g_assert_cmpuint (peerup_varint_size (v->value), ==, v->size);
      g_assert_cmpuint (peerup_varint_encode (v->value, out, sizeof out), ==, v->size);
      g_assert_cmpmem (out, v->size, v->bytes, v->size);
      peerup_varint_append (appended, v->value);
      g_assert_cmpmem (appended->data, appended->len, v->bytes, v->size);
    }
}

static void
test_stops_at_the_end (void)
{
  guint64 value;
  gsize consumed;

  g_assert_cmpint (decode ("\xac\x02\xff\xff", 4, &value, &consumed), ==, PEERUP_DECODE_DONE);
  g_assert_cmpuint (value, ==, 300);
  g_assert_cmpuint (consumed, ==, 2);
}

static void
test_truncation (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      for (gsize length = 0; length < vectors[i].size; length++)
        {
          guint64 value;
          gsize consumed;

          g_assert_cmpint (decode (vectors[i].bytes, length, &value, &consumed), ==, PEERUP_DECODE_NEED_MORE);
          g_assert_cmpuint (value, ==, 4711);
          g_assert_cmpuint (consumed, ==, 4712);
        }
    }
}

static void
test_short_buffers (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      for (gsize capacity = 0; capacity < vectors[i].size; capacity++)
        {
          g_autofree guint8 *out = g_malloc0 (capacity + 1);

          g_assert_cmpuint (peerup_varint_encode (vectors[i].value, out, capacity), ==, 0);
          g_assert_cmpuint (out[0], ==, 0);
        }
    }
}

/* Section 4, row 25 and row 6: padded and endless varints. */
static void
test_malformed (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
  } bad[] = {
    { "\x80\x00", 2 },
    { "\x81\x00", 2 },
    { "\xff\x80\x00", 3 },
    { "\x80\x80\x80\x80\x80\x80\x80\x80\x00", 9 },
    /* Nine bytes that go on: 2 to the power of 63, and eleven bytes. */
    { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10 },
    { "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
    { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      guint64 value;
      gsize consumed;

      g_assert_cmpint (decode (bad[i].bytes, bad[i].length, &value, &consumed), ==, PEERUP_DECODE_MALFORMED);
      g_assert_cmpuint (value, ==, 4711);
    }
}

static void
test_refuses_64_bits (void)
{
  guint8 out[16];

  g_assert_cmpuint (peerup_varint_size (PEERUP_VARINT_MAX + 1), ==, 0);
  g_assert_cmpuint (peerup_varint_encode (PEERUP_VARINT_MAX + 1, out, sizeof out), ==, 0);
  g_assert_cmpuint (peerup_varint_encode (G_MAXUINT64, out, sizeof out), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/varint/vectors", test_vectors);
  g_test_add_func ("/wire/varint/stops-at-the-end", test_stops_at_the_end);
  g_test_add_func ("/wire/varint/truncation", test_truncation);
  g_test_add_func ("/wire/varint/short-buffers", test_short_buffers);
  g_test_add_func ("/wire/varint/malformed", test_malformed);
  g_test_add_func ("/wire/varint/refuses-64-bits", test_refuses_64_bits);
  return g_test_run ();
}
