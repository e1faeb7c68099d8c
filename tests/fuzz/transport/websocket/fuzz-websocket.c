/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* First byte: the role (bit 0) and how many bytes are fed at a time; then what the peer sends.
 * However it is cut, payload, verdict and answers are the same. */

#include <string.h>

#include "transport/websocket/peerup-websocket.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The payload, then whether it failed or ended, then the last control frame that is left to write. */
static GByteArray *
run (gboolean client, const guint8 *data, gsize size, gsize step)
{
  static const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE] = { 1, 2, 3, 4 };
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (client);
  GByteArray *result = g_byte_array_new ();
  guint8 frame[PEERUP_WEBSOCKET_FRAME_MAX], verdict = 0;
  gsize n;

  for (gsize at = 0; at < size && verdict == 0; at += n)
    {
      gsize length = MIN (step, size - at), payload;
      g_autofree guint8 *copy = g_memdup2 (data + at, length);

      verdict = !peerup_websocket_feed (machine, copy, length, &n, &payload, NULL) ? 1
                : peerup_websocket_is_ended (machine)                              ? 2
                                                                                   : 0;
      g_assert (payload <= n && n <= length && (n > 0 || verdict != 0));
      g_byte_array_append (result, copy + n - payload, payload);
    }
  g_byte_array_append (result, &verdict, 1);
  while ((n = peerup_websocket_write_control (machine, mask, frame)) > 0)
    g_byte_array_append (result, frame, n);
  return result;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size >= 2)
    {
      g_autoptr (GByteArray) cut = run (data[0] & 1, data + 1, size - 1, 1 + data[0] / 2);
      g_autoptr (GByteArray) whole = run (data[0] & 1, data + 1, size - 1, size);

      g_assert (cut->len == whole->len && memcmp (cut->data, whole->data, cut->len) == 0);
    }
  return 0;
}
