/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A session fed with hostile bytes in the chunking the first byte of each round gives,
 * whose handlers accept, echo, ignore, close or reset by stream id.
 */
#include "transport/yamux/peerup-yamux.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static gsize
on_send (const GOutputVector *vectors, gsize n_vectors, gpointer data)
{
  return *(gsize *) data += vectors[0].size;
}

static void
on_event (PeerupYamuxChannel *channel, gpointer data)
{
  guint choice = peerup_yamux_channel_get_id (channel) / 2 % 8;
  GInputVector in[2];
  gsize n = peerup_yamux_channel_peek (channel, in, 2);

  for (gsize i = 0; i < n && choice < 3; i++)
    {
      GOutputVector out = { in[i].buffer, in[i].size };
      gsize written = peerup_yamux_channel_writev (channel, &out, 1, 1000);

      peerup_yamux_channel_consume (channel, choice == 0 ? out.size : written, 7);
    }
  if (choice == 3)
    peerup_yamux_channel_close_read (channel, 7);
  else if (choice == 4)
    peerup_yamux_channel_reset (channel, 5);
  else if (choice < 6 && peerup_yamux_channel_get_read_state (channel) == PEERUP_YAMUX_READ_EOF)
    peerup_yamux_channel_close_write (channel);
  else
    peerup_yamux_channel_accept (channel);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  static const PeerupYamuxEvents events = { on_send, on_event, on_event, on_event, on_event };
  PeerupYamuxLimits limits = { 8, 4, 4, 2, 4096, 1 << 20, 1 << 21, 1 << 18, 100 };
  gsize unread = 0;
  PeerupYamux *yamux = peerup_yamux_new (size % 2, &limits, &events, &unread);
  PeerupYamuxChannel *own = peerup_yamux_open (yamux, 0, NULL);

  while (size > 0)
    {
      gsize n = MIN (size - 1, (gsize) data[0] + 1);
      guint8 *copy = g_memdup2 (data + 1, n);
      gboolean alive = peerup_yamux_feed (yamux, copy, n, size * 1000, NULL);

      g_free (copy);
      g_assert (alive != peerup_yamux_is_dead (yamux));
      g_assert (peerup_yamux_get_buffered (yamux) <= limits.max_buffered);
      data += n + 1;
      size -= n + 1;
    }
  peerup_yamux_unref (yamux);
  peerup_yamux_channel_unref (own);
  return 0;
}
