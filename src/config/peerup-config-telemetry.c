/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a configuration says of watching the node: the sections telemetry and health. An
 * address that is wrong stops nothing while nothing listens on it. */

#include "config/peerup-config-reader.h"

#include "config/peerup-config-keys.h"
#include "config/peerup-config-size.h"

/* So that a file holds more than a few lines, and that nobody keeps more files than he meant. */
#define AUDIT_SIZE_MIN 4096
#define AUDIT_KEEP_MAX 1000

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

static gboolean
read_audit_size (PeerupConfigReader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "telemetry", "audit", "max_size", NULL);
  guint64 *size = &self->config->audit_max_size;
  g_autofree char *quoted = NULL;

  *size = PEERUP_CONFIG_DEFAULT_AUDIT_SIZE;
  if (node == NULL || (peerup_config_size_parse (node->text, size) && *size >= AUDIT_SIZE_MIN && *size <= G_MAXINT64))
    return TRUE;
  quoted = peerup_config_quote (node->text);
  return peerup_yaml_refuse (self->document, node->start, error,
                             "telemetry.audit.max_size cannot be %s; write a size from 4KiB on, as in 10MB", quoted);
}

static gboolean
read_audit_keep (PeerupConfigReader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "telemetry", "audit", "keep", NULL);
  guint64 number = PEERUP_CONFIG_DEFAULT_AUDIT_KEEP;
  g_autofree char *quoted = NULL;

  if (node != NULL && !g_ascii_string_to_unsigned (node->text, 10, 0, AUDIT_KEEP_MAX, &number, NULL))
    {
      quoted = peerup_config_quote (node->text);
      return peerup_yaml_refuse (self->document, node->start, error,
                                 "telemetry.audit.keep cannot be %s; write a number from 0 to %d", quoted,
                                 AUDIT_KEEP_MAX);
    }
  self->config->audit_keep = number;
  return TRUE;
}

static gboolean
read_audit (PeerupConfigReader *self, GError **error)
{
  const char *file = peerup_config_reader_word (peerup_config_reader_find (self, "telemetry", "audit", "file", NULL));

  self->config->audit_enabled =
    peerup_config_reader_flag (peerup_config_reader_find (self, "telemetry", "audit", "enabled", NULL), FALSE);
  if (file != NULL)
    self->config->audit_file = peerup_config_reader_absolute (self, file);
  return read_audit_size (self, error) && read_audit_keep (self, error);
}

gboolean
peerup_config_read_telemetry (PeerupConfigReader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const PeerupYamlNode *metrics = peerup_config_reader_find (self, "telemetry", "metrics", "listen_address", NULL);
  const PeerupYamlNode *health = peerup_config_reader_find (self, "health", "listen_address", NULL);

  config->metrics_enabled =
    peerup_config_reader_flag (peerup_config_reader_find (self, "telemetry", "metrics", "enabled", NULL), FALSE);
  config->health_enabled =
    peerup_config_reader_flag (peerup_config_reader_find (self, "health", "enabled", NULL), FALSE);
  if (!read_audit (self, error))
    return FALSE;
  config->metrics_address = read_endpoint (self, metrics, config->metrics_enabled, "telemetry.metrics.listen_address",
                                           PEERUP_CONFIG_DEFAULT_METRICS_ADDRESS, error);
  if (config->metrics_address == NULL)
    return FALSE;
  config->health_address = read_endpoint (self, health, config->health_enabled, "health.listen_address",
                                          PEERUP_CONFIG_DEFAULT_HEALTH_ADDRESS, error);
  return config->health_address != NULL;
}
