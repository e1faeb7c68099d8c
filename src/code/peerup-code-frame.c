/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The check characters of a long code, and what they tell of a mistake. Pure functions of symbols of five bits; no
 * symbol is ever corrected for a caller. What stands where:
 *
 *   P  length (2)  payload and the first two bytes of its SHA-256
 *
 * cut into blocks of 28, each followed by three check symbols of a Reed-Solomon code over GF(32) with x⁵ + x² + 1,
 * whose generator has the roots α, α² and α³. Words of it differ in four symbols at least: one wrong symbol of a block
 * is located, two are never taken for one. What slips through all the same fails by the SHA-256.
 */
#include "code/peerup-code-private.h"

#include <sodium.h>
#include <string.h>

#include "wire/peerup-bytes.h"

/* 'P' by its value. No code of the original's begins with it, and none of ours in an alphabet of theirs. */
#define FORMAT       22
#define HEADER       3
#define CHECKSUM     2
#define BLOCK_DATA   28
#define BLOCK_CHECKS 3
#define BLOCK        (BLOCK_DATA + BLOCK_CHECKS)

/* x³ + 14x² + 29x + 10: (x - α) (x - α²) (x - α³), without its first term. */
static const guint8 generator[BLOCK_CHECKS] = { 14, 29, 10 };

static guint8
times_alpha (guint8 a)
{
  return (guint8) ((a << 1 ^ (a & 16 ? 0x25 : 0)) & 31);
}

static guint8
multiply (guint8 a, guint8 b)
{
  guint8 product = 0;

  for (; b != 0; b >>= 1, a = times_alpha (a))
    product ^= b & 1 ? a : 0;
  return product;
}

static void
get_checks (const guint8 *data, guint n, guint8 checks[BLOCK_CHECKS])
{
  memset (checks, 0, BLOCK_CHECKS);
  for (guint i = 0; i < n; i++)
    {
      guint8 first = data[i] ^ checks[0];

      checks[0] = checks[1] ^ multiply (first, generator[0]);
      checks[1] = checks[2] ^ multiply (first, generator[1]);
      checks[2] = multiply (first, generator[2]);
    }
}

/* The values at α, α² and α³: all zero for a block that is right. */
static void
get_syndromes (const guint8 *block, guint n, guint8 syndromes[BLOCK_CHECKS])
{
  memset (syndromes, 0, BLOCK_CHECKS);
  for (guint i = 0; i < n; i++)
    {
      for (guint j = 0; j < BLOCK_CHECKS; j++)
        {
          for (guint k = 0; k <= j; k++)
            syndromes[j] = times_alpha (syndromes[j]);
          syndromes[j] ^= block[i];
        }
    }
}

static gboolean
is_right (const guint8 *block, guint n)
{
  guint8 syndromes[BLOCK_CHECKS];

  get_syndromes (block, n, syndromes);
  return n > BLOCK_CHECKS && (syndromes[0] | syndromes[1] | syndromes[2]) == 0;
}

/* If one wrong symbol explains a block that is not right: which, and the difference to the right one. An error e at the
 * place of α to the p makes the syndromes e·α^p, e·α^2p and e·α^3p. */
static gboolean
locate (const guint8 *block, guint n, guint *index, guint8 *difference)
{
  guint8 syndromes[BLOCK_CHECKS], x = 1;

  get_syndromes (block, n, syndromes);
  if (syndromes[0] == 0)
    return FALSE;
  for (guint i = n; i-- > 0; x = times_alpha (x))
    {
      if (multiply (syndromes[0], x) != syndromes[1] || multiply (syndromes[1], x) != syndromes[2])
        continue;
      *index = i;
      for (*difference = 1; multiply (*difference, x) != syndromes[0];)
        (*difference)++;
      return TRUE;
    }
  return FALSE;
}

static guint
count_symbols (guint n_bytes)
{
  guint data = HEADER + (8 * n_bytes + 4) / 5;

  return data + BLOCK_CHECKS * ((data + BLOCK_DATA - 1) / BLOCK_DATA);
}

static guint16
get_checksum (const guint8 *payload, gsize length)
{
  guint8 digest[crypto_hash_sha256_BYTES];

  crypto_hash_sha256 (digest, payload, length);
  return peerup_load_be16 (digest);
}

PeerupCodeBytes *
peerup_code_frame_write (const guint8 *payload, gsize length)
{
  g_autoptr (PeerupCodeBytes) bytes = peerup_code_bytes_new (length + CHECKSUM);
  g_autoptr (PeerupCodeBytes) data = peerup_code_bytes_new (2 * length + HEADER + 4);
  PeerupCodeBytes *symbols = peerup_code_bytes_new (count_symbols ((guint) length + CHECKSUM));
  guint8 header[HEADER] = { FORMAT }, checksum[CHECKSUM], checks[BLOCK_CHECKS];

  g_assert (length <= PEERUP_CODE_FRAME_PAYLOAD_MAX);
  peerup_store_be16 (checksum, get_checksum (payload, length));
  g_byte_array_append (bytes, payload, (guint) length);
  g_byte_array_append (bytes, checksum, CHECKSUM);
  header[1] = (guint8) (bytes->len >> 5);
  header[2] = bytes->len & 31;
  g_byte_array_append (data, header, HEADER);
  peerup_code_symbols_from_bytes (data, bytes->data, bytes->len);
  for (guint i = 0; i < data->len; i += BLOCK_DATA)
    {
      guint n = MIN (data->len - i, BLOCK_DATA);

      get_checks (data->data + i, n, checks);
      g_byte_array_append (symbols, data->data + i, n);
      g_byte_array_append (symbols, checks, BLOCK_CHECKS);
    }
  g_assert (symbols->len == count_symbols (bytes->len));
  return symbols;
}

PeerupCodeBytes *
peerup_code_frame_read (const guint8 *symbols, guint n)
{
  g_autoptr (PeerupCodeBytes) data = peerup_code_bytes_new (n);
  g_autoptr (PeerupCodeBytes) bytes = peerup_code_bytes_new (n);
  guint n_spare;

  for (guint i = 0; i < n; i += BLOCK)
    {
      guint n_block = MIN (n - i, BLOCK);

      if (!is_right (symbols + i, n_block))
        return NULL;
      g_byte_array_append (data, symbols + i, n_block - BLOCK_CHECKS);
    }
  if (data->len < HEADER || data->data[0] != FORMAT || n != count_symbols (data->data[1] * 32u + data->data[2]))
    return NULL;
  if (peerup_code_symbols_to_bytes (data->data + HEADER, data->len - HEADER, bytes, &n_spare) != 0 ||
      bytes->len != data->data[1] * 32u + data->data[2] || bytes->len < CHECKSUM)
    return NULL;
  if (peerup_load_be16 (bytes->data + bytes->len - CHECKSUM) != get_checksum (bytes->data, bytes->len - CHECKSUM))
    return NULL;
  g_byte_array_set_size (bytes, bytes->len - CHECKSUM);
  return g_steal_pointer (&bytes);
}

/* What may be wrong. Each guess is made on a copy, and holds if every check of the whole does. */

/* @block is looked at first, as it is what was wrong. */
static gboolean
holds (const GByteArray *symbols, guint block)
{
  g_autoptr (PeerupCodeBytes) payload = NULL;

  if (block < symbols->len && !is_right (symbols->data + block, MIN (symbols->len - block, BLOCK)))
    return FALSE;
  payload = peerup_code_frame_read (symbols->data, symbols->len);
  return payload != NULL;
}

static PeerupCodeBytes *
copy_symbols (const guint8 *symbols, guint n, guint room)
{
  PeerupCodeBytes *copy = peerup_code_bytes_new (room);

  g_byte_array_append (copy, symbols, n);
  return copy;
}

/* One wrong symbol in one or several blocks. */
static gboolean
guess_wrong (const guint8 *symbols, guint n, PeerupCodeFault *fault)
{
  g_autoptr (PeerupCodeBytes) copy = copy_symbols (symbols, n, n);
  guint count = 0, index;
  guint8 difference;

  for (guint i = 0; i < n; i += BLOCK)
    {
      guint n_block = MIN (n - i, BLOCK);

      if (is_right (symbols + i, n_block))
        continue;
      if (n_block <= BLOCK_CHECKS || !locate (symbols + i, n_block, &index, &difference))
        return FALSE;
      copy->data[i + index] ^= difference;
      if (count++ == 0)
        *fault = (PeerupCodeFault) { PEERUP_CODE_FAULT_WRONG, i + index, i + index, 0 };
    }
  fault->count = count;
  return count > 0 && holds (copy, fault->first - fault->first % BLOCK);
}

static void
swap (guint8 *symbols)
{
  guint8 first = symbols[0];

  symbols[0] = symbols[1];
  symbols[1] = first;
}

/* From the last symbol before the block, as the other one may be that. */
static gboolean
guess_swapped (const guint8 *symbols, guint n, guint block, PeerupCodeFault *fault)
{
  g_autoptr (PeerupCodeBytes) copy = copy_symbols (symbols, n, n);

  for (guint i = block > 0 ? block - 1 : 0; i + 1 < n && i < block + BLOCK; i++)
    {
      swap (copy->data + i);
      if (holds (copy, block))
        {
          *fault = (PeerupCodeFault) { PEERUP_CODE_FAULT_SWAPPED, i, i + 1, 2 };
          return TRUE;
        }
      swap (copy->data + i);
    }
  return FALSE;
}

/* A symbol of any value is put in; the block then locates it, and says the value. */
static gboolean
guess_missing (const guint8 *symbols, guint n, guint block, PeerupCodeFault *fault)
{
  for (guint i = block; i <= n && i < block + BLOCK; i++)
    {
      g_autoptr (PeerupCodeBytes) copy = copy_symbols (symbols, i, n + 1);
      guint index;
      guint8 difference;

      g_byte_array_append (copy, &(guint8) { 0 }, 1);
      g_byte_array_append (copy, symbols + i, n - i);
      if (locate (copy->data + block, MIN (copy->len - block, BLOCK), &index, &difference) && block + index == i)
        copy->data[i] ^= difference;
      if (holds (copy, block))
        {
          *fault = (PeerupCodeFault) { PEERUP_CODE_FAULT_MISSING, i, i, 1 };
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
guess_surplus (const guint8 *symbols, guint n, guint block, PeerupCodeFault *fault)
{
  for (guint i = block; i < n && i <= block + BLOCK; i++)
    {
      g_autoptr (PeerupCodeBytes) copy = copy_symbols (symbols, i, n + 1);

      g_byte_array_append (copy, symbols + i + 1, n - i - 1);
      if (holds (copy, block))
        {
          *fault = (PeerupCodeFault) { PEERUP_CODE_FAULT_SURPLUS, i, i, 1 };
          return TRUE;
        }
    }
  return FALSE;
}

/* How many symbols there should be: the first block says it if it is right, else @n may be so. */
static guint
get_expected (const guint8 *symbols, guint n)
{
  if (n < BLOCK || !is_right (symbols, BLOCK) || symbols[0] != FORMAT)
    return n;
  return count_symbols (symbols[1] * 32u + symbols[2]);
}

/* Where the first block begins that is not right, or not whole, of those that there should be; the end if all are
 * right.
 */
static guint
find_bad_block (const guint8 *symbols, guint n, guint expected)
{
  guint end = MIN (n, expected);

  for (guint i = 0; i < end; i += BLOCK)
    {
      if (MIN (expected - i, BLOCK) > n - i || !is_right (symbols + i, MIN (expected - i, BLOCK)))
        return i;
    }
  return end;
}

static PeerupCodeFault
judge (const guint8 *symbols, guint n, guint expected, guint bad)
{
  guint end = MIN (MIN (bad + BLOCK, n), expected);
  guint index;
  guint8 difference;

  if (n < BLOCK)
    return (PeerupCodeFault) { PEERUP_CODE_FAULT_CUT, n, n, 0 };
  if (n < expected && MIN (bad + BLOCK, expected) > n)
    return (PeerupCodeFault) { PEERUP_CODE_FAULT_CUT, n, n, expected - n };
  if (n > expected && bad >= expected)
    return (PeerupCodeFault) { PEERUP_CODE_FAULT_TRAILING, expected, n - 1, n - expected };
  if (bad >= end)
    return (PeerupCodeFault) { PEERUP_CODE_FAULT_SOMEWHERE, 0, n - 1, 0 };
  if (n == expected && locate (symbols + bad, end - bad, &index, &difference))
    return (PeerupCodeFault) { PEERUP_CODE_FAULT_WRONG, bad + index, bad + index, 2 };
  return (PeerupCodeFault) { PEERUP_CODE_FAULT_SOMEWHERE, bad, end - 1, n < expected ? expected - n : 0 };
}

gboolean
peerup_code_frame_diagnose (const guint8 *symbols, guint n, PeerupCodeFault *fault)
{
  guint expected = get_expected (symbols, n);
  guint bad = find_bad_block (symbols, n, expected);

  if (guess_swapped (symbols, n, bad, fault) || guess_wrong (symbols, n, fault) ||
      guess_missing (symbols, n, bad, fault) || guess_surplus (symbols, n, bad, fault))
    return TRUE;
  *fault = judge (symbols, n, expected, bad);
  return FALSE;
}
