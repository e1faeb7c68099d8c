/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* First byte: the role (bit 0) and how many bytes are fed at a time; then what the peer
 * sends. However it is cut, the verdict and the bytes consumed must be the same. */

#include <string.h>

#include "transport/multistream/peerup-multistream.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gboolean
serves (const char *protocol, gpointer user_data)
{
  return strlen (protocol) % 3 == 0;
}

/* Returns the bytes consumed, or -1 after a failure. */
static gssize
run (gboolean dialer, const guint8 *data, gsize size, gsize step)
{
  static const char *const protocols[] = { "/tls/1.0.0", "/noise", NULL };
  g_autoptr (PeerupMultistream) machine =
    dialer ? peerup_multistream_new_dialer (protocols) : peerup_multistream_new_listener (serves, NULL);
  gsize total = 0;

  for (gsize taken = step; total < size && taken == step;)
    {
      g_autofree guint8 *copy = g_memdup2 (data + total, step = MIN (step, size - total));
      g_autoptr (GBytes) output = NULL;

      if (!peerup_multistream_feed (machine, copy, step, &taken, NULL))
        return -1;
      g_assert (taken == step || peerup_multistream_get_protocol (machine) != NULL);
      output = peerup_multistream_take_output (machine);
      total += taken;
    }
  return total;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size >= 1)
    g_assert (run (data[0] & 1, data + 1, size - 1, 1 + data[0] / 2) == run (data[0] & 1, data + 1, size - 1, size));
  return 0;
}
