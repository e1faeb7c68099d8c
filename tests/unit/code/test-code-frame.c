/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The frame of a long code as symbols: what its check symbols promise. */
#include "codes.h"

static PeerupCodeBytes *
new_frame (guint length)
{
  g_autofree guint8 *payload = g_malloc (length + 1);

  for (guint i = 0; i < length; i++)
    payload[i] = (guint8) (i * 37 + 5);
  return peerup_code_frame_write (payload, length);
}

static gboolean
is_right (const guint8 *symbols, guint n)
{
  g_autoptr (PeerupCodeBytes) payload = peerup_code_frame_read (symbols, n);

  return payload != NULL;
}

static void
test_lengths (void)
{
  for (guint length = 0; length <= PEERUP_CODE_FRAME_PAYLOAD_MAX; length += length < 80 ? 1 : 37)
    {
      g_autoptr (PeerupCodeBytes) symbols = new_frame (length);
      g_autofree guint8 *exact = g_memdup2 (symbols->data, symbols->len);
      g_autoptr (PeerupCodeBytes) payload = peerup_code_frame_read (exact, symbols->len);
      /* 5 bits a symbol, format and length before and a checksum behind, 3 more for each 28. */
      guint data = 3 + ((length + 2) * 8 + 4) / 5;

      g_assert_nonnull (payload);
      g_assert_cmpuint (payload->len, ==, length);
      g_assert_cmpuint (symbols->len, ==, data + 3 * ((data + 27) / 28));
      for (guint i = 0; i < length; i++)
        g_assert_cmpuint (payload->data[i], ==, (guint8) (i * 37 + 5));
    }
}

/* The check symbols of one block, reckoned by hand with the powers of α in a table. */
static void
test_known_block (void)
{
  static const guint8 powers[31] = { 1,  2,  4, 8, 16, 5,  10, 20, 13, 26, 17, 7,  14, 28, 29, 31,
                                     27, 19, 3, 6, 12, 24, 21, 15, 30, 25, 23, 11, 22, 9,  18 };
  g_autoptr (PeerupCodeBytes) symbols = new_frame (20);

  /* A block has the roots α, α² and α³. */
  for (guint root = 1; root <= 3; root++)
    {
      guint8 value = 0;

      for (guint i = 0; i < 31; i++)
        {
          for (guint log = 0; log < 31; log++)
            {
              if (powers[log] == symbols->data[i])
                value ^= powers[(log + root * (30 - i)) % 31];
            }
        }
      g_assert_cmpuint (value, ==, 0);
    }
}

/* Any two wrong symbols of a block are never taken, nor taken for one elsewhere that would put all right. */
static void
test_two_in_a_block (void)
{
  g_autoptr (PeerupCodeBytes) symbols = new_frame (15);
  PeerupCodeFault fault;

  for (guint a = 1; a < 31; a++)
    {
      for (guint b = a + 1; b < 31; b++)
        {
          guint8 was_a = symbols->data[a], was_b = symbols->data[b];

          symbols->data[a] ^= (guint8) (1 + (a * b) % 31);
          symbols->data[b] ^= (guint8) (1 + (a + b) % 31);
          g_assert_false (is_right (symbols->data, symbols->len));
          if (peerup_code_frame_diagnose (symbols->data, symbols->len, &fault))
            g_assert_cmpint (fault.kind, ==, PEERUP_CODE_FAULT_SWAPPED);
          else
            g_assert_cmpint (fault.kind, ==, PEERUP_CODE_FAULT_SOMEWHERE);
          symbols->data[a] = was_a;
          symbols->data[b] = was_b;
        }
    }
}

/* A word of the block code added to a frame passes every block, and still the whole is not taken. */
static void
test_checksum (void)
{
  static const guint8 word[] = { 1, 14, 29, 10 }; /* the generator */
  g_autoptr (PeerupCodeBytes) symbols = new_frame (60);
  PeerupCodeFault fault;

  for (guint at = 3; at + 4 <= 31; at++)
    {
      g_autoptr (PeerupCodeBytes) copy = peerup_code_bytes_new (symbols->len);

      g_byte_array_append (copy, symbols->data, symbols->len);
      for (guint i = 0; i < 4; i++)
        copy->data[at + i] ^= word[i];
      g_assert_false (is_right (copy->data, copy->len));
      g_assert_false (peerup_code_frame_diagnose (copy->data, copy->len, &fault));
      g_assert_cmpint (fault.kind, ==, PEERUP_CODE_FAULT_SOMEWHERE);
      g_assert_cmpuint (fault.first, ==, 0);
      g_assert_cmpuint (fault.last, ==, copy->len - 1);
    }
}

static void
test_several_blocks (void)
{
  g_autoptr (PeerupCodeBytes) symbols = new_frame (100);
  PeerupCodeFault fault;

  symbols->data[40] ^= 1;
  symbols->data[70] ^= 2;
  symbols->data[130] ^= 31;
  g_assert_true (peerup_code_frame_diagnose (symbols->data, symbols->len, &fault));
  g_assert_cmpint (fault.kind, ==, PEERUP_CODE_FAULT_WRONG);
  g_assert_cmpuint (fault.first, ==, 40);
  g_assert_cmpuint (fault.count, ==, 3);
}

/* Anything at all is answered with places that are there, from memory that ends where it should. */
static void
test_noise (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (9);

  for (guint i = 0; i < 1500; i++)
    {
      guint n = (guint) g_rand_int_range (rand, 1, i % 100 == 0 ? 4000 : 200);
      g_autofree guint8 *symbols = g_malloc (n);
      PeerupCodeFault fault;

      for (guint j = 0; j < n; j++)
        symbols[j] = (guint8) g_rand_int_range (rand, 0, 32);
      symbols[0] = 22;
      g_assert_false (is_right (symbols, n));
      g_assert_false (peerup_code_frame_diagnose (symbols, n, &fault));
      g_assert_cmpuint (fault.first, <=, n);
      g_assert_cmpuint (fault.last, <=, n);
      g_assert_cmpuint (fault.first, <=, fault.last);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/frame/lengths", test_lengths);
  g_test_add_func ("/code/frame/known-block", test_known_block);
  g_test_add_func ("/code/frame/two-in-a-block", test_two_in_a_block);
  g_test_add_func ("/code/frame/checksum", test_checksum);
  g_test_add_func ("/code/frame/several-blocks", test_several_blocks);
  g_test_add_func ("/code/frame/noise", test_noise);
  return g_test_run ();
}
