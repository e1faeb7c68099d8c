/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* First byte: the role (bit 0) and how many bytes are fed at a time; then what the peer sends.
 * However it is cut, the verdict is the same, and so are the bytes taken of what is good. */

#include "transport/websocket/peerup-websocket-handshake.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Returns the bytes consumed, or -1 after a failure. */
static gssize
run (gboolean client, const guint8 *data, gsize size, gsize step)
{
  static const guint8 nonce[PEERUP_WEBSOCKET_NONCE_SIZE] = "the sample nonce";
  g_autoptr (PeerupWebsocketHandshake) machine =
    client ? peerup_websocket_handshake_new_client ("a:1", nonce) : peerup_websocket_handshake_new_server ();
  gsize total = 0;

  for (gsize taken = 0; total < size && !peerup_websocket_handshake_is_done (machine); total += taken)
    {
      gsize length = MIN (step, size - total);
      g_autofree guint8 *copy = g_memdup2 (data + total, length);

      if (!peerup_websocket_handshake_feed (machine, copy, length, &taken, NULL))
        return -1;
      g_assert (taken == length || peerup_websocket_handshake_is_done (machine));
    }
  return total;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size >= 2)
    g_assert (run (data[0] & 1, data + 1, size - 1, 1 + data[0] / 2) == run (data[0] & 1, data + 1, size - 1, size));
  return 0;
}
