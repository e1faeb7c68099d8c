/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "app/model/peerup-settings.h"

#include "peerup-config.h"

/* g_settings_new() ends the program where the schema is missing, and this one may run where it is not installed. */
GSettings *
peerup_settings_new (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema =
    source != NULL ? g_settings_schema_source_lookup (source, PEERUP_APP_ID, TRUE) : NULL;

  return schema != NULL ? g_settings_new_full (schema, NULL, NULL) : NULL;
}

gboolean
peerup_settings_get_boolean (GSettings *settings, const char *key, gboolean otherwise)
{
  return settings != NULL ? g_settings_get_boolean (settings, key) : otherwise;
}
