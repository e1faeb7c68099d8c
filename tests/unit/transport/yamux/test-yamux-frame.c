/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The header codec against golden bytes and everything it must refuse.
 */
#include "transport/yamux/peerup-yamux-frame.h"
#include "wire/peerup-error.h"

#include <string.h>

static void
test_golden (void)
{
  static const struct
  {
    PeerupYamuxFrame frame;
    guint8 bytes[12];
  } cases[] = {
    { { PEERUP_YAMUX_WINDOW_UPDATE, PEERUP_YAMUX_SYN, 1, 0 }, { 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0 } },
    { { PEERUP_YAMUX_DATA, PEERUP_YAMUX_ACK | PEERUP_YAMUX_FIN, 2, 65536 }, { 0, 0, 0, 6, 0, 0, 0, 2, 0, 1, 0, 0 } },
    { { PEERUP_YAMUX_WINDOW_UPDATE, PEERUP_YAMUX_RST, 0xfffffffe, 0x1002 },
      { 0, 1, 0, 8, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0x10, 2 } },
    { { PEERUP_YAMUX_PING, PEERUP_YAMUX_SYN, 0, 0x01020304 }, { 0, 2, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4 } },
    { { PEERUP_YAMUX_PING, PEERUP_YAMUX_ACK, 0, 0xffffffff }, { 0, 2, 0, 2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff } },
    { { PEERUP_YAMUX_GOAWAY, 0, 0, 0x1007 }, { 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 7 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      PeerupYamuxFrame frame;
      guint8 bytes[12];

      peerup_yamux_frame_encode (&cases[i].frame, bytes);
      g_assert_cmpmem (bytes, 12, cases[i].bytes, 12);
      g_assert_true (peerup_yamux_frame_decode (&frame, bytes, 12, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (frame.type, ==, cases[i].frame.type);
      g_assert_cmpuint (frame.flags, ==, cases[i].frame.flags);
      g_assert_cmpuint (frame.id, ==, cases[i].frame.id);
      g_assert_cmpuint (frame.length, ==, cases[i].frame.length);
    }
}

static void
test_refused (void)
{
  static const guint8 cases[][12] = {
    { 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0 },    /* version 1 */
    { 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },    /* type 4 */
    { 0, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 },  /* type 255 */
    { 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0 }, /* unknown flag */
    { 0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0 }, /* unknown flag */
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },    /* data on stream 0 */
    { 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 },    /* window update on stream 0 */
    { 0, 2, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0 },    /* ping on a stream */
    { 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },    /* ping without flags */
    { 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0 },    /* ping, request and answer */
    { 0, 2, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0 },    /* ping with FIN */
    { 0, 2, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0 },    /* ping with RST */
    { 0, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 },    /* go away on a stream */
    { 0, 3, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0 },    /* go away with RST */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      PeerupYamuxFrame frame;

      g_assert_false (peerup_yamux_frame_decode (&frame, cases[i], 12, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
    }
}

static void
test_truncated (void)
{
  static const guint8 bytes[12] = { 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0 };

  for (gsize length = 0; length < 12; length++)
    {
      g_autofree guint8 *copy = g_memdup2 (bytes, length);
      g_autoptr (GError) error = NULL;
      PeerupYamuxFrame frame;

      g_assert_false (peerup_yamux_frame_decode (&frame, copy, length, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yamux/frame/golden", test_golden);
  g_test_add_func ("/yamux/frame/refused", test_refused);
  g_test_add_func ("/yamux/frame/truncated", test_truncated);
  return g_test_run ();
}
