/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The names of services, which are part of what goes over the wire: a name that does
 * not match the pattern is refused, never mended. */

#include "tunnel/peerup-service-name.h"

#include <string.h>

#include "wire/peerup-error.h"

#define LENGTH_MAX 63

gboolean
peerup_service_name_is_valid (const char *name)
{
  gsize length;

  g_return_val_if_fail (name != NULL, FALSE);

  length = strnlen (name, LENGTH_MAX + 1);
  if (length == 0 || length > LENGTH_MAX || name[0] == '-' || name[length - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_islower (name[i]) && !g_ascii_isdigit (name[i]) && name[i] != '-')
      return FALSE;
  return TRUE;
}

gboolean
peerup_service_name_check (const char *name, GError **error)
{
  g_autofree char *shown = NULL;

  if (peerup_service_name_is_valid (name))
    return TRUE;
  shown = g_utf8_make_valid (name, strnlen (name, LENGTH_MAX + 1));
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               "“%s” is not a name for a service: use 1 to %d of a-z, 0-9 and -, with no - at either end", shown,
               LENGTH_MAX);
  return FALSE;
}

char *
peerup_service_name_to_protocol (const char *name)
{
  g_return_val_if_fail (peerup_service_name_is_valid (name), NULL);

  return g_strdup_printf ("/peerup/%s/1.0.0", name);
}
