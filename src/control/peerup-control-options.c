/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The dictionaries of options that calls take, read by a table. A caller that is newer than the engine, and asks for
 * something that would not be done, is told so.
 */
#include "control/peerup-control-options.h"

#include <glib/gi18n-lib.h>

static const PeerupControlOption *
find (const PeerupControlOption *known, gsize n, const char *key, GVariant *value)
{
  for (gsize i = 0; i < n; i++)
    if (g_str_equal (known[i].key, key) && g_variant_is_of_type (value, G_VARIANT_TYPE (known[i].type)))
      return &known[i];
  return NULL;
}

static void
take (const PeerupControlOption *option, GVariant *value)
{
  if (g_str_equal (option->type, "as"))
    {
      /* A key may be there twice. */
      g_free (*(const char ***) option->value);
      *(const char ***) option->value = g_variant_get_strv (value, NULL);
    }
  else if (g_str_equal (option->type, "s"))
    *(const char **) option->value = g_variant_get_string (value, NULL);
  else if (g_str_equal (option->type, "b"))
    *(gboolean *) option->value = g_variant_get_boolean (value);
  else
    *(gint64 *) option->value = g_variant_get_int64 (value);
}

gboolean
peerup_control_read_options (GVariant *options, const PeerupControlOption *known, gsize n, GError **error)
{
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
    {
      g_autoptr (GVariant) owned = value;
      const PeerupControlOption *option = find (known, n, key, value);

      if (option == NULL)
        {
          g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, _ ("No option “%s” of type “%s”"), key,
                       g_variant_get_type_string (value));
          return FALSE;
        }
      take (option, value);
    }
  return TRUE;
}
