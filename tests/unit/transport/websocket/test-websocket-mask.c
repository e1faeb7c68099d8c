/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include <string.h>

#include "transport/websocket/peerup-websocket-mask.h"

static const guint8 mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

/* Every length and offset around the eight bytes that go at once, against the sentence of RFC 6455 5.3. */
static void
test_definition (void)
{
  for (gsize length = 0; length <= 40; length++)
    for (guint64 offset = 0; offset < 9; offset++)
      {
        g_autofree guint8 *from = g_malloc (length);
        g_autofree guint8 *to = g_malloc (length);

        for (gsize i = 0; i < length; i++)
          from[i] = (guint8) (i * 37);
        peerup_websocket_mask (to, from, length, mask, offset);
        for (gsize i = 0; i < length; i++)
          g_assert_cmphex (to[i], ==, from[i] ^ mask[(offset + i) % 4]);
      }
}

static void
test_in_place_and_pieces (void)
{
  guint8 whole[100], pieces[100];

  memset (whole, 'x', sizeof whole);
  memset (pieces, 'x', sizeof pieces);
  peerup_websocket_mask (whole, whole, sizeof whole, mask, 0);
  for (gsize at = 0; at < sizeof pieces;)
    {
      gsize n = MIN (1 + at % 11, sizeof pieces - at);

      peerup_websocket_mask (pieces + at, pieces + at, n, mask, at);
      at += n;
    }
  g_assert_cmpmem (whole, sizeof whole, pieces, sizeof pieces);
  peerup_websocket_mask (whole, whole, sizeof whole, mask, 0);
  for (gsize i = 0; i < sizeof whole; i++)
    g_assert_cmpint (whole[i], ==, 'x');
}

/* RFC 6455 5.7: "Hello". */
static void
test_rfc (void)
{
  static const guint8 masked[] = { 0x7f, 0x9f, 0x4d, 0x51, 0x58 };
  guint8 text[sizeof masked];

  peerup_websocket_mask (text, masked, sizeof masked, mask, 0);
  g_assert_cmpmem (text, sizeof text, "Hello", 5);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket-mask/definition", test_definition);
  g_test_add_func ("/websocket-mask/in-place-and-pieces", test_in_place_and_pieces);
  g_test_add_func ("/websocket-mask/rfc", test_rfc);
  return g_test_run ();
}
