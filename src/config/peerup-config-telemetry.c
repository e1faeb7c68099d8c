/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a configuration says of watching the node: the sections telemetry and health. An
 * address that is wrong stops nothing while nothing listens on it. */

#include "config/peerup-config-reader.h"

#include "config/peerup-config-keys.h"

/* NULL with an error only if it is @enabled. */
static char *
read_endpoint (PeerupConfigReader *self, const PeerupYamlNode *node, gboolean enabled, const char *name,
               const char *otherwise, GError **error)
{
  const char *address = peerup_config_reader_word (node);
  g_autoptr (GError) reason = NULL;
  g_autofree char *host = NULL;
  guint16 port;

  if (address == NULL)
    return g_strdup (otherwise);
  if (peerup_config_parse_host_port (address, &host, &port, &reason))
    return g_strdup (address);
  if (enabled)
    {
      peerup_yaml_refuse (self->document, node->start, error, "%s: %s", name, reason->message);
      return NULL;
    }
  peerup_config_warn (self->document, self->warnings, node->start, "%s: %s", name, reason->message);
  return g_strdup (otherwise);
}

gboolean
peerup_config_read_telemetry (PeerupConfigReader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const PeerupYamlNode *metrics = peerup_config_reader_find (self, "telemetry", "metrics", "listen_address", NULL);
  const PeerupYamlNode *health = peerup_config_reader_find (self, "health", "listen_address", NULL);

  config->metrics_enabled =
    peerup_config_reader_flag (peerup_config_reader_find (self, "telemetry", "metrics", "enabled", NULL), FALSE);
  config->audit_enabled =
    peerup_config_reader_flag (peerup_config_reader_find (self, "telemetry", "audit", "enabled", NULL), FALSE);
  config->health_enabled =
    peerup_config_reader_flag (peerup_config_reader_find (self, "health", "enabled", NULL), FALSE);
  config->metrics_address = read_endpoint (self, metrics, config->metrics_enabled, "telemetry.metrics.listen_address",
                                           PEERUP_CONFIG_DEFAULT_METRICS_ADDRESS, error);
  if (config->metrics_address == NULL)
    return FALSE;
  config->health_address = read_endpoint (self, health, config->health_enabled, "health.listen_address",
                                          PEERUP_CONFIG_DEFAULT_HEALTH_ADDRESS, error);
  return config->health_address != NULL;
}
