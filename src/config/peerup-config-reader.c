/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* From a YAML document to a configuration: the one place that knows what the values of
 * the file mean and which of them hold. Whatever the original program reads is read.
 * Three rules where it is silent or harsher than a newcomer deserves:
 *
 * - relay, discovery and protocols may be left out; the defaults stand in peerup-config-schema.c.
 * - Nothing left out opens a door: gating that is not mentioned is on, limits are too, and
 *   a list of allowed peers that is empty, or of which nothing parses, allows nobody.
 * - What hurts only itself (an unusable name, the address of a disabled service) is a
 *   warning, so that a slip there does not stop everything else. */

#include "config/peerup-config-reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "config/peerup-config-keys.h"
#include "config/peerup-config-size.h"
#include "config/peerup-go-duration.h"
#include "wire/peerup-discovery-message.h"
#include "wire/peerup-label.h"

#define NEWEST_VERSION 1
#define RELAY_EXAMPLE  "/ip4/203.0.113.7/tcp/7777/p2p/12D3KooW…"

typedef PeerupConfigReader Reader;

const PeerupYamlNode *
peerup_config_reader_get (Reader *self, const char *path)
{
  g_auto (GStrv) keys = g_strsplit (path, ".", -1);
  const PeerupYamlNode *node = self->document->root;

  for (gsize i = 0; node != NULL && keys[i] != NULL; i++)
    node = peerup_yaml_node_get (node, keys[i]);
  return node == NULL || peerup_yaml_node_is_null (node) ? NULL : node;
}

/* As it stands in the file, or in the table. */
static const char *
get_value (Reader *self, const char *path)
{
  const PeerupYamlNode *node = peerup_config_reader_get (self, path);

  return node != NULL ? node->text : peerup_config_schema_get_default (path);
}

static gboolean
parse_flag (const char *text)
{
  gboolean value;

  if (!peerup_config_parse_flag (text, &value))
    g_assert_not_reached ();
  return value;
}

gboolean
peerup_config_reader_flag (Reader *self, const char *path)
{
  return parse_flag (get_value (self, path));
}

guint64
peerup_config_reader_number (Reader *self, const char *path)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (get_value (self, path), 10, 0, G_MAXUINT64, &value, NULL))
    g_assert_not_reached ();
  return value;
}

guint64
peerup_config_reader_size (Reader *self, const char *path)
{
  guint64 value;

  if (!peerup_config_size_parse (get_value (self, path), &value))
    g_assert_not_reached ();
  return value;
}

/* What is finer than microseconds is dropped, as nothing here can be timed by it. */
gint64
peerup_config_reader_duration (Reader *self, const char *path)
{
  gint64 nanoseconds;

  if (!peerup_go_duration_parse (get_value (self, path), &nanoseconds, NULL))
    g_assert_not_reached ();
  return nanoseconds / 1000;
}

const char *
peerup_config_reader_text (Reader *self, const char *path)
{
  const PeerupYamlNode *node = peerup_config_reader_get (self, path);

  if (node != NULL && *node->text != '\0')
    return node->text;
  return peerup_config_schema_find (path)->value;
}

char *
peerup_config_reader_file (Reader *self, const char *path)
{
  const char *file = peerup_config_reader_text (self, path);

  return file != NULL ? peerup_config_reader_absolute (self, file) : NULL;
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
  const PeerupYamlNode *node = peerup_config_reader_get (self, "version");
  guint64 version = 0;

  if (node != NULL && (node->kind != PEERUP_YAML_SCALAR ||
                       !g_ascii_string_to_unsigned (node->text, 10, 0, G_MAXUINT32, &version, NULL)))
    return peerup_yaml_refuse (self->document, node->start, error,
                               _ ("the version is not a number; write “version: 1”"));
  if (version > NEWEST_VERSION)
    return peerup_yaml_refuse (self->document, node->start, error,
                               _ ("version %" PRIu64 " is newer than this program reads (%d); update the program"),
                               version, NEWEST_VERSION);
  self->config->version = MAX (version, 1);
  return TRUE;
}

static gboolean
read_identity_peer (Reader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_get (self, "identity.peer_id");
  g_autoptr (GError) reason = NULL;

  if (peerup_config_reader_word (node) == NULL)
    return TRUE;
  self->config->identity_peer = peerup_peer_id_new_from_string (node->text, &reason);
  return self->config->identity_peer != NULL ||
         peerup_yaml_refuse (
           self->document, node->start, error,
           _ ("identity.peer_id is none: %s; write the ID that this machine has, or take the line out"),
           reason->message);
}

static gboolean
read_identity (Reader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_get (self, "identity.key_file");

  if (peerup_config_reader_word (node) == NULL)
    return peerup_yaml_refuse (self->document, place (self, node, "identity"), error,
                               _ (
                                 "identity.key_file is missing; write “key_file: \"identity.key\"” under “identity:”"));
  self->config->key_file = peerup_config_reader_absolute (self, node->text);
  if (g_str_equal (peerup_config_reader_text (self, "identity.key_store"), "keyring"))
    self->config->key_store = PEERUP_CONFIG_KEY_STORE_KEYRING;
  return read_identity_peer (self, error);
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
        return peerup_yaml_refuse (self->document, node->start, error, _ ("%s; write it as %s"), reason->message,
                                   with_peer ? RELAY_EXAMPLE : "/ip4/0.0.0.0/tcp/0");
      if (with_peer && peer == NULL)
        return peerup_yaml_refuse (self->document, node->start, error,
                                   _ ("Address %s does not end in /p2p/ and a peer ID; write it as %s"), node->text,
                                   RELAY_EXAMPLE);
      g_ptr_array_add (addresses, g_steal_pointer (&address));
    }
  return TRUE;
}

static PeerupConfigCongestion
read_congestion (Reader *self)
{
  const char *text = peerup_config_reader_text (self, "network.congestion");
  guint i = 0;

  while (!g_str_equal (text, peerup_config_congestions[i]))
    i++;
  return i;
}

static void
read_limits (Reader *self)
{
  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    {
      g_autofree char *path = g_strconcat ("network.limits.", peerup_limit_get_name (limit), NULL);

      if (peerup_config_reader_get (self, path) == NULL)
        continue;
      self->config->limits[limit] = limit == PEERUP_LIMIT_MEMORY || limit == PEERUP_LIMIT_MEMORY_PER_PEER
                                      ? peerup_config_reader_size (self, path)
                                      : peerup_config_reader_number (self, path);
    }
}

static gboolean
read_network (Reader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const PeerupYamlNode *list = peerup_config_reader_get (self, "network.listen_addresses");

  config->force_private_reachability = peerup_config_reader_flag (self, "network.force_private_reachability");
  config->port_mapping = peerup_config_reader_flag (self, "network.port_mapping");
  config->congestion = read_congestion (self);
  config->resource_limits_enabled = peerup_config_reader_flag (self, "network.resource_limits_enabled");
  config->websocket_certificate_file = peerup_config_reader_file (self, "network.websocket.certificate_file");
  config->websocket_key_file = peerup_config_reader_file (self, "network.websocket.key_file");
  read_limits (self);
  if (list == NULL || list->children->len == 0)
    return peerup_yaml_refuse (
      self->document, place (self, list, "network"), error,
      _ ("network.listen_addresses is missing; write “listen_addresses: [\"/ip4/0.0.0.0/tcp/0\"]” "
         "under “network:”"));
  return peerup_config_reader_addresses (self, list, FALSE, config->listen_addresses, error);
}

static gboolean
read_discovery (Reader *self, GError **error)
{
  PeerupConfig *config = self->config;

  config->rendezvous = g_strdup (peerup_config_reader_text (self, "discovery.rendezvous"));
  config->network = g_strdup (peerup_config_reader_text (self, "discovery.network"));
  config->mdns = peerup_config_reader_flag (self, "discovery.mdns");
  return peerup_config_reader_addresses (self, peerup_config_reader_get (self, "discovery.bootstrap_peers"), TRUE,
                                         config->bootstrap_peers, error);
}

static gboolean
read_security (Reader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const PeerupYamlNode *gating = peerup_config_reader_get (self, "security.enable_connection_gating");
  const PeerupYamlNode *file = peerup_config_reader_get (self, "security.authorized_keys_file");
  const char *path = peerup_config_reader_word (file);

  config->connection_gating = peerup_config_reader_flag (self, "security.enable_connection_gating");
  if (gating == NULL)
    {
      path = path != NULL ? path : "authorized_keys";
      peerup_config_warn (self->document, self->warnings, place (self, NULL, "security"),
                          _ ("security.enable_connection_gating is not set: only the peers in %s may connect; "
                             "write true under “security:” to say so, or false to let every peer in"),
                          path);
    }
  if (config->connection_gating && path == NULL)
    return peerup_yaml_refuse (self->document, place (self, file, "security"), error,
                               _ ("security.authorized_keys_file is missing; write “authorized_keys_file: "
                                  "\"authorized_keys\"” under “security:”"));
  config->authorized_keys_file = path == NULL ? NULL : peerup_config_reader_absolute (self, path);
  return TRUE;
}

static void
read_protocols (Reader *self)
{
  self->config->ping_pong_enabled = peerup_config_reader_flag (self, "protocols.ping_pong.enabled");
  self->config->ping_pong_id = g_strdup (peerup_config_reader_text (self, "protocols.ping_pong.id"));
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
                              _ ("%s allows nobody: %s; write the ID that “peerup whoami” prints on that machine"),
                              value, reason->message);
        }
      else if (g_hash_table_add (seen, peer))
        g_ptr_array_add (peers, g_steal_pointer (&peer));
    }
  if (peers->len == 0)
    peerup_config_warn (self->document, self->warnings, list->key->start,
                        _ ("nobody may use the service “%s” without a grant: its allowed_peers holds no peer; add one, "
                           "or remove the key to "
                           "let every authorized peer in"),
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
      _ ("services.%s.local_address is missing; write “local_address: \"localhost:22\"” (or where "
         "the service answers) under “%s:”"),
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
    return peerup_yaml_refuse (self->document, address->start, error, _ ("services.%s.local_address: %s"),
                               service->name, reason->message);
  peerup_config_warn (self->document, self->warnings, address->start, _ ("services.%s.local_address: %s"),
                      service->name, reason->message);
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
                        _ ("services.%s.protocol has no effect: the service is offered over TCP as %s; remove it"),
                        name, actual);
}

/* What is not of its form is left out: peers are told less, and nothing else changes. */
static char *
read_kind (Reader *self, const PeerupYamlNode *service)
{
  const PeerupYamlNode *kind = peerup_yaml_node_get (service, "kind");
  const char *text = kind != NULL && !peerup_yaml_node_is_null (kind) ? peerup_config_reader_word (kind) : NULL;

  if (text == NULL || peerup_label_is_valid (text, strlen (text)))
    return g_strdup (text);
  peerup_config_warn (self->document, self->warnings, kind->key->start,
                      _ ("services.%s.kind is not told to peers; write 1 to 63 of a-z, 0-9 and “-”, as ssh"),
                      service->key->text);
  return NULL;
}

static char **
read_tags (Reader *self, const PeerupYamlNode *service)
{
  const PeerupYamlNode *list = peerup_yaml_node_get (service, "tags");
  g_autoptr (GStrvBuilder) tags = g_strv_builder_new ();
  guint n = 0;

  for (guint i = 0; list != NULL && !peerup_yaml_node_is_null (list) && i < list->children->len; i++)
    {
      const PeerupYamlNode *node = g_ptr_array_index (list->children, i);

      if (n < PEERUP_DISCOVERY_TAGS_MAX && peerup_discovery_is_tag (node->text, strlen (node->text)))
        {
          g_strv_builder_add (tags, node->text);
          n++;
        }
      else
        peerup_config_warn (self->document, self->warnings, node->start,
                            _ ("a tag of services.%s is not told to peers; write %d at most, of 1 to %d bytes without "
                               "control characters"),
                            service->key->text, PEERUP_DISCOVERY_TAGS_MAX, PEERUP_DISCOVERY_TAG_MAX);
    }
  return g_strv_builder_end (tags);
}

static gboolean
read_service (Reader *self, const PeerupYamlNode *node, GError **error)
{
  PeerupConfigService *service = g_new0 (PeerupConfigService, 1);
  const char *name = node->key->text;
  const PeerupYamlNode *enabled = peerup_yaml_node_get (node, "enabled");

  service->name = g_strdup (name);
  service->kind = read_kind (self, node);
  service->tags = read_tags (self, node);
  g_ptr_array_add (self->config->services, service);
  if (!peerup_config_is_service_name (name))
    {
      g_autofree char *value = peerup_config_quote (name);

      return peerup_yaml_refuse (
        self->document, node->key->start, error,
        _ ("a service cannot be called %s; write 1 to 63 of a-z, 0-9 and “-”, the “-” not at the ends"), value);
    }
  if (peerup_label_is_own_protocol (name))
    peerup_config_warn (self->document, self->warnings, node->key->start,
                        _ (
                          "services.%s is not offered: Peer-Up itself speaks a protocol of that name; use another one"),
                        name);
  g_hash_table_insert (self->config->services_by_name, service->name, service);
  service->enabled = parse_flag (enabled == NULL || peerup_yaml_node_is_null (enabled)
                                   ? peerup_config_schema_get_default ("services.*.enabled")
                                   : enabled->text);
  service->allowed_peers = read_allowed_peers (self, node);
  warn_protocol (self, node, name);
  return read_local_address (self, node, service, error);
}

static gboolean
read_services (Reader *self, GError **error)
{
  const PeerupYamlNode *services = peerup_config_reader_get (self, "services");

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
  const PeerupYamlNode *names = peerup_config_reader_get (self, "names");

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

          peerup_config_warn (
            self->document, self->warnings, node->start,
            _ ("the name %s leads nowhere with %s: %s; write the ID that “peerup whoami” prints on that "
               "machine"),
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
      !read_discovery (&reader, error) || !read_security (&reader, error) || !read_services (&reader, error))
    return FALSE;
  read_protocols (&reader);
  read_names (&reader);
  return peerup_config_read_telemetry (&reader, error);
}
