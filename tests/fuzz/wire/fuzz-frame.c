/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The same bytes fed at once and in pieces (the first byte is their size) must give
 * the same verdict and take the same number of bytes.
 */
#include "wire/peerup-frame.h"

#define MESSAGE_MAX 300

static PeerupDecode
feed (const guint8 *data, gsize size, gsize piece, gsize *taken)
{
  g_auto (PeerupFrameReader) reader = { 0 };
  PeerupDecode result = PEERUP_DECODE_NEED_MORE;

  peerup_frame_reader_init (&reader, MESSAGE_MAX);
  for (*taken = 0; *taken < size && result == PEERUP_DECODE_NEED_MORE;)
    {
      gsize consumed;

      result = peerup_frame_reader_feed (&reader, data + *taken, MIN (piece, size - *taken), &consumed);
      *taken += consumed;
    }
  if (result == PEERUP_DECODE_DONE)
    g_bytes_unref (peerup_frame_reader_take (&reader));
  return result;
}

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize whole;
  gsize pieces;

  if (size < 2 || data[0] == 0)
    return 0;
  g_assert_cmpint (feed (data + 1, size - 1, size, &whole), ==, feed (data + 1, size - 1, data[0], &pieces));
  g_assert_cmpuint (whole, ==, pieces);
  return 0;
}
