/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Any bytes as a configuration file: refused with a place in the file, or loaded; and
 * what is shown of it loads again to the same.
 */
#include "config/peerup-config.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (PeerupConfig) config =
    peerup_config_new_from_data ((const char *) data, size, "/d/c.yaml", &warnings, &error);
  g_autoptr (PeerupConfig) again = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *same = NULL;

  if (config == NULL)
    {
      g_assert_true (g_str_has_prefix (error->message, "/d/c.yaml"));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  for (guint i = 0; i < warnings->len; i++)
    g_assert_true (g_str_has_prefix (g_ptr_array_index (warnings, i), "/d/c.yaml:"));
  shown = peerup_config_to_yaml (config);
  again = peerup_config_new_from_data (shown, strlen (shown), "/d/c.yaml", NULL, &error);
  g_assert_no_error (error);
  same = peerup_config_to_yaml (again);
  g_assert_cmpstr (shown, ==, same);
  return 0;
}
