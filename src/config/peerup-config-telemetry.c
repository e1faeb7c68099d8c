/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a configuration says of watching the node: the sections telemetry and health. An
 * address that is wrong stops nothing while nothing listens on it. */

#include "config/peerup-config-reader.h"

#include "config/peerup-config-keys.h"

/* NULL with an error only if it is @enabled. */
static char *
read_endpoint (PeerupConfigReader *self, const char *path, gboolean enabled, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_get (self, path);
  const char *address = peerup_config_reader_word (node);
  g_autoptr (GError) reason = NULL;
  g_autofree char *host = NULL;
  guint16 port;

  if (address == NULL)
    return g_strdup (peerup_config_schema_get_default (path));
  if (peerup_config_parse_host_port (address, &host, &port, &reason))
    return g_strdup (address);
  if (enabled)
    {
      peerup_yaml_refuse (self->document, node->start, error, "%s: %s", path, reason->message);
      return NULL;
    }
  peerup_config_warn (self->document, self->warnings, node->start, "%s: %s", path, reason->message);
  return g_strdup (peerup_config_schema_get_default (path));
}

gboolean
peerup_config_read_telemetry (PeerupConfigReader *self, GError **error)
{
  PeerupConfig *config = self->config;

  config->metrics_enabled = peerup_config_reader_flag (self, "telemetry.metrics.enabled");
  config->health_enabled = peerup_config_reader_flag (self, "health.enabled");
  config->audit_enabled = peerup_config_reader_flag (self, "telemetry.audit.enabled");
  config->audit_file = peerup_config_reader_file (self, "telemetry.audit.file");
  config->audit_max_size = peerup_config_reader_size (self, "telemetry.audit.max_size");
  config->audit_keep = peerup_config_reader_number (self, "telemetry.audit.keep");
  config->metrics_address = read_endpoint (self, "telemetry.metrics.listen_address", config->metrics_enabled, error);
  if (config->metrics_address == NULL)
    return FALSE;
  config->health_address = read_endpoint (self, "health.listen_address", config->health_enabled, error);
  return config->health_address != NULL;
}
