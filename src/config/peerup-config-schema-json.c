/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The table of keys as JSON Schema, for editors that check YAML while it is written. Keys that are not known are
 * allowed, as they are in a file. */

#include "config/peerup-config-schema.h"

#include <string.h>

#define LABEL_PATTERN    "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
#define SIZE_PATTERN     "^[0-9]+([KMGTkmgt]([Ii])?)?[Bb]?$"
#define DURATION_PATTERN "^([0-9]+(\\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$|^0$"
#define ENDPOINT_PATTERN ":[0-9]{1,5}$"

static void
add_string (JsonObject *object, const char *name, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
}

static const char *
get_pattern (const PeerupConfigKey *key)
{
  switch (key->format)
    {
    case PEERUP_CONFIG_FORMAT_DURATION:
    case PEERUP_CONFIG_FORMAT_SECONDS:
      return DURATION_PATTERN;
    case PEERUP_CONFIG_FORMAT_SIZE:
      return SIZE_PATTERN;
    case PEERUP_CONFIG_FORMAT_LABEL:
      return LABEL_PATTERN;
    case PEERUP_CONFIG_FORMAT_PROTOCOL:
      return "^\\S+$";
    case PEERUP_CONFIG_FORMAT_ENDPOINT:
      return ENDPOINT_PATTERN;
    case PEERUP_CONFIG_FORMAT_MULTIADDR:
      return "^/";
    case PEERUP_CONFIG_FORMAT_PEER_MULTIADDR:
      return "^/.+/p2p/[A-Za-z0-9]+$";
    case PEERUP_CONFIG_FORMAT_PEER_ID:
      return "^[A-Za-z0-9]+$";
    case PEERUP_CONFIG_FORMAT_ANY:
    case PEERUP_CONFIG_FORMAT_CHOICE:
    case PEERUP_CONFIG_FORMAT_PATH:
    default:
      return NULL;
    }
}

/* Of a text, or of an entry of a list. A size or a time without a unit is a number to YAML. */
static JsonObject *
word_new (const PeerupConfigKey *key)
{
  JsonObject *object = json_object_new ();
  gboolean is_number = key->format == PEERUP_CONFIG_FORMAT_SIZE || key->format == PEERUP_CONFIG_FORMAT_SECONDS ||
                       key->format == PEERUP_CONFIG_FORMAT_DURATION;

  if (is_number)
    {
      JsonArray *types = json_array_new ();

      json_array_add_string_element (types, "string");
      json_array_add_string_element (types, "integer");
      json_object_set_array_member (object, "type", types);
    }
  else
    add_string (object, "type", "string");
  add_string (object, "pattern", get_pattern (key));
  if (key->choices != NULL)
    {
      g_auto (GStrv) choices = g_strsplit (key->choices, " ", -1);
      JsonArray *list = json_array_new ();

      for (gsize i = 0; choices[i] != NULL; i++)
        json_array_add_string_element (list, choices[i]);
      json_object_set_array_member (object, "enum", list);
    }
  return object;
}

static JsonArray *
list_new (const char *value)
{
  g_auto (GStrv) entries = g_strsplit (value, " ", -1);
  JsonArray *list = json_array_new ();

  for (gsize i = 0; entries[i] != NULL; i++)
    json_array_add_string_element (list, entries[i]);
  return list;
}

static void
set_default (JsonObject *object, const PeerupConfigKey *key)
{
  if (key->value == NULL)
    return;
  switch (key->kind)
    {
    case PEERUP_CONFIG_KEY_FLAG:
      json_object_set_boolean_member (object, "default", g_str_equal (key->value, "true"));
      break;
    case PEERUP_CONFIG_KEY_NUMBER:
      json_object_set_int_member (object, "default", g_ascii_strtoll (key->value, NULL, 10));
      break;
    case PEERUP_CONFIG_KEY_LIST:
      json_object_set_array_member (object, "default", list_new (key->value));
      break;
    case PEERUP_CONFIG_KEY_TEXT:
    case PEERUP_CONFIG_KEY_MAPPING:
    default:
      add_string (object, "default", key->value);
    }
}

static JsonObject *object_new (const PeerupConfigKey *key);

static void
fill_mapping (JsonObject *object, const PeerupConfigKey *key)
{
  JsonObject *properties = json_object_new ();
  JsonArray *required = json_array_new ();

  add_string (object, "type", "object");
  for (const PeerupConfigKey *child = NULL; (child = peerup_config_key_next_child (key, child)) != NULL;)
    {
      const char *name = peerup_config_key_get_name (child);

      if (g_str_equal (name, "*"))
        json_object_set_object_member (object, "additionalProperties", object_new (child));
      else
        json_object_set_object_member (properties, name, object_new (child));
      /* authorized_keys may be left out where everybody may connect. */
      if (child->required && !g_str_equal (name, "authorized_keys_file"))
        json_array_add_string_element (required, name);
    }
  json_object_set_object_member (object, "properties", properties);
  if (g_str_equal (key->path, "services"))
    {
      JsonObject *names = json_object_new ();

      add_string (names, "pattern", LABEL_PATTERN);
      json_object_set_object_member (object, "propertyNames", names);
    }
  if (json_array_get_length (required) > 0)
    json_object_set_array_member (object, "required", required);
  else
    json_array_unref (required);
}

static JsonObject *
object_new (const PeerupConfigKey *key)
{
  JsonObject *object;

  switch (key->kind)
    {
    case PEERUP_CONFIG_KEY_TEXT:
      object = word_new (key);
      break;
    case PEERUP_CONFIG_KEY_LIST:
      object = json_object_new ();
      add_string (object, "type", "array");
      json_object_set_object_member (object, "items", word_new (key));
      if (key->required)
        json_object_set_int_member (object, "minItems", 1);
      break;
    case PEERUP_CONFIG_KEY_FLAG:
      object = json_object_new ();
      add_string (object, "type", "boolean");
      break;
    case PEERUP_CONFIG_KEY_NUMBER:
      object = json_object_new ();
      add_string (object, "type", "integer");
      json_object_set_int_member (object, "minimum", (gint64) key->min);
      json_object_set_int_member (object, "maximum", (gint64) key->max);
      break;
    case PEERUP_CONFIG_KEY_MAPPING:
    default:
      object = json_object_new ();
      fill_mapping (object, key);
    }
  add_string (object, "description", key->doc);
  set_default (object, key);
  return object;
}

JsonNode *
peerup_config_schema_to_json (void)
{
  JsonObject *object = object_new (&peerup_config_root_key);
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonArray *required = json_array_new ();

  json_array_add_string_element (required, "identity");
  json_array_add_string_element (required, "network");
  json_object_set_array_member (object, "required", required);
  add_string (object, "$schema", "https://json-schema.org/draft/2020-12/schema");
  add_string (object, "title", "Peer-Up configuration");
  json_node_take_object (node, object);
  return node;
}
