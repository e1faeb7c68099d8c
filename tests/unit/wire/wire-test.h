/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the tests of this room share: hex, buffers of exact size (so that the address
 * sanitizer sees every byte read too far), and sweeps over damaged input.
 */
#pragma once

#include <glib.h>
#include <string.h>

#include "wire/peerup-error.h"

/* A decoder under test: whether @data decodes, with @error set when it does not. */
typedef gboolean (*WireDecode) (const guint8 *data, gsize length, GError **error);

static inline GBytes *
wire_hex (const char *hex)
{
  gsize length = strlen (hex) / 2;
  guint8 *data = g_malloc (length);

  g_assert_cmpuint (strlen (hex) % 2, ==, 0);
  for (gsize i = 0; i < length; i++)
    data[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return g_bytes_new_take (data, length);
}

static inline gboolean
wire_try (WireDecode decode, const guint8 *data, gsize length)
{
  g_autofree guint8 *exact = g_memdup2 (data, length);
  g_autoptr (GError) error = NULL;
  gboolean decoded = decode (exact, length, &error);

  if (decoded)
    g_assert_no_error (error);
  else
    {
      g_assert_nonnull (error);
      g_assert_true (error->domain == PEERUP_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  return decoded;
}

static inline void
wire_assert_error (WireDecode decode, const char *hex, PeerupError code)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autofree guint8 *exact = g_memdup2 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (GError) error = NULL;

  g_assert_false (decode (exact, g_bytes_get_size (bytes), &error));
  g_assert_error (error, PEERUP_ERROR, code);
}

/* Decodes every prefix and returns how many of the proper ones decode; the whole must. */
static inline guint
wire_sweep (WireDecode decode, const guint8 *data, gsize length)
{
  guint n_decoded = 0;

  g_assert_true (wire_try (decode, data, length));
  for (gsize i = 0; i < length; i++)
    n_decoded += wire_try (decode, data, i);
  return n_decoded;
}

/* Decodes with each single bit turned, for the sanitizers to watch. */
static inline void
wire_flip (WireDecode decode, const guint8 *data, gsize length)
{
  g_autofree guint8 *damaged = g_memdup2 (data, length);

  for (gsize i = 0; i < length * 8; i++)
    {
      damaged[i / 8] ^= (guint8) (1 << i % 8);
      wire_try (decode, damaged, length);
      damaged[i / 8] ^= (guint8) (1 << i % 8);
    }
}
