/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The configuration in force, for people and programs to look at: one JSON tree in the
 * file's own structure, and the same as YAML. No comments, no unknown keys; the file
 * itself is changed by peerup-config-edit.c alone. */

#include "config/peerup-config-private.h"

#include <string.h>

#include "config/peerup-config-size.h"
#include "config/peerup-go-duration.h"
#include "config/peerup-yaml-value.h"

static void
add_string (JsonBuilder *builder, const char *key, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, key);
  json_builder_add_string_value (builder, value);
}

static void
add_flag (JsonBuilder *builder, const char *key, gboolean value)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_boolean_value (builder, value);
}

static void
begin (JsonBuilder *builder, const char *key)
{
  json_builder_set_member_name (builder, key);
  json_builder_begin_object (builder);
}

/* @to_string: of an element of @list. */
static void
add_list (JsonBuilder *builder, const char *key, GPtrArray *list, const char *(*to_string) (gconstpointer))
{
  json_builder_set_member_name (builder, key);
  json_builder_begin_array (builder);
  for (guint i = 0; i < list->len; i++)
    json_builder_add_string_value (builder, to_string (g_ptr_array_index (list, i)));
  json_builder_end_array (builder);
}

static void
add_words (JsonBuilder *builder, const char *key, char **words)
{
  json_builder_set_member_name (builder, key);
  json_builder_begin_array (builder);
  for (guint i = 0; words[i] != NULL; i++)
    json_builder_add_string_value (builder, words[i]);
  json_builder_end_array (builder);
}

static const char *
address_to_string (gconstpointer address)
{
  return peerup_multiaddr_get_string ((PeerupMultiaddr *) address);
}

static const char *
peer_to_string (gconstpointer peer)
{
  return peerup_peer_id_get_string (peer);
}

static void
add_services (JsonBuilder *builder, PeerupConfig *self)
{
  begin (builder, "services");
  for (guint i = 0; i < self->services->len; i++)
    {
      const PeerupConfigService *service = g_ptr_array_index (self->services, i);

      begin (builder, service->name);
      add_flag (builder, "enabled", service->enabled);
      add_string (builder, "local_address", service->local_address);
      add_string (builder, "kind", service->kind);
      if (service->tags[0] != NULL)
        add_words (builder, "tags", service->tags);
      if (service->allowed_peers != NULL)
        add_list (builder, "allowed_peers", service->allowed_peers, peer_to_string);
      json_builder_end_object (builder);
    }
  json_builder_end_object (builder);
}

static void
add_names (JsonBuilder *builder, PeerupConfig *self)
{
  begin (builder, "names");
  for (guint i = 0; i < self->names->len; i++)
    {
      const PeerupConfigName *name = g_ptr_array_index (self->names, i);

      add_string (builder, name->name, peerup_peer_id_get_string (name->peer));
    }
  json_builder_end_object (builder);
}

/* Those that are written: the others depend on the machine. */
static void
add_limits (JsonBuilder *builder, PeerupConfig *self)
{
  gboolean begun = FALSE;

  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    {
      g_autofree char *size = NULL;

      if (self->limits[limit] == 0)
        continue;
      if (!begun)
        begin (builder, "limits");
      begun = TRUE;
      json_builder_set_member_name (builder, peerup_limit_get_name (limit));
      if (limit == PEERUP_LIMIT_MEMORY || limit == PEERUP_LIMIT_MEMORY_PER_PEER)
        size = peerup_config_size_format (self->limits[limit]);
      if (size != NULL)
        json_builder_add_string_value (builder, size);
      else
        json_builder_add_int_value (builder, self->limits[limit]);
    }
  if (begun)
    json_builder_end_object (builder);
}

/* Left out where nothing of it is written. */
static void
add_websocket (JsonBuilder *builder, PeerupConfig *self)
{
  if (self->websocket_certificate_file == NULL && self->websocket_key_file == NULL)
    return;
  begin (builder, "websocket");
  add_string (builder, "certificate_file", self->websocket_certificate_file);
  add_string (builder, "key_file", self->websocket_key_file);
  json_builder_end_object (builder);
}

static void
add_duration (JsonBuilder *builder, const char *key, gint64 microseconds)
{
  g_autofree char *text = peerup_go_duration_format (microseconds * 1000);

  add_string (builder, key, text);
}

static void
add_number (JsonBuilder *builder, const char *key, gint64 value)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_int_value (builder, value);
}

static void
add_size (JsonBuilder *builder, const char *key, guint64 bytes)
{
  g_autofree char *text = peerup_config_size_format (bytes);

  add_string (builder, key, text);
}

static void
add_relay (JsonBuilder *builder, PeerupConfig *self)
{
  begin (builder, "relay");
  add_list (builder, "addresses", self->relay_addresses, address_to_string);
  add_duration (builder, "reservation_interval", self->reservation_interval);
  add_flag (builder, "serve", self->relay_serve);
  add_flag (builder, "serve_peers", self->relay_serve_peers);
  add_flag (builder, "sponsor", self->relay_sponsor);
  add_duration (builder, "drain_time", self->relay_drain_time);
  add_list (builder, "announce", self->relay_announce, address_to_string);
  json_builder_end_object (builder);
}

static void
add_resources (JsonBuilder *builder, const PeerupConfigResources *from)
{
  begin (builder, "resources");
  add_number (builder, "max_reservations", from->max_reservations);
  add_number (builder, "max_circuits", from->max_circuits);
  add_number (builder, "max_circuits_total", from->max_circuits_total);
  add_number (builder, "max_reservations_per_ip", from->max_reservations_per_ip);
  add_number (builder, "max_reservations_per_asn", from->max_reservations_per_asn);
  add_size (builder, "buffer_size", from->buffer_size);
  add_duration (builder, "reservation_ttl", from->reservation_ttl);
  add_duration (builder, "session_duration", from->session_duration);
  add_size (builder, "session_data_limit", from->session_data_limit);
  add_duration (builder, "authorized_session_duration", from->authorized_session_duration);
  add_size (builder, "authorized_session_data_limit", from->authorized_session_data_limit);
  json_builder_end_object (builder);
}

static void
add_reach (JsonBuilder *builder, PeerupConfig *self)
{
  begin (builder, "network");
  add_list (builder, "listen_addresses", self->listen_addresses, address_to_string);
  add_flag (builder, "force_private_reachability", self->force_private_reachability);
  add_flag (builder, "port_mapping", self->port_mapping);
  add_string (builder, "congestion", peerup_config_congestions[self->congestion]);
  add_flag (builder, "resource_limits_enabled", self->resource_limits_enabled);
  add_limits (builder, self);
  add_websocket (builder, self);
  json_builder_end_object (builder);

  add_relay (builder, self);

  begin (builder, "discovery");
  add_string (builder, "rendezvous", self->rendezvous);
  add_string (builder, "network", self->network);
  add_flag (builder, "mdns", self->mdns);
  add_list (builder, "bootstrap_peers", self->bootstrap_peers, address_to_string);
  json_builder_end_object (builder);
}

static void
add_telemetry (JsonBuilder *builder, PeerupConfig *self)
{
  begin (builder, "telemetry");
  begin (builder, "metrics");
  add_flag (builder, "enabled", self->metrics_enabled);
  add_string (builder, "listen_address", self->metrics_address);
  json_builder_end_object (builder);
  begin (builder, "audit");
  add_flag (builder, "enabled", self->audit_enabled);
  add_string (builder, "file", self->audit_file);
  add_size (builder, "max_size", self->audit_max_size);
  add_number (builder, "keep", self->audit_keep);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  begin (builder, "health");
  add_flag (builder, "enabled", self->health_enabled);
  add_string (builder, "listen_address", self->health_address);
  json_builder_end_object (builder);
}

JsonNode *
peerup_config_to_json (PeerupConfig *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  g_return_val_if_fail (self != NULL, NULL);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "version");
  json_builder_add_int_value (builder, self->version);
  begin (builder, "identity");
  add_string (builder, "key_file", self->key_file);
  add_string (builder, "key_store", self->key_store == PEERUP_CONFIG_KEY_STORE_KEYRING ? "keyring" : "file");
  add_string (builder, "peer_id", self->identity_peer != NULL ? peerup_peer_id_get_string (self->identity_peer) : NULL);
  json_builder_end_object (builder);
  add_reach (builder, self);
  begin (builder, "security");
  add_string (builder, "authorized_keys_file", self->authorized_keys_file);
  add_flag (builder, "enable_connection_gating", self->connection_gating);
  json_builder_end_object (builder);
  begin (builder, "protocols");
  begin (builder, "ping_pong");
  add_flag (builder, "enabled", self->ping_pong_enabled);
  add_string (builder, "id", self->ping_pong_id);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  add_services (builder, self);
  add_names (builder, self);
  add_resources (builder, &self->resources);
  add_telemetry (builder, self);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

static void append_value (GString *out, JsonNode *node, guint indent);

/* Two spaces a level; keys that could be read as something else are quoted. */
static void
append_object (GString *out, JsonObject *object, guint indent)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    {
      g_autofree char *key = peerup_yaml_quote_key (name);

      g_string_append_printf (out, "%*s%s:", (int) indent, "", key);
      append_value (out, member, indent + 2);
    }
}

static void
append_array (GString *out, JsonArray *array, guint indent)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_autofree char *text = peerup_yaml_quote (json_array_get_string_element (array, i));

      g_string_append_printf (out, "%*s- %s\n", (int) indent, "", text);
    }
}

/* What stands after a key's colon, with the line's end. */
static void
append_value (GString *out, JsonNode *node, guint indent)
{
  g_autofree char *text = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node) && json_object_get_size (json_node_get_object (node)) > 0)
    {
      g_string_append_c (out, '\n');
      append_object (out, json_node_get_object (node), indent);
      return;
    }
  if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) > 0)
    {
      g_string_append_c (out, '\n');
      append_array (out, json_node_get_array (node), indent);
      return;
    }
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    text = peerup_yaml_quote (json_node_get_string (node));
  else
    text = json_to_string (node, FALSE);
  g_string_append_printf (out, " %s\n", text);
}

char *
peerup_config_to_yaml (PeerupConfig *self)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GString) out = g_string_new (NULL);

  g_return_val_if_fail (self != NULL, NULL);

  root = peerup_config_to_json (self);
  append_object (out, json_node_get_object (root), 0);
  return g_string_free_and_steal (g_steal_pointer (&out));
}
