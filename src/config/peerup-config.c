/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The configuration as an immutable object, how it is found and loaded, and the small
 * grammars (names, host and port) that its values share with the edits. What the values
 * mean is in peerup-config-reader.c; the object never looks at the file again. */

#include "config/peerup-config.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "config/peerup-config-file.h"
#include "config/peerup-config-keys.h"
#include "config/peerup-config-pending.h"
#include "config/peerup-config-reader.h"
#include "wire/peerup-label.h"

#define SYSTEM_PATH  "/etc/peerup/config.yaml"
#define LONGEST_HOST 253

G_DEFINE_BOXED_TYPE (PeerupConfig, peerup_config, peerup_config_ref, peerup_config_unref)

static void
service_free (PeerupConfigService *self)
{
  g_free (self->name);
  g_free (self->local_address);
  g_free (self->host);
  g_free (self->kind);
  g_strfreev (self->tags);
  g_clear_pointer (&self->allowed_peers, g_ptr_array_unref);
  g_free (self);
}

static void
name_free (PeerupConfigName *self)
{
  g_free (self->name);
  peerup_peer_id_unref (self->peer);
  g_free (self);
}

const char *const peerup_config_congestions[] = { "bbr", "cubic", NULL };

static GPtrArray *
new_addresses (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

PeerupConfig *
peerup_config_new_blank (const char *path)
{
  PeerupConfig *self = g_new0 (PeerupConfig, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->path = g_canonicalize_filename (path, NULL);
  self->listen_addresses = new_addresses ();
  self->relay_addresses = new_addresses ();
  self->relay_announce = new_addresses ();
  self->bootstrap_peers = new_addresses ();
  self->services = g_ptr_array_new_with_free_func ((GDestroyNotify) service_free);
  self->services_by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->names = g_ptr_array_new_with_free_func ((GDestroyNotify) name_free);
  self->names_by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

PeerupConfig *
peerup_config_ref (PeerupConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_config_unref (PeerupConfig *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->services_by_name);
  g_hash_table_unref (self->names_by_name);
  g_ptr_array_unref (self->services);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->listen_addresses);
  g_ptr_array_unref (self->relay_addresses);
  g_ptr_array_unref (self->relay_announce);
  g_ptr_array_unref (self->bootstrap_peers);
  g_free (self->path);
  g_free (self->key_file);
  g_clear_pointer (&self->identity_peer, peerup_peer_id_unref);
  g_free (self->websocket_certificate_file);
  g_free (self->websocket_key_file);
  g_free (self->rendezvous);
  g_free (self->network);
  g_free (self->authorized_keys_file);
  g_free (self->audit_file);
  g_free (self->ping_pong_id);
  g_free (self->metrics_address);
  g_free (self->health_address);
  g_free (self);
}

PeerupConfig *
peerup_config_new_from_data (const char *text, gsize length, const char *path, GPtrArray **warnings, GError **error)
{
  g_autoptr (PeerupConfig) self = NULL;
  g_autoptr (PeerupYamlDocument) document = NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);

  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  if (length > PEERUP_CONFIG_MAX_SIZE)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   _ ("%s is larger than %d KiB; a configuration is a few KiB"), path, PEERUP_CONFIG_MAX_SIZE / 1024);
      return NULL;
    }
  document = peerup_yaml_parse (text, length, path, error);
  if (document == NULL)
    return NULL;
  self = peerup_config_new_blank (path);
  if (!peerup_config_read (self, document, found, error))
    return NULL;
  if (warnings != NULL)
    *warnings = g_steal_pointer (&found);
  return g_steal_pointer (&self);
}

PeerupConfig *
peerup_config_load (const char *path, GPtrArray **warnings, GError **error)
{
  g_autoptr (PeerupConfigFile) file = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  file = peerup_config_file_read (path, error);
  if (file == NULL)
    return NULL;
  return peerup_config_new_from_data (file->text, file->length, path, warnings, error);
}

/* A link that leads nowhere counts as there: loading it tells what is wrong, while the
 * next place in the list would be a surprise. */
static gboolean
is_there (const char *path)
{
  GStatBuf info;

  return g_lstat (path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* It is gone, but can be brought back: who looks for it is to find that out. */
static gboolean
was_there (const char *path)
{
  g_autofree char *history = peerup_config_side_file (path, "history", FALSE);
  g_autofree char *pending = peerup_config_side_file (path, "pending", FALSE);

  return g_file_test (history, G_FILE_TEST_IS_DIR) || g_file_test (pending, G_FILE_TEST_EXISTS);
}

char *
peerup_config_find (const char *explicit_path, GError **error)
{
  g_autofree char *here = g_canonicalize_filename ("peerup.yaml", NULL);
  g_autofree char *home = g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
  const char *places[] = { here, home, SYSTEM_PATH };

  if (explicit_path != NULL)
    {
      g_autofree char *path = g_canonicalize_filename (explicit_path, NULL);

      if (is_there (path) || was_there (path))
        return g_steal_pointer (&path);
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   _ ("there is no configuration file %s; check the path, or run “peerup init” to make one"), path);
      return NULL;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      if (is_there (places[i]))
        return g_strdup (places[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    if (was_there (places[i]))
      return g_strdup (places[i]);
  g_set_error (
    error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
    _ ("no configuration file found (looked for %s, %s and %s); run “peerup init” to make one, or name one with "
       "--config FILE"),
    here, home, SYSTEM_PATH);
  return NULL;
}

gboolean
peerup_config_is_service_name (const char *text)
{
  g_return_val_if_fail (text != NULL, FALSE);

  return peerup_label_is_valid (text, strlen (text));
}

/* An IPv6 address, or what is shaped like a host name. A zone ("%eth0") may follow the former. */
static gboolean
is_host (const char *host, gboolean bracketed)
{
  g_autofree char *text = NULL;
  g_autoptr (GInetAddress) address = NULL;

  if (!bracketed)
    return strlen (host) <= LONGEST_HOST &&
           host[strspn (host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")] == '\0';
  text = g_strndup (host, strcspn (host, "%"));
  address = g_inet_address_new_from_string (text);
  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6;
}

gboolean
peerup_config_parse_host_port (const char *text, char **host, guint16 *port, GError **error)
{
  g_autofree char *name = NULL;
  const char *colon;
  gboolean bracketed;
  guint64 number;

  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (host != NULL && port != NULL, FALSE);

  colon = strrchr (text, ':');
  bracketed = colon != NULL && colon - text >= 2 && text[0] == '[' && colon[-1] == ']';
  if (colon != NULL)
    name = bracketed ? g_strndup (text + 1, colon - text - 2) : g_strndup (text, colon - text);
  if (name == NULL || !is_host (name, bracketed) ||
      !g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &number, NULL))
    {
      g_autofree char *value = peerup_config_quote (text);

      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("%s is not a host and a port; write localhost:22, 192.168.1.5:22 or [::1]:22"), value);
      return FALSE;
    }
  *host = g_steal_pointer (&name);
  *port = number;
  return TRUE;
}

#define GETTER(type, name)                           \
  type peerup_config_get_##name (PeerupConfig *self) \
  {                                                  \
    g_return_val_if_fail (self != NULL, 0);          \
    return self->name;                               \
  }

GETTER (const char *, path)
GETTER (guint, version)
GETTER (const char *, key_file)
GETTER (PeerupConfigKeyStore, key_store)
GETTER (PeerupPeerId *, identity_peer)
GETTER (GPtrArray *, listen_addresses)
GETTER (gboolean, force_private_reachability)
GETTER (gboolean, port_mapping)
GETTER (PeerupConfigCongestion, congestion)
GETTER (gboolean, resource_limits_enabled)
GETTER (const char *, websocket_certificate_file)
GETTER (const char *, websocket_key_file)
GETTER (GPtrArray *, relay_addresses)
GETTER (gint64, reservation_interval)
GETTER (gboolean, relay_serve)
GETTER (gboolean, relay_serve_peers)
GETTER (gboolean, relay_sponsor)
GETTER (gint64, relay_drain_time)
GETTER (GPtrArray *, relay_announce)
GETTER (const char *, rendezvous)
GETTER (const char *, network)
GETTER (gboolean, mdns)
GETTER (GPtrArray *, bootstrap_peers)
GETTER (const char *, authorized_keys_file)
GETTER (gboolean, connection_gating)
GETTER (gboolean, ping_pong_enabled)
GETTER (const char *, ping_pong_id)
GETTER (GPtrArray *, services)
GETTER (GPtrArray *, names)
GETTER (gboolean, metrics_enabled)
GETTER (const char *, metrics_address)
GETTER (gboolean, audit_enabled)
GETTER (const char *, audit_file)
GETTER (guint64, audit_max_size)
GETTER (guint, audit_keep)
GETTER (gboolean, health_enabled)
GETTER (const char *, health_address)

const PeerupConfigResources *
peerup_config_get_resources (PeerupConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return &self->resources;
}

void
peerup_config_get_limits (PeerupConfig *self, const PeerupLimitsMachine *machine, PeerupLimitsSettings *settings)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (machine != NULL);
  g_return_if_fail (settings != NULL);

  if (self->resource_limits_enabled)
    peerup_limits_settings_init (settings, machine);
  else
    peerup_limits_settings_init_relaxed (settings, machine);
  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    if (self->limits[limit] > 0)
      settings->values[limit] = self->limits[limit];
}

const PeerupConfigService *
peerup_config_find_service (PeerupConfig *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_hash_table_lookup (self->services_by_name, name);
}

PeerupPeerId *
peerup_config_lookup_name (PeerupConfig *self, const char *name)
{
  const PeerupConfigName *found;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  found = g_hash_table_lookup (self->names_by_name, name);
  return found == NULL ? NULL : found->peer;
}
