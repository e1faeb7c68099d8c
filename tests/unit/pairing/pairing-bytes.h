/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>
#include <string.h>

/* Bytes of tests: hexadecimal vectors, and prefixes in memory of exactly their size, so that a byte read beyond them is
 * found. */
static inline guint8 *
bytes_from_hex (const char *hex, gsize *length)
{
  guint8 *bytes = g_malloc (strlen (hex) / 2 + 1);

  *length = strlen (hex) / 2;
  for (gsize i = 0; i < *length; i++)
    bytes[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return bytes;
}

static inline void
assert_hex (gconstpointer bytes, gsize length, const char *hex)
{
  gsize expected_length;
  g_autofree guint8 *expected = bytes_from_hex (hex, &expected_length);

  g_assert_cmpmem (bytes, length, expected, expected_length);
}

static inline void
assert_bytes_hex (GBytes *bytes, const char *hex)
{
  assert_hex (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), hex);
}

/* @take sees each true prefix of @bytes, which none must be good enough for. */
static inline void
sweep_prefixes (const guint8 *bytes, gsize length, gboolean (*take) (const guint8 *bytes, gsize length))
{
  for (gsize i = 0; i < length; i++)
    {
      g_autofree guint8 *prefix = g_memdup2 (bytes, i);

      g_assert_false (take (prefix, i));
    }
}
