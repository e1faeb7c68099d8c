/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Names of services and networks: each end, each length, each byte.
 */
#include "wire/peerup-label.h"

#include <string.h>

static void
test_lengths (void)
{
  char text[PEERUP_LABEL_MAX + 1];

  memset (text, 'a', sizeof text);
  g_assert_false (peerup_label_is_valid (text, 0));
  for (gsize i = 1; i <= PEERUP_LABEL_MAX; i++)
    g_assert_true (peerup_label_is_valid (text, i));
  g_assert_false (peerup_label_is_valid (text, PEERUP_LABEL_MAX + 1));
}

static void
test_bytes (void)
{
  for (guint c = 0; c < 256; c++)
    {
      const char inside[] = { 'a', (char) c, 'z' };
      const char first[] = { (char) c, 'z' };
      const char last[] = { 'a', (char) c };
      gboolean alone = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

      g_assert_cmpint (peerup_label_is_valid (inside, 3), ==, alone || c == '-');
      g_assert_cmpint (peerup_label_is_valid (first, 2), ==, alone);
      g_assert_cmpint (peerup_label_is_valid (last, 2), ==, alone);
    }
}

static void
test_own_protocols (void)
{
  g_assert_true (peerup_label_is_own_protocol ("discovery"));
  g_assert_true (peerup_label_is_own_protocol ("ice"));
  g_assert_false (peerup_label_is_own_protocol ("ssh"));
  g_assert_false (peerup_label_is_own_protocol (""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/label/lengths", test_lengths);
  g_test_add_func ("/wire/label/bytes", test_bytes);
  g_test_add_func ("/wire/label/own-protocols", test_own_protocols);
  return g_test_run ();
}
