/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The first byte chooses the base. Text that decodes must be what the bytes encode to,
 * and any bytes must survive the way there and back.
 */
#include "wire/peerup-base.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data + 1;
  g_autoptr (GBytes) decoded = NULL;
  g_autoptr (GBytes) back = NULL;
  g_autofree char *encoded = NULL;
  PeerupBase base;

  if (size == 0)
    return 0;
  base = (PeerupBase) (data[0] % (PEERUP_BASE64_URL + 1));
  size--;

  decoded = peerup_base_decode (base, text, size, PEERUP_BASE_BYTES_MAX, NULL);
  if (decoded != NULL)
    {
      g_autofree char *same = peerup_base_encode (base, g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded));

      g_assert_cmpmem (same, strlen (same), text, size);
    }
  if (size > PEERUP_BASE_BYTES_MAX)
    return 0;
  encoded = peerup_base_encode (base, text, size);
  back = peerup_base_decode (base, encoded, strlen (encoded), size, NULL);
  g_assert_nonnull (back);
  g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), text, size);
  return 0;
}
