/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What follows from the table of keys (peerup-config-schema.c) alone: the shape of a file, values
 * that are not of their form or out of their range, warnings for keys that have no effect with
 * the key that was probably meant, and which keys an edit may set. Values that need more than the
 * table knows are judged in peerup-config-reader.c. */

#include "config/peerup-config-keys.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "config/peerup-config-size.h"
#include "config/peerup-go-duration.h"
#include "wire/peerup-label.h"

/* A protocol ID must fit into one multistream-select line with room to spare. */
#define PROTOCOL_ID_MAX 512
/* Of a message's quotation, in characters; the rest of a long value helps nobody. */
#define QUOTE_MAX 64
/* Keys further apart than this were not mistyped from one another. */
#define NEAR_MAX 3
/* A file of nonsense is not answered with a megabyte of warnings. */
#define WARNINGS_MAX 100

const PeerupConfigKey *
peerup_config_key_get_child (const PeerupConfigKey *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  for (const PeerupConfigKey *child = NULL; (child = peerup_config_key_next_child (self, child)) != NULL;)
    {
      const char *own = peerup_config_key_get_name (child);

      if (strcmp (own, "*") == 0 || strcmp (own, name) == 0)
        return child;
    }
  return NULL;
}

static char
fold (char c)
{
  return c == '-' ? '_' : g_ascii_tolower (c);
}

/* Levenshtein's distance between two short words. */
static guint
distance (const char *a, const char *b)
{
  gsize width = strlen (b) + 1;
  g_autofree guint *row = g_new (guint, width);

  for (gsize j = 0; j < width; j++)
    row[j] = j;
  for (gsize i = 0; a[i] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = i + 1;
      for (gsize j = 1; j < width; j++)
        {
          guint replace = diagonal + (fold (a[i]) == fold (b[j - 1]) ? 0 : 1);

          diagonal = row[j];
          row[j] = MIN (replace, MIN (row[j], row[j - 1]) + 1);
        }
    }
  return row[width - 1];
}

/* (nullable): the key, anywhere, that is called exactly @name. */
static const PeerupConfigKey *
find_namesake (const char *name)
{
  for (const PeerupConfigKey *key = peerup_config_schema; key->path != NULL; key++)
    if (strcmp (peerup_config_key_get_name (key), name) == 0)
      return key;
  return NULL;
}

char *
peerup_config_key_suggest (const PeerupConfigKey *self, const char *name)
{
  const PeerupConfigKey *nearest = NULL;
  const PeerupConfigKey *namesake;
  guint nearest_distance = NEAR_MAX + 1;
  const char *dot;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  if (strlen (name) > QUOTE_MAX)
    return NULL;
  for (const PeerupConfigKey *child = NULL; (child = peerup_config_key_next_child (self, child)) != NULL;)
    {
      guint d = distance (peerup_config_key_get_name (child), name);

      /* Half of a short word may not change: "id" is not "of". */
      if (d < nearest_distance && 2 * d < strlen (peerup_config_key_get_name (child)))
        {
          nearest = child;
          nearest_distance = d;
        }
    }
  if (nearest != NULL)
    return g_strdup_printf (_ ("did you mean “%s”?"), peerup_config_key_get_name (nearest));
  namesake = find_namesake (name);
  if (namesake == NULL)
    return NULL;
  dot = strrchr (namesake->path, '.');
  return dot == NULL ? g_strdup (_ ("it belongs at the top, not indented"))
                     : g_strdup_printf (_ ("it belongs under “%.*s”"), (int) (dot - namesake->path), namesake->path);
}

gboolean
peerup_config_parse_flag (const char *text, gboolean *value)
{
  static const char *const yes[] = { "true", "yes", "on", "y", NULL };
  static const char *const no[] = { "false", "no", "off", "n", NULL };
  g_autofree char *lower = NULL;

  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  if (strlen (text) > strlen ("false"))
    return FALSE;
  lower = g_ascii_strdown (text, -1);
  *value = g_strv_contains (yes, lower);
  return *value || g_strv_contains (no, lower);
}

char *
peerup_config_quote (const char *text)
{
  g_autoptr (GString) out = g_string_new ("“");
  guint n = 0;

  g_return_val_if_fail (text != NULL, NULL);

  while (*text != '\0')
    {
      /* Arguments of a command line come through here too and may be any bytes. */
      gunichar character = g_utf8_get_char_validated (text, -1);
      gboolean valid = character < 0x110000;

      if (n++ == QUOTE_MAX)
        {
          g_string_append (out, "…");
          break;
        }
      g_string_append_unichar (out, valid && g_unichar_isprint (character) ? character : 0xfffd);
      text += valid ? g_utf8_skip[(guchar) *text] : 1;
    }
  g_string_append (out, "”");
  return g_string_free_and_steal (g_steal_pointer (&out));
}

void
peerup_config_warn (const PeerupYamlDocument *document, GPtrArray *warnings, gsize offset, const char *format, ...)
{
  g_autofree char *where = NULL;
  g_autofree char *what = NULL;
  va_list arguments;

  if (warnings->len > WARNINGS_MAX)
    return;
  if (warnings->len == WARNINGS_MAX)
    {
      g_ptr_array_add (warnings, g_strdup_printf (_ ("%s: and more of this kind"), document->path));
      return;
    }
  where = peerup_yaml_document_locate (document, offset);
  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (warnings, g_strdup_printf ("%s: %s", where, what));
}

static gboolean
is_protocol_id (const char *text)
{
  gsize length = strlen (text);

  for (const char *c = text; *c != '\0'; c++)
    {
      if ((guchar) *c <= ' ' || *c == 0x7f)
        return FALSE;
    }
  return length > 0 && length <= PROTOCOL_ID_MAX;
}

static gboolean
is_in_range (const PeerupConfigKey *self, guint64 value)
{
  return value >= self->min && (self->max == 0 || value <= self->max);
}

static gboolean
takes_duration (const PeerupConfigKey *self, const char *text)
{
  gint64 nanoseconds;

  if (!peerup_go_duration_parse (text, &nanoseconds, NULL) || nanoseconds < 0)
    return FALSE;
  if (self->format == PEERUP_CONFIG_FORMAT_SECONDS && nanoseconds / 1000 % G_USEC_PER_SEC != 0)
    return FALSE;
  return is_in_range (self, nanoseconds / 1000);
}

/* An empty text counts as not written, as it does in the original, where it is a word. */
gboolean
peerup_config_key_takes (const PeerupConfigKey *self, const char *text)
{
  g_auto (GStrv) choices = NULL;
  guint64 value;

  g_return_val_if_fail (self != NULL && text != NULL, FALSE);

  if (self->kind == PEERUP_CONFIG_KEY_NUMBER)
    return g_ascii_string_to_unsigned (text, 10, self->min, self->max, &value, NULL);
  switch (self->format)
    {
    case PEERUP_CONFIG_FORMAT_DURATION:
    case PEERUP_CONFIG_FORMAT_SECONDS:
      return takes_duration (self, text);
    case PEERUP_CONFIG_FORMAT_SIZE:
      return peerup_config_size_parse (text, &value) && is_in_range (self, value);
    case PEERUP_CONFIG_FORMAT_CHOICE:
      choices = g_strsplit (self->choices, " ", -1);
      return *text == '\0' || g_strv_contains ((const char *const *) choices, text);
    case PEERUP_CONFIG_FORMAT_LABEL:
      return *text == '\0' || peerup_label_is_valid (text, strlen (text));
    case PEERUP_CONFIG_FORMAT_PROTOCOL:
      return is_protocol_id (text);
    case PEERUP_CONFIG_FORMAT_ANY:
    case PEERUP_CONFIG_FORMAT_PATH:
    case PEERUP_CONFIG_FORMAT_ENDPOINT:
    case PEERUP_CONFIG_FORMAT_MULTIADDR:
    case PEERUP_CONFIG_FORMAT_PEER_MULTIADDR:
    case PEERUP_CONFIG_FORMAT_PEER_ID:
    default:
      return TRUE;
    }
}

static gboolean
check_word (const PeerupYamlDocument *document, const PeerupYamlNode *node, const PeerupConfigKey *key, GError **error)
{
  g_autofree char *name = peerup_config_quote (node->key->text);
  g_autofree char *value = NULL;
  gboolean flag;

  if (node->kind != PEERUP_YAML_SCALAR)
    return peerup_yaml_refuse (document, node->start, error,
                               _ ("%s is one value, not a list or a mapping; write it after the colon"), name);
  value = peerup_config_quote (node->text);
  if (key->kind == PEERUP_CONFIG_KEY_FLAG && !peerup_config_parse_flag (node->text, &flag))
    return peerup_yaml_refuse (document, node->start, error, _ ("%s cannot be %s; write true or false"), name, value);
  if (!peerup_config_key_takes (key, node->text))
    {
      g_autofree char *values = peerup_config_key_describe_values (key);
      g_autofree char *otherwise = key->value != NULL ? g_strdup_printf (" (%s)", key->value) : g_strdup ("");

      /* A path of the table has no "*" where there is a form to be wrong. */
      if (key->kind == PEERUP_CONFIG_KEY_NUMBER)
        return peerup_yaml_refuse (document, node->start, error,
                                   _ ("%s cannot be %s; write %s, or remove it for the default%s"), key->path, value,
                                   values, otherwise);
      return peerup_yaml_refuse (document, node->start, error, _ ("%s cannot be %s; write %s"), key->path, value,
                                 values);
    }
  return TRUE;
}

static gboolean
check_list (const PeerupYamlDocument *document, const PeerupYamlNode *node, GError **error)
{
  g_autofree char *name = peerup_config_quote (node->key->text);

  if (node->kind != PEERUP_YAML_SEQUENCE)
    return peerup_yaml_refuse (document, node->start, error,
                               _ ("%s is a list; write each entry on a line of its own, as “- …”"), name);
  for (guint i = 0; i < node->children->len; i++)
    {
      const PeerupYamlNode *child = g_ptr_array_index (node->children, i);

      if (child->kind != PEERUP_YAML_SCALAR || peerup_yaml_node_is_null (child))
        return peerup_yaml_refuse (document, child->start, error,
                                   _ ("an entry of %s is one value; write it after the “-”, in quotes"), name);
    }
  return TRUE;
}

static void
warn_unknown (const PeerupYamlDocument *document, const PeerupYamlNode *node, const PeerupConfigKey *parent,
              GPtrArray *warnings)
{
  g_autofree char *name = peerup_config_quote (node->key->text);
  g_autofree char *suggestion = peerup_config_key_suggest (parent, node->key->text);

  peerup_config_warn (document, warnings, node->key->start, _ ("unknown key %s has no effect; %s"), name,
                      suggestion != NULL ? suggestion : _ ("remove it, or leave it for the program that reads it"));
}

/* Recursion is bounded by the depth of the table. */
static gboolean
check_mapping (const PeerupYamlDocument *document, const PeerupYamlNode *node, const PeerupConfigKey *key,
               GPtrArray *warnings, GError **error)
{
  if (node->kind != PEERUP_YAML_MAPPING)
    {
      g_autofree char *name = peerup_config_quote (node->key->text);

      return peerup_yaml_refuse (document, node->start, error,
                                 _ ("%s is a mapping; write its keys below it, indented by two spaces"), name);
    }
  for (guint i = 0; i < node->children->len; i++)
    {
      const PeerupYamlNode *child = g_ptr_array_index (node->children, i);
      const PeerupConfigKey *child_key = peerup_config_key_get_child (key, child->key->text);
      gboolean ok = TRUE;

      if (child_key == NULL)
        warn_unknown (document, child, key, warnings);
      else if (peerup_yaml_node_is_null (child))
        continue;
      else if (child_key->kind == PEERUP_CONFIG_KEY_MAPPING)
        ok = check_mapping (document, child, child_key, warnings, error);
      else if (child_key->kind == PEERUP_CONFIG_KEY_LIST)
        ok = check_list (document, child, error);
      else
        ok = check_word (document, child, child_key, error);
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

gboolean
peerup_config_keys_check (const PeerupYamlDocument *document, GPtrArray *warnings, GError **error)
{
  return check_mapping (document, document->root, &peerup_config_root_key, warnings, error);
}
