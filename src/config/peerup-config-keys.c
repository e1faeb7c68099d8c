/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The one table of the keys that a configuration file may hold, and what follows from
 * it alone: the shape of a file, warnings for keys that have no effect with the key that
 * was probably meant, and which keys an edit may set. Values that need more than their
 * kind are judged in peerup-config-reader.c. */

#include "config/peerup-config-keys.h"

#include <string.h>

/* Of a message's quotation, in characters; the rest of a long value helps nobody. */
#define QUOTE_MAX 64
/* Keys further apart than this were not mistyped from one another. */
#define NEAR_MAX 3
/* A file of nonsense is not answered with a megabyte of warnings. */
#define WARNINGS_MAX 100

static const PeerupConfigKey identity_keys[] = {
  { "key_file", PEERUP_CONFIG_KEY_TEXT },
  { NULL },
};

/* What each stands for is said where the limits are: limits/peerup-limits.h. */
static const PeerupConfigKey limits_keys[] = {
  { "connections", PEERUP_CONFIG_KEY_NUMBER },
  { "connections_per_peer", PEERUP_CONFIG_KEY_NUMBER },
  { "connections_per_address", PEERUP_CONFIG_KEY_NUMBER },
  { "connections_per_network", PEERUP_CONFIG_KEY_NUMBER },
  { "handshakes", PEERUP_CONFIG_KEY_NUMBER },
  { "handshakes_per_address", PEERUP_CONFIG_KEY_NUMBER },
  { "handshakes_per_network", PEERUP_CONFIG_KEY_NUMBER },
  { "handshake_rate", PEERUP_CONFIG_KEY_NUMBER },
  { "handshake_rate_per_address", PEERUP_CONFIG_KEY_NUMBER },
  { "handshake_rate_per_network", PEERUP_CONFIG_KEY_NUMBER },
  { "streams", PEERUP_CONFIG_KEY_NUMBER },
  { "streams_per_peer", PEERUP_CONFIG_KEY_NUMBER },
  { "stream_rate_per_peer", PEERUP_CONFIG_KEY_NUMBER },
  { "memory", PEERUP_CONFIG_KEY_TEXT },
  { "memory_per_peer", PEERUP_CONFIG_KEY_TEXT },
  { NULL },
};

static const PeerupConfigKey websocket_keys[] = {
  { "certificate_file", PEERUP_CONFIG_KEY_TEXT },
  { "key_file", PEERUP_CONFIG_KEY_TEXT },
  { NULL },
};

static const PeerupConfigKey network_keys[] = {
  { "listen_addresses", PEERUP_CONFIG_KEY_LIST },
  { "force_private_reachability", PEERUP_CONFIG_KEY_FLAG },
  { "port_mapping", PEERUP_CONFIG_KEY_FLAG },
  { "congestion", PEERUP_CONFIG_KEY_TEXT },
  { "resource_limits_enabled", PEERUP_CONFIG_KEY_FLAG },
  { "limits", PEERUP_CONFIG_KEY_MAPPING, limits_keys },
  { "websocket", PEERUP_CONFIG_KEY_MAPPING, websocket_keys },
  { NULL },
};

static const PeerupConfigKey relay_keys[] = {
  { "addresses", PEERUP_CONFIG_KEY_LIST }, { "reservation_interval", PEERUP_CONFIG_KEY_TEXT },
  { "serve", PEERUP_CONFIG_KEY_FLAG },     { "serve_peers", PEERUP_CONFIG_KEY_FLAG },
  { "sponsor", PEERUP_CONFIG_KEY_FLAG },   { "drain_time", PEERUP_CONFIG_KEY_TEXT },
  { "announce", PEERUP_CONFIG_KEY_LIST },  { NULL },
};

static const PeerupConfigKey resources_keys[] = {
  { "max_reservations", PEERUP_CONFIG_KEY_NUMBER },
  { "max_circuits", PEERUP_CONFIG_KEY_NUMBER },
  { "max_circuits_total", PEERUP_CONFIG_KEY_NUMBER },
  { "max_reservations_per_ip", PEERUP_CONFIG_KEY_NUMBER },
  { "max_reservations_per_asn", PEERUP_CONFIG_KEY_NUMBER },
  { "buffer_size", PEERUP_CONFIG_KEY_TEXT },
  { "reservation_ttl", PEERUP_CONFIG_KEY_TEXT },
  { "session_duration", PEERUP_CONFIG_KEY_TEXT },
  { "session_data_limit", PEERUP_CONFIG_KEY_TEXT },
  { "authorized_session_duration", PEERUP_CONFIG_KEY_TEXT },
  { "authorized_session_data_limit", PEERUP_CONFIG_KEY_TEXT },
  { NULL },
};

static const PeerupConfigKey health_keys[] = {
  { "enabled", PEERUP_CONFIG_KEY_FLAG },
  { "listen_address", PEERUP_CONFIG_KEY_TEXT },
  { NULL },
};

static const PeerupConfigKey discovery_keys[] = {
  { "rendezvous", PEERUP_CONFIG_KEY_TEXT },
  { "network", PEERUP_CONFIG_KEY_TEXT },
  { "mdns", PEERUP_CONFIG_KEY_FLAG },
  { "bootstrap_peers", PEERUP_CONFIG_KEY_LIST },
  { NULL },
};

static const PeerupConfigKey security_keys[] = {
  { "authorized_keys_file", PEERUP_CONFIG_KEY_TEXT },
  { "enable_connection_gating", PEERUP_CONFIG_KEY_FLAG },
  { NULL },
};

static const PeerupConfigKey ping_pong_keys[] = {
  { "enabled", PEERUP_CONFIG_KEY_FLAG },
  { "id", PEERUP_CONFIG_KEY_TEXT },
  { NULL },
};

static const PeerupConfigKey protocols_keys[] = {
  { "ping_pong", PEERUP_CONFIG_KEY_MAPPING, ping_pong_keys },
  { NULL },
};

static const PeerupConfigKey service_keys[] = {
  { "enabled", PEERUP_CONFIG_KEY_FLAG },
  { "local_address", PEERUP_CONFIG_KEY_TEXT },
  { "protocol", PEERUP_CONFIG_KEY_TEXT },
  { "allowed_peers", PEERUP_CONFIG_KEY_LIST },
  { NULL },
};

static const PeerupConfigKey services_keys[] = {
  { "*", PEERUP_CONFIG_KEY_MAPPING, service_keys },
  { NULL },
};

static const PeerupConfigKey names_keys[] = {
  { "*", PEERUP_CONFIG_KEY_TEXT },
  { NULL },
};

static const PeerupConfigKey metrics_keys[] = {
  { "enabled", PEERUP_CONFIG_KEY_FLAG },
  { "listen_address", PEERUP_CONFIG_KEY_TEXT },
  { NULL },
};

static const PeerupConfigKey audit_keys[] = {
  { "enabled", PEERUP_CONFIG_KEY_FLAG },
  { "file", PEERUP_CONFIG_KEY_TEXT },
  { "max_size", PEERUP_CONFIG_KEY_TEXT },
  { "keep", PEERUP_CONFIG_KEY_NUMBER },
  { NULL },
};

static const PeerupConfigKey telemetry_keys[] = {
  { "metrics", PEERUP_CONFIG_KEY_MAPPING, metrics_keys },
  { "audit", PEERUP_CONFIG_KEY_MAPPING, audit_keys },
  { NULL },
};

static const PeerupConfigKey root_keys[] = {
  { "version", PEERUP_CONFIG_KEY_NUMBER },
  { "identity", PEERUP_CONFIG_KEY_MAPPING, identity_keys },
  { "network", PEERUP_CONFIG_KEY_MAPPING, network_keys },
  { "relay", PEERUP_CONFIG_KEY_MAPPING, relay_keys },
  { "discovery", PEERUP_CONFIG_KEY_MAPPING, discovery_keys },
  { "security", PEERUP_CONFIG_KEY_MAPPING, security_keys },
  { "protocols", PEERUP_CONFIG_KEY_MAPPING, protocols_keys },
  { "services", PEERUP_CONFIG_KEY_MAPPING, services_keys },
  { "names", PEERUP_CONFIG_KEY_MAPPING, names_keys },
  { "resources", PEERUP_CONFIG_KEY_MAPPING, resources_keys },
  { "health", PEERUP_CONFIG_KEY_MAPPING, health_keys },
  { "telemetry", PEERUP_CONFIG_KEY_MAPPING, telemetry_keys },
  { NULL },
};

const PeerupConfigKey peerup_config_root_key = { "", PEERUP_CONFIG_KEY_MAPPING, root_keys };

const PeerupConfigKey *
peerup_config_key_get_child (const PeerupConfigKey *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  for (const PeerupConfigKey *child = self->children; child != NULL && child->name != NULL; child++)
    {
      if (strcmp (child->name, "*") == 0 || strcmp (child->name, name) == 0)
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

/* The path of a mapping, anywhere below @self, that has a child called exactly @name. */
static char *
find_home (const PeerupConfigKey *self, const char *name)
{
  for (const PeerupConfigKey *child = self->children; child != NULL && child->name != NULL; child++)
    {
      g_autofree char *below = NULL;

      if (strcmp (child->name, name) == 0)
        return g_strdup (self->name);
      below = child->kind == PEERUP_CONFIG_KEY_MAPPING ? find_home (child, name) : NULL;
      if (below != NULL && *self->name != '\0')
        return g_strdup_printf ("%s.%s", self->name, below);
      if (below != NULL)
        return g_steal_pointer (&below);
    }
  return NULL;
}

char *
peerup_config_key_suggest (const PeerupConfigKey *self, const char *name)
{
  const PeerupConfigKey *nearest = NULL;
  guint nearest_distance = NEAR_MAX + 1;
  g_autofree char *home = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  if (strlen (name) > QUOTE_MAX)
    return NULL;
  for (const PeerupConfigKey *child = self->children; child != NULL && child->name != NULL; child++)
    {
      guint d = distance (child->name, name);

      /* Half of a short word may not change: "id" is not "of". */
      if (d < nearest_distance && 2 * d < strlen (child->name))
        {
          nearest = child;
          nearest_distance = d;
        }
    }
  if (nearest != NULL)
    return g_strdup_printf ("did you mean “%s”?", nearest->name);
  home = find_home (&peerup_config_root_key, name);
  if (home == NULL)
    return NULL;
  return *home == '\0' ? g_strdup ("it belongs at the top, not indented")
                       : g_strdup_printf ("it belongs under “%s”", home);
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
      g_ptr_array_add (warnings, g_strdup_printf ("%s: and more of this kind", document->path));
      return;
    }
  where = peerup_yaml_document_locate (document, offset);
  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (warnings, g_strdup_printf ("%s: %s", where, what));
}

static gboolean
check_word (const PeerupYamlDocument *document, const PeerupYamlNode *node, const PeerupConfigKey *key, GError **error)
{
  g_autofree char *name = peerup_config_quote (node->key->text);
  g_autofree char *value = NULL;
  gboolean flag;

  if (node->kind != PEERUP_YAML_SCALAR)
    return peerup_yaml_refuse (document, node->start, error,
                               "%s is one value, not a list or a mapping; write it after the colon", name);
  value = peerup_config_quote (node->text);
  if (key->kind == PEERUP_CONFIG_KEY_FLAG && !peerup_config_parse_flag (node->text, &flag))
    return peerup_yaml_refuse (document, node->start, error, "%s cannot be %s; write true or false", name, value);
  return TRUE;
}

static gboolean
check_list (const PeerupYamlDocument *document, const PeerupYamlNode *node, GError **error)
{
  g_autofree char *name = peerup_config_quote (node->key->text);

  if (node->kind != PEERUP_YAML_SEQUENCE)
    return peerup_yaml_refuse (document, node->start, error,
                               "%s is a list; write each entry on a line of its own, as “- …”", name);
  for (guint i = 0; i < node->children->len; i++)
    {
      const PeerupYamlNode *child = g_ptr_array_index (node->children, i);

      if (child->kind != PEERUP_YAML_SCALAR || peerup_yaml_node_is_null (child))
        return peerup_yaml_refuse (document, child->start, error,
                                   "an entry of %s is one value; write it after the “-”, in quotes", name);
    }
  return TRUE;
}

static void
warn_unknown (const PeerupYamlDocument *document, const PeerupYamlNode *node, const PeerupConfigKey *parent,
              GPtrArray *warnings)
{
  g_autofree char *name = peerup_config_quote (node->key->text);
  g_autofree char *suggestion = peerup_config_key_suggest (parent, node->key->text);

  peerup_config_warn (document, warnings, node->key->start, "unknown key %s has no effect; %s", name,
                      suggestion != NULL ? suggestion : "remove it, or leave it for the program that reads it");
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
                                 "%s is a mapping; write its keys below it, indented by two spaces", name);
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
