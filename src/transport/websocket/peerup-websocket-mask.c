/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The mask of a client's frames: an XOR with four bytes over and over. It hides nothing from
 * anybody, it only keeps a client from choosing what proxies see, but every byte goes
 * through it: hence eight at a time, in a loop that compilers make wider still. */

#include "transport/websocket/peerup-websocket-mask.h"

#include <string.h>

void
peerup_websocket_mask (guint8 *to, const guint8 *from, gsize length, const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE],
                       guint64 offset)
{
  guint8 turned[8];
  guint64 key;
  gsize i = 0;

  for (guint k = 0; k < sizeof turned; k++)
    turned[k] = mask[(offset + k) % PEERUP_WEBSOCKET_MASK_SIZE];
  memcpy (&key, turned, sizeof key);
  for (; length - i >= sizeof key; i += sizeof key)
    {
      guint64 word;

      memcpy (&word, from + i, sizeof word);
      word ^= key;
      memcpy (to + i, &word, sizeof word);
    }
  for (guint k = 0; i < length; i++, k++)
    to[i] = from[i] ^ turned[k];
}
