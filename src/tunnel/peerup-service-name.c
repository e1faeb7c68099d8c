/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The names of services, which are part of what goes over the wire: a name that does
 * not match the pattern is refused, never mended. */

#include "tunnel/peerup-service-name.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "trust/peerup-authorized-line.h"
#include "wire/peerup-error.h"
#include "wire/peerup-label.h"

gboolean
peerup_service_name_is_valid (const char *name)
{
  g_return_val_if_fail (name != NULL, FALSE);

  return peerup_label_is_valid (name, strnlen (name, PEERUP_LABEL_MAX + 1));
}

gboolean
peerup_service_name_check (const char *name, GError **error)
{
  g_autofree char *shown = NULL;

  if (peerup_service_name_is_valid (name))
    return TRUE;
  shown = peerup_trust_clean_text (name, PEERUP_LABEL_MAX + 1);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               _ ("“%s” is not a name for a service: use 1 to %d of a-z, 0-9 and -, with no - at either end"),
               shown != NULL ? shown : "", PEERUP_LABEL_MAX);
  return FALSE;
}

char *
peerup_service_name_to_protocol (const char *name)
{
  g_return_val_if_fail (peerup_service_name_is_valid (name), NULL);

  return g_strdup_printf ("/peerup/%s/1.0.0", name);
}
