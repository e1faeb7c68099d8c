/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Base32, base64url, base36 and base58btc. Pure functions; the results are the
 * caller's. Two codecs do it all: bases of a power of two regroup bits, the others
 * treat the bytes as one number in limbs of 32 bits. Refuses long input before any
 * arithmetic.
 */
#include "wire/peerup-base.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *digits;
  guint radix;
  guint bits; /* per digit; 0 when the radix is not a power of two */
  char multibase;
} Alphabet;

static const Alphabet alphabets[] = {
  [PEERUP_BASE32_LOWER] = { "base32", "abcdefghijklmnopqrstuvwxyz234567", 32, 5, 'b' },
  [PEERUP_BASE32_UPPER] = { "base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32, 5, 'B' },
  [PEERUP_BASE36] = { "base36", "0123456789abcdefghijklmnopqrstuvwxyz", 36, 0, 'k' },
  [PEERUP_BASE58] = { "base58", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 58, 0, 'z' },
  [PEERUP_BASE64_URL] = { "base64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 64, 6, 'u' },
};

static void
encode_bits (const Alphabet *alphabet, const guint8 *data, gsize length, GString *out)
{
  guint32 pending = 0;
  guint n_pending = 0;

  for (gsize i = 0; i < length; i++)
    {
      pending = pending << 8 | data[i];
      n_pending += 8;
      while (n_pending >= alphabet->bits)
        {
          n_pending -= alphabet->bits;
          g_string_append_c (out, alphabet->digits[(pending >> n_pending) % alphabet->radix]);
        }
    }
  if (n_pending > 0)
    g_string_append_c (out, alphabet->digits[(pending << (alphabet->bits - n_pending)) % alphabet->radix]);
}

/* Divides the number, most significant limb first, and returns the remainder. */
static guint32
divide (guint32 *limbs, gsize n_limbs, guint32 divisor)
{
  guint64 rest = 0;

  for (gsize i = 0; i < n_limbs; i++)
    {
      rest = rest << 32 | limbs[i];
      limbs[i] = (guint32) (rest / divisor);
      rest %= divisor;
    }
  return (guint32) rest;
}

static void
encode_number (const Alphabet *alphabet, const guint8 *data, gsize length, GString *out)
{
  guint32 limbs[PEERUP_BASE_BYTES_MAX / 4 + 1] = { 0 };
  gsize n_limbs = (length + 3) / 4;
  gsize zeros = 0;
  gsize first = 0;
  gsize start;

  while (zeros < length && data[zeros] == 0)
    zeros++;
  for (gsize i = 0; i < length; i++)
    limbs[n_limbs - 1 - i / 4] |= (guint32) data[length - 1 - i] << (8 * (i % 4));

  for (gsize i = 0; i < zeros; i++)
    g_string_append_c (out, alphabet->digits[0]);

  /* Five digits a division: the fifth power of either radix fits a limb. The digits
   * come least significant first and are turned round at the end. */
  start = out->len;
  while (first < n_limbs)
    {
      guint32 rest = divide (limbs + first, n_limbs - first,
                             alphabet->radix * alphabet->radix * alphabet->radix * alphabet->radix * alphabet->radix);

      for (guint i = 0; i < 5; i++, rest /= alphabet->radix)
        g_string_append_c (out, alphabet->digits[rest % alphabet->radix]);
      while (first < n_limbs && limbs[first] == 0)
        first++;
    }
  while (out->len > start && out->str[out->len - 1] == alphabet->digits[0])
    g_string_truncate (out, out->len - 1);
  for (gsize i = start, j = out->len; i + 1 < j; i++, j--)
    {
      char digit = out->str[i];

      out->str[i] = out->str[j - 1];
      out->str[j - 1] = digit;
    }
}

static void
encode (const Alphabet *alphabet, const guint8 *data, gsize length, GString *out)
{
  if (alphabet->bits != 0)
    encode_bits (alphabet, data, length, out);
  else
    encode_number (alphabet, data, length, out);
}

char *
peerup_base_encode (PeerupBase base, gconstpointer data, gsize length)
{
  GString *out;

  g_return_val_if_fail (length <= PEERUP_BASE_BYTES_MAX, NULL);

  out = g_string_new (NULL);
  encode (&alphabets[base], data, length, out);
  return g_string_free_and_steal (out);
}

char *
peerup_multibase_encode (PeerupBase base, gconstpointer data, gsize length)
{
  GString *out;

  g_return_val_if_fail (length <= PEERUP_BASE_BYTES_MAX, NULL);

  out = g_string_new (NULL);
  g_string_append_c (out, alphabets[base].multibase);
  encode (&alphabets[base], data, length, out);
  return g_string_free_and_steal (out);
}

static gboolean
fail_too_large (const Alphabet *alphabet, gsize max, GError **error)
{
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               "The %s text stands for more than %" G_GSIZE_FORMAT " bytes", alphabet->name, max);
  return FALSE;
}

static gboolean
find_digit (const Alphabet *alphabet, const char *text, gsize position, guint *value, GError **error)
{
  const char *digit = memchr (alphabet->digits, text[position], alphabet->radix);

  if (digit == NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "Character %" G_GSIZE_FORMAT " is not a %s digit",
                   position + 1, alphabet->name);
      return FALSE;
    }

  *value = (guint) (digit - alphabet->digits);
  return TRUE;
}

static gboolean
decode_bits (const Alphabet *alphabet, const char *text, gsize length, gsize max, GByteArray *out, GError **error)
{
  guint32 pending = 0;
  guint n_pending = 0;

  if (length > (max * 8 + alphabet->bits - 1) / alphabet->bits)
    return fail_too_large (alphabet, max, error);

  for (gsize i = 0; i < length; i++)
    {
      guint digit;

      if (!find_digit (alphabet, text, i, &digit, error))
        return FALSE;

      pending = pending << alphabet->bits | digit;
      n_pending += alphabet->bits;
      if (n_pending >= 8)
        {
          guint8 byte;

          n_pending -= 8;
          byte = (guint8) (pending >> n_pending);
          pending &= (1u << n_pending) - 1;
          g_byte_array_append (out, &byte, 1);
        }
    }

  /* What is left over pads the last byte: less than a digit, and zero. */
  if (n_pending >= alphabet->bits || pending != 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The %s text is cut short or does not end as it should",
                   alphabet->name);
      return FALSE;
    }
  return TRUE;
}

static void
append_number (GByteArray *out, const guint32 *limbs, gsize n_limbs)
{
  gboolean leading = TRUE;

  for (gsize i = n_limbs * 4; i > 0; i--)
    {
      guint8 byte = (guint8) (limbs[(i - 1) / 4] >> (8 * ((i - 1) % 4)));

      leading = leading && byte == 0;
      if (!leading)
        g_byte_array_append (out, &byte, 1);
    }
}

static gboolean
decode_number (const Alphabet *alphabet, const char *text, gsize length, gsize max, GByteArray *out, GError **error)
{
  /* A digit holds less than 6 bits, and the text has at most 2 * max + 1 of them. */
  guint32 limbs[(2 * PEERUP_BASE_BYTES_MAX + 1) * 6 / 32 + 2];
  gsize n_limbs = 0;
  gsize zeros = 0;

  /* Two digits hold more than a byte in either radix, so such a text is certainly too long. */
  if (length > 2 * max + 1)
    return fail_too_large (alphabet, max, error);

  while (zeros < length && text[zeros] == alphabet->digits[0])
    zeros++;
  for (gsize i = zeros; i < length; i++)
    {
      guint digit;
      guint64 carry;

      if (!find_digit (alphabet, text, i, &digit, error))
        return FALSE;

      carry = digit;
      for (gsize j = 0; j < n_limbs; j++, carry >>= 32)
        {
          carry += (guint64) limbs[j] * alphabet->radix;
          limbs[j] = (guint32) carry;
        }
      if (carry != 0)
        {
          g_assert (n_limbs < G_N_ELEMENTS (limbs));
          limbs[n_limbs++] = (guint32) carry;
        }
    }

  g_byte_array_set_size (out, (guint) zeros);
  if (zeros > 0)
    memset (out->data, 0, zeros);
  append_number (out, limbs, n_limbs);
  return out->len <= max || fail_too_large (alphabet, max, error);
}

GBytes *
peerup_base_decode (PeerupBase base, const char *text, gsize text_length, gsize max, GError **error)
{
  const Alphabet *alphabet = &alphabets[base];
  g_autoptr (GByteArray) out = g_byte_array_new ();

  g_return_val_if_fail (max <= PEERUP_BASE_BYTES_MAX, NULL);

  if (alphabet->bits != 0)
    {
      if (!decode_bits (alphabet, text, text_length, max, out, error))
        return NULL;
    }
  else if (!decode_number (alphabet, text, text_length, max, out, error))
    return NULL;

  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
peerup_multibase_decode (const char *text, gsize text_length, gsize max, GError **error)
{
  if (text_length > 0)
    {
      for (guint base = 0; base < G_N_ELEMENTS (alphabets); base++)
        {
          if (alphabets[base].multibase == text[0])
            return peerup_base_decode ((PeerupBase) base, text + 1, text_length - 1, max, error);
        }
    }

  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                       "The text does not start with the letter of a base that is known (b, B, k, u or z)");
  return NULL;
}
