/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* From a YAML document to a configuration: the one place that knows what the values of
 * the file mean and which of them hold. Whatever the original program reads is read.
 * Three rules where it is silent or harsher than a newcomer deserves:
 *
 * - relay, discovery and protocols may be left out; the defaults stand in peerup-config.h.
 * - Nothing left out opens a door: gating that is not mentioned is on, limits are too, and
 *   a list of allowed peers that is empty, or of which nothing parses, allows nobody.
 * - What hurts only itself (an unusable name, the address of a disabled service) is a
 *   warning, so that a slip there does not stop everything else. */

#include "config/peerup-config-reader.h"

#include <stdarg.h>
#include <string.h>

#include "config/peerup-config-keys.h"
#include "config/peerup-config-size.h"

/* A protocol ID must fit into one multistream-select line with room to spare. */
#define PROTOCOL_ID_MAX 512
#define NEWEST_VERSION  1
#define RELAY_EXAMPLE   "/ip4/203.0.113.7/tcp/7777/p2p/12D3KooW…"
/* A stream of the muxer may have a quarter of this waiting before anybody is asked. */
#define MEMORY_MIN (1024 * 1024)
/* Rates are kept in microseconds. */
#define RATE_MAX 1000000

typedef PeerupConfigReader Reader;

const PeerupYamlNode *
peerup_config_reader_find (Reader *self, ...)
{
  const PeerupYamlNode *node = self->document->root;
  const char *key;
  va_list keys;

  va_start (keys, self);
  while (node != NULL && (key = va_arg (keys, const char *)) != NULL)
    node = peerup_yaml_node_get (node, key);
  va_end (keys);
  return node == NULL || peerup_yaml_node_is_null (node) ? NULL : node;
}

gboolean
peerup_config_reader_flag (const PeerupYamlNode *node, gboolean otherwise)
{
  gboolean value = otherwise;

  if (node != NULL && !peerup_config_parse_flag (node->text, &value))
    g_assert_not_reached ();
  return value;
}

const char *
peerup_config_reader_word (const PeerupYamlNode *node)
{
  return node == NULL || *node->text == '\0' ? NULL : node->text;
}

char *
peerup_config_reader_absolute (Reader *self, const char *path)
{
  g_autofree char *directory = g_path_get_dirname (self->config->path);

  return g_canonicalize_filename (path, directory);
}

/* Points at @node, or where it is missing at the key it should stand under, or at the top. */
static gsize
place (Reader *self, const PeerupYamlNode *node, const char *section)
{
  const PeerupYamlNode *parent = peerup_yaml_node_get (self->document->root, section);

  if (node != NULL)
    return node->start;
  return parent != NULL ? parent->key->start : 0;
}

static gboolean
read_version (Reader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "version", NULL);
  guint64 version = 0;

  if (node != NULL && (node->kind != PEERUP_YAML_SCALAR ||
                       !g_ascii_string_to_unsigned (node->text, 10, 0, G_MAXUINT32, &version, NULL)))
    return peerup_yaml_refuse (self->document, node->start, error, "the version is not a number; write “version: 1”");
  if (version > NEWEST_VERSION)
    return peerup_yaml_refuse (self->document, node->start, error,
                               "version %" G_GUINT64_FORMAT
                               " is newer than this program reads (%d); update the program",
                               version, NEWEST_VERSION);
  self->config->version = MAX (version, 1);
  return TRUE;
}

static gboolean
read_identity (Reader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "identity", "key_file", NULL);

  if (peerup_config_reader_word (node) == NULL)
    return peerup_yaml_refuse (self->document, place (self, node, "identity"), error,
                               "identity.key_file is missing; write “key_file: \"identity.key\"” under “identity:”");
  self->config->key_file = peerup_config_reader_absolute (self, node->text);
  return TRUE;
}

gboolean
peerup_config_reader_addresses (Reader *self, const PeerupYamlNode *list, gboolean with_peer, GPtrArray *addresses,
                                GError **error)
{
  for (guint i = 0; list != NULL && i < list->children->len; i++)
    {
      const PeerupYamlNode *node = g_ptr_array_index (list->children, i);
      g_autoptr (GError) reason = NULL;
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (node->text, &reason);
      g_autoptr (PeerupPeerId) peer = address == NULL ? NULL : peerup_multiaddr_dup_peer_id (address);

      if (address == NULL)
        return peerup_yaml_refuse (self->document, node->start, error, "%s; write it as %s", reason->message,
                                   with_peer ? RELAY_EXAMPLE : "/ip4/0.0.0.0/tcp/0");
      if (with_peer && peer == NULL)
        return peerup_yaml_refuse (self->document, node->start, error,
                                   "Address %s does not end in /p2p/ and a peer ID; write it as %s", node->text,
                                   RELAY_EXAMPLE);
      g_ptr_array_add (addresses, g_steal_pointer (&address));
    }
  return TRUE;
}

static gboolean
read_congestion (Reader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "network", "congestion", NULL);
  g_autofree char *value = NULL;

  if (peerup_config_reader_word (node) == NULL)
    return TRUE;
  for (guint i = 0; peerup_config_congestions[i] != NULL; i++)
    if (g_str_equal (node->text, peerup_config_congestions[i]))
      {
        self->config->congestion = i;
        return TRUE;
      }
  value = peerup_config_quote (node->text);
  return peerup_yaml_refuse (self->document, node->start, error, "network.congestion cannot be %s; write bbr or cubic",
                             value);
}

static gboolean
is_memory (PeerupLimit limit)
{
  return limit == PEERUP_LIMIT_MEMORY || limit == PEERUP_LIMIT_MEMORY_PER_PEER;
}

static gboolean
read_limit (Reader *self, PeerupLimit limit, const PeerupYamlNode *node, GError **error)
{
  guint64 max = peerup_limit_is_rate (limit) ? RATE_MAX : G_MAXUINT32;
  g_autofree char *value = peerup_config_quote (node->text);
  const char *name = peerup_limit_get_name (limit);

  if (is_memory (limit))
    {
      if (peerup_config_size_parse (node->text, &self->config->limits[limit]) &&
          self->config->limits[limit] >= MEMORY_MIN)
        return TRUE;
      return peerup_yaml_refuse (self->document, node->start, error,
                                 "network.limits.%s cannot be %s; write a size of 1MiB or more, as in 256MiB", name,
                                 value);
    }
  if (g_ascii_string_to_unsigned (node->text, 10, 1, max, &self->config->limits[limit], NULL))
    return TRUE;
  return peerup_yaml_refuse (self->document, node->start, error,
                             "network.limits.%s cannot be %s; write a number from 1 to %" G_GUINT64_FORMAT
                             ", or remove it for the default",
                             name, value, max);
}

static gboolean
read_limits (Reader *self, GError **error)
{
  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    {
      const PeerupYamlNode *node =
        peerup_config_reader_find (self, "network", "limits", peerup_limit_get_name (limit), NULL);

      if (node != NULL && !read_limit (self, limit, node, error))
        return FALSE;
    }
  return TRUE;
}

/* (nullable) */
static char *
read_websocket_file (Reader *self, const char *name)
{
  const char *path = peerup_config_reader_word (peerup_config_reader_find (self, "network", "websocket", name, NULL));

  return path != NULL ? peerup_config_reader_absolute (self, path) : NULL;
}

static gboolean
read_network (Reader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const PeerupYamlNode *list = peerup_config_reader_find (self, "network", "listen_addresses", NULL);

  config->force_private_reachability =
    peerup_config_reader_flag (peerup_config_reader_find (self, "network", "force_private_reachability", NULL), FALSE);
  config->port_mapping =
    peerup_config_reader_flag (peerup_config_reader_find (self, "network", "port_mapping", NULL), TRUE);
  config->resource_limits_enabled =
    peerup_config_reader_flag (peerup_config_reader_find (self, "network", "resource_limits_enabled", NULL), TRUE);
  config->websocket_certificate_file = read_websocket_file (self, "certificate_file");
  config->websocket_key_file = read_websocket_file (self, "key_file");
  if (list == NULL || list->children->len == 0)
    return peerup_yaml_refuse (
      self->document, place (self, list, "network"), error,
      "network.listen_addresses is missing; write “listen_addresses: [\"/ip4/0.0.0.0/tcp/0\"]” "
      "under “network:”");
  return read_congestion (self, error) &&
         peerup_config_reader_addresses (self, list, FALSE, config->listen_addresses, error) &&
         read_limits (self, error);
}

static gboolean
read_discovery (Reader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const char *rendezvous =
    peerup_config_reader_word (peerup_config_reader_find (self, "discovery", "rendezvous", NULL));
  const PeerupYamlNode *network = peerup_config_reader_find (self, "discovery", "network", NULL);

  config->rendezvous = g_strdup (rendezvous != NULL ? rendezvous : PEERUP_CONFIG_DEFAULT_RENDEZVOUS);
  config->network = g_strdup (peerup_config_reader_word (network));
  config->mdns = peerup_config_reader_flag (peerup_config_reader_find (self, "discovery", "mdns", NULL), TRUE);
  if (config->network != NULL && !peerup_config_is_service_name (config->network))
    {
      g_autofree char *value = peerup_config_quote (network->text);

      return peerup_yaml_refuse (
        self->document, network->start, error,
        "discovery.network cannot be %s; write 1 to 63 of a-z, 0-9 and “-”, the “-” not at the ends", value);
    }
  return peerup_config_reader_addresses (self, peerup_config_reader_find (self, "discovery", "bootstrap_peers", NULL),
                                         TRUE, config->bootstrap_peers, error);
}

static gboolean
read_security (Reader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const PeerupYamlNode *gating = peerup_config_reader_find (self, "security", "enable_connection_gating", NULL);
  const PeerupYamlNode *file = peerup_config_reader_find (self, "security", "authorized_keys_file", NULL);
  const char *path = peerup_config_reader_word (file);

  config->connection_gating = peerup_config_reader_flag (gating, TRUE);
  if (gating == NULL)
    {
      path = path != NULL ? path : "authorized_keys";
      peerup_config_warn (self->document, self->warnings, place (self, NULL, "security"),
                          "security.enable_connection_gating is not set: only the peers in %s may connect; "
                          "write true under “security:” to say so, or false to let every peer in",
                          path);
    }
  if (config->connection_gating && path == NULL)
    return peerup_yaml_refuse (self->document, place (self, file, "security"), error,
                               "security.authorized_keys_file is missing; write “authorized_keys_file: "
                               "\"authorized_keys\"” under “security:”");
  config->authorized_keys_file = path == NULL ? NULL : peerup_config_reader_absolute (self, path);
  return TRUE;
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
read_protocols (Reader *self, GError **error)
{
  const PeerupYamlNode *id = peerup_config_reader_find (self, "protocols", "ping_pong", "id", NULL);

  self->config->ping_pong_enabled =
    peerup_config_reader_flag (peerup_config_reader_find (self, "protocols", "ping_pong", "enabled", NULL), TRUE);
  self->config->ping_pong_id = g_strdup (id == NULL ? PEERUP_CONFIG_DEFAULT_PING_PONG_ID : id->text);
  if (!is_protocol_id (self->config->ping_pong_id))
    {
      g_autofree char *value = peerup_config_quote (id->text);

      return peerup_yaml_refuse (self->document, id->start, error, "protocols.ping_pong.id cannot be %s; write “%s”",
                                 value, PEERUP_CONFIG_DEFAULT_PING_PONG_ID);
    }
  return TRUE;
}

/* Absent: NULL, everyone. Written in any way, be it null: a set, which bad entries do not enter. */
static GPtrArray *
read_allowed_peers (Reader *self, const PeerupYamlNode *service)
{
  const PeerupYamlNode *list = peerup_yaml_node_get (service, "allowed_peers");
  g_autoptr (GPtrArray) peers = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new (peerup_peer_id_hash, peerup_peer_id_equal);

  if (list == NULL)
    return NULL;
  peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  for (guint i = 0; !peerup_yaml_node_is_null (list) && i < list->children->len; i++)
    {
      const PeerupYamlNode *node = g_ptr_array_index (list->children, i);
      g_autoptr (GError) reason = NULL;
      g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (node->text, &reason);

      if (peer == NULL)
        {
          g_autofree char *value = peerup_config_quote (node->text);

          peerup_config_warn (self->document, self->warnings, node->start,
                              "%s allows nobody: %s; write the ID that “peerup whoami” prints on that machine", value,
                              reason->message);
        }
      else if (g_hash_table_add (seen, peer))
        g_ptr_array_add (peers, g_steal_pointer (&peer));
    }
  if (peers->len == 0)
    peerup_config_warn (
      self->document, self->warnings, list->key->start,
      "nobody may use the service “%s” without a grant: its allowed_peers holds no peer; add one, or remove the key to "
      "let every authorized peer in",
      service->key->text);
  return g_steal_pointer (&peers);
}

/* FALSE if the address is unusable and @enabled; without @enabled that is a warning. */
static gboolean
read_local_address (Reader *self, const PeerupYamlNode *node, PeerupConfigService *service, GError **error)
{
  const PeerupYamlNode *address = peerup_yaml_node_get (node, "local_address");
  g_autoptr (GError) reason = NULL;

  service->local_address =
    g_strdup (address == NULL || peerup_yaml_node_is_null (address) ? NULL : peerup_config_reader_word (address));
  if (service->local_address == NULL && service->enabled)
    return peerup_yaml_refuse (
      self->document, address != NULL ? address->start : node->key->start, error,
      "services.%s.local_address is missing; write “local_address: \"localhost:22\"” (or where "
      "the service answers) under “%s:”",
      service->name, service->name);
  if (service->local_address == NULL ||
      peerup_config_parse_host_port (service->local_address, &service->host, &service->port, &reason))
    {
      /* As the dialers of the original's language take it. */
      if (service->host != NULL && *service->host == '\0')
        {
          g_free (service->host);
          service->host = g_strdup ("localhost");
        }
      return TRUE;
    }
  if (service->enabled)
    return peerup_yaml_refuse (self->document, address->start, error, "services.%s.local_address: %s", service->name,
                               reason->message);
  peerup_config_warn (self->document, self->warnings, address->start, "services.%s.local_address: %s", service->name,
                      reason->message);
  return TRUE;
}

static void
warn_protocol (Reader *self, const PeerupYamlNode *node, const char *name)
{
  const PeerupYamlNode *protocol = peerup_yaml_node_get (node, "protocol");
  g_autofree char *actual = g_strdup_printf ("/peerup/%s/1.0.0", name);

  if (protocol != NULL && !peerup_yaml_node_is_null (protocol) && peerup_config_reader_word (protocol) != NULL &&
      strcmp (protocol->text, "tcp") != 0 && strcmp (protocol->text, actual) != 0)
    peerup_config_warn (self->document, self->warnings, protocol->key->start,
                        "services.%s.protocol has no effect: the service is offered over TCP as %s; remove it", name,
                        actual);
}

static gboolean
read_service (Reader *self, const PeerupYamlNode *node, GError **error)
{
  PeerupConfigService *service = g_new0 (PeerupConfigService, 1);
  const char *name = node->key->text;
  const PeerupYamlNode *enabled = peerup_yaml_node_get (node, "enabled");

  service->name = g_strdup (name);
  g_ptr_array_add (self->config->services, service);
  if (!peerup_config_is_service_name (name))
    {
      g_autofree char *value = peerup_config_quote (name);

      return peerup_yaml_refuse (
        self->document, node->key->start, error,
        "a service cannot be called %s; write 1 to 63 of a-z, 0-9 and “-”, the “-” not at the ends", value);
    }
  g_hash_table_insert (self->config->services_by_name, service->name, service);
  service->enabled =
    peerup_config_reader_flag (enabled == NULL || peerup_yaml_node_is_null (enabled) ? NULL : enabled, FALSE);
  service->allowed_peers = read_allowed_peers (self, node);
  warn_protocol (self, node, name);
  return read_local_address (self, node, service, error);
}

static gboolean
read_services (Reader *self, GError **error)
{
  const PeerupYamlNode *services = peerup_config_reader_find (self, "services", NULL);

  for (guint i = 0; services != NULL && i < services->children->len; i++)
    {
      if (!read_service (self, g_ptr_array_index (services->children, i), error))
        return FALSE;
    }
  return TRUE;
}

static void
read_names (Reader *self)
{
  const PeerupYamlNode *names = peerup_config_reader_find (self, "names", NULL);

  for (guint i = 0; names != NULL && i < names->children->len; i++)
    {
      const PeerupYamlNode *node = g_ptr_array_index (names->children, i);
      g_autoptr (GError) reason = NULL;
      g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (node->text, &reason);
      PeerupConfigName *name;

      if (peer == NULL)
        {
          g_autofree char *quoted = peerup_config_quote (node->key->text);
          g_autofree char *value = peerup_config_quote (node->text);

          peerup_config_warn (self->document, self->warnings, node->start,
                              "the name %s leads nowhere with %s: %s; write the ID that “peerup whoami” prints on that "
                              "machine",
                              quoted, value, reason->message);
          continue;
        }
      name = g_new0 (PeerupConfigName, 1);
      name->name = g_strdup (node->key->text);
      name->peer = g_steal_pointer (&peer);
      g_ptr_array_add (self->config->names, name);
      g_hash_table_insert (self->config->names_by_name, name->name, name);
    }
}

gboolean
peerup_config_read (PeerupConfig *config, const PeerupYamlDocument *document, GPtrArray *warnings, GError **error)
{
  Reader reader = { document, config, warnings };

  /* The version first: what a newer file holds cannot be judged by this table. */
  if (!read_version (&reader, error) || !peerup_config_keys_check (document, warnings, error) ||
      !read_identity (&reader, error) || !read_network (&reader, error) || !peerup_config_read_relay (&reader, error) ||
      !read_discovery (&reader, error) || !read_security (&reader, error) || !read_protocols (&reader, error) ||
      !read_services (&reader, error))
    return FALSE;
  read_names (&reader);
  return peerup_config_read_telemetry (&reader, error);
}
