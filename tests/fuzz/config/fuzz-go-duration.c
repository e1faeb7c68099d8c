/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A duration that parses is printed to one that means the same; any number can be printed.
 */
#include "config/peerup-go-duration.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check (gint64 value)
{
  g_autofree char *text = peerup_go_duration_format (value);
  gint64 back;

  g_assert_true (peerup_go_duration_parse (text, &back, NULL));
  g_assert_cmpint (back, ==, value);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  gint64 value;

  if (peerup_go_duration_parse (text, &value, NULL))
    check (value);
  if (size >= sizeof value)
    {
      memcpy (&value, data, sizeof value);
      check (value);
    }
  return 0;
}
