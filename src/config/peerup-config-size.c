/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Sizes in bytes, from and to text. Rounds nothing: what it writes it reads back equal. */

#include "config/peerup-config-size.h"

static const struct
{
  const char *names[2];
  guint shift;
} units[] = {
  { { "TiB", "TB" }, 40 }, { { "GiB", "GB" }, 30 }, { { "MiB", "MB" }, 20 },
  { { "KiB", "KB" }, 10 }, { { "B", "" }, 0 },
};

gboolean
peerup_config_size_parse (const char *text, guint64 *bytes)
{
  g_autofree char *digits = NULL;
  const char *unit = text;
  guint64 number;

  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);

  while (g_ascii_isdigit (*unit))
    unit++;
  digits = g_strndup (text, unit - text);
  if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT64, &number, NULL))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    {
      if (g_ascii_strcasecmp (unit, units[i].names[0]) != 0 && g_ascii_strcasecmp (unit, units[i].names[1]) != 0)
        continue;
      if (number > G_MAXUINT64 >> units[i].shift)
        return FALSE;
      *bytes = number << units[i].shift;
      return TRUE;
    }
  return FALSE;
}

char *
peerup_config_size_format (guint64 bytes)
{
  gsize i = 0;

  while (units[i].shift > 0 && (bytes == 0 || (bytes & ((G_GUINT64_CONSTANT (1) << units[i].shift) - 1)) != 0))
    i++;
  return g_strdup_printf ("%" G_GUINT64_FORMAT "%s", bytes >> units[i].shift, units[i].names[0]);
}
