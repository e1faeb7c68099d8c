/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Which keys of a configuration say something that nothing goes by: those that the table marks as without effect, and
 * that are set to another value than the original's default. Looks at the table and at the values alone.
 */
#include "config/peerup-config.h"

#include <string.h>

#include "config/peerup-config-schema.h"
#include "config/peerup-config-size.h"
#include "config/peerup-go-duration.h"

/* As written in a file, in other words perhaps. */
static gboolean
is_default (const PeerupConfigKey *key, JsonNode *node)
{
  const char *text = json_node_get_string (node);
  gint64 time, usual_time;
  guint64 size, usual_size;

  if (key->format == PEERUP_CONFIG_FORMAT_DURATION)
    return peerup_go_duration_parse (text, &time, NULL) && peerup_go_duration_parse (key->value, &usual_time, NULL) &&
           time == usual_time;
  if (key->format == PEERUP_CONFIG_FORMAT_SIZE)
    return peerup_config_size_parse (text, &size) && peerup_config_size_parse (key->value, &usual_size) &&
           size == usual_size;
  return g_strcmp0 (text, key->value) == 0;
}

static gboolean
is_idle (const PeerupConfigKey *key, JsonNode *root)
{
  g_auto (GStrv) parts = g_strsplit (key->path, ".", -1);
  JsonNode *node = root;

  for (gsize i = 0; node != NULL && parts[i] != NULL; i++)
    node = json_object_get_member (json_node_get_object (node), parts[i]);
  if (node == NULL)
    return FALSE;
  if (key->kind == PEERUP_CONFIG_KEY_LIST)
    return json_array_get_length (json_node_get_array (node)) > 0;
  return !is_default (key, node);
}

char **
peerup_config_dup_idle_keys (PeerupConfig *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  root = peerup_config_to_json (self);
  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    if (key->effect == PEERUP_CONFIG_EFFECT_NONE && strchr (key->path, '*') == NULL && is_idle (key, root))
      g_strv_builder_add (builder, key->path);
  return g_strv_builder_end (builder);
}
