/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a configuration says of relays: those that are used, and, in the sections relay and
 * resources, what this node grants to others when it is one. The names and the defaults of
 * resources are the original's, so that a file of its relay can be used as it is. */

#include "config/peerup-config-reader.h"

#include "config/peerup-config-keys.h"
#include "config/peerup-config-size.h"
#include "config/peerup-go-duration.h"

/* The engine renews relay reservations this often at most. */
#define RESERVATION_INTERVAL_MIN G_USEC_PER_SEC
/* A drain that takes longer is no drain. */
#define DRAIN_TIME_MAX (24 * 60 * 60 * (gint64) G_USEC_PER_SEC)
/* Limits are told to peers in seconds of 32 bits. */
#define SECONDS_MAX G_MAXUINT32
/* The original's 2048 is in it; a circuit with less would spend its time on waking up. */
#define BUFFER_SIZE_MIN 1024
#define BUFFER_SIZE_MAX (16 * 1024 * 1024)

void
peerup_config_resources_init (PeerupConfigResources *self)
{
  *self = (PeerupConfigResources) {
    .max_reservations = 128,
    .max_circuits = 16,
    .max_circuits_total = 1024,
    .max_reservations_per_ip = 8,
    .max_reservations_per_asn = 32,
    .buffer_size = 64 * 1024,
    .reservation_ttl = 60 * 60 * (gint64) G_USEC_PER_SEC,
    .session_duration = 10 * 60 * G_USEC_PER_SEC,
    .session_data_limit = 64 * 1024 * 1024,
  };
}

/* Microseconds; what is finer is dropped, as nothing here can be timed by it. */
static gboolean
read_duration (PeerupConfigReader *self, const PeerupYamlNode *node, const char *name, gint64 *value, GError **error)
{
  gint64 nanoseconds;
  g_autofree char *quoted = peerup_config_quote (node->text);

  if (!peerup_go_duration_parse (node->text, &nanoseconds, NULL))
    return peerup_yaml_refuse (self->document, node->start, error,
                               "%s cannot be %s; write a number and a unit, as in 2m or 90s", name, quoted);
  *value = nanoseconds / 1000;
  return TRUE;
}

static gboolean
read_reservation_interval (PeerupConfigReader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "relay", "reservation_interval", NULL);
  gint64 *value = &self->config->reservation_interval;

  *value = PEERUP_CONFIG_DEFAULT_RESERVATION_INTERVAL;
  if (node == NULL)
    return TRUE;
  if (!read_duration (self, node, "relay.reservation_interval", value, error))
    return FALSE;
  if (*value < RESERVATION_INTERVAL_MIN)
    return peerup_yaml_refuse (self->document, node->start, error,
                               "relay.reservation_interval is too short; write 1s or more (2m is usual)");
  return TRUE;
}

static gboolean
read_drain_time (PeerupConfigReader *self, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "relay", "drain_time", NULL);
  gint64 *value = &self->config->relay_drain_time;
  g_autofree char *quoted = NULL;

  *value = PEERUP_CONFIG_DEFAULT_DRAIN_TIME;
  if (node == NULL)
    return TRUE;
  if (!read_duration (self, node, "relay.drain_time", value, error))
    return FALSE;
  if (*value >= 0 && *value <= DRAIN_TIME_MAX)
    return TRUE;
  quoted = peerup_config_quote (node->text);
  return peerup_yaml_refuse (self->document, node->start, error,
                             "relay.drain_time cannot be %s; write 0s to 24h (30s is usual)", quoted);
}

static gboolean
read_announce (PeerupConfigReader *self, GError **error)
{
  const PeerupYamlNode *list = peerup_config_reader_find (self, "relay", "announce", NULL);
  GPtrArray *addresses = self->config->relay_announce;

  if (!peerup_config_reader_addresses (self, list, FALSE, addresses, error))
    return FALSE;
  for (guint i = 0; i < addresses->len; i++)
    {
      const PeerupYamlNode *node = g_ptr_array_index (list->children, i);
      PeerupMultiaddr *address = g_ptr_array_index (addresses, i);
      g_autofree char *quoted = peerup_config_quote (node->text);

      if (peerup_multiaddr_find (address, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL))
        return peerup_yaml_refuse (self->document, node->start, error,
                                   "relay.announce cannot hold %s, which leads through another relay; write an "
                                   "address of this one, as in /ip4/203.0.113.7/tcp/7777",
                                   quoted);
      if (!peerup_multiaddr_find (address, PEERUP_MULTIADDR_TCP, NULL) &&
          !peerup_multiaddr_find (address, PEERUP_MULTIADDR_UDP, NULL))
        return peerup_yaml_refuse (self->document, node->start, error,
                                   "relay.announce cannot hold %s, which has no port; write it as in "
                                   "/ip4/203.0.113.7/tcp/7777",
                                   quoted);
    }
  return TRUE;
}

/* Resources */

static gboolean
read_number (PeerupConfigReader *self, const char *name, guint *value, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "resources", name, NULL);
  g_autofree char *quoted = NULL;
  guint64 number;

  if (node == NULL)
    return TRUE;
  if (g_ascii_string_to_unsigned (node->text, 10, 1, G_MAXUINT32, &number, NULL))
    {
      *value = number;
      return TRUE;
    }
  quoted = peerup_config_quote (node->text);
  return peerup_yaml_refuse (
    self->document, node->start, error,
    "resources.%s cannot be %s; write a number from 1 to %u, or remove it for the default (%u)", name, quoted,
    G_MAXUINT32, *value);
}

static gboolean
read_size (PeerupConfigReader *self, const char *name, guint64 min, guint64 max, guint64 *value, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "resources", name, NULL);
  g_autofree char *quoted = NULL;
  g_autofree char *from = NULL;
  g_autofree char *to = NULL;

  if (node == NULL || (peerup_config_size_parse (node->text, value) && *value >= min && *value <= max))
    return TRUE;
  quoted = peerup_config_quote (node->text);
  if (min == 0)
    return peerup_yaml_refuse (self->document, node->start, error,
                               "resources.%s cannot be %s; write a size, as in 64MB, or 0 for no limit", name, quoted);
  from = peerup_config_size_format (min);
  to = peerup_config_size_format (max);
  return peerup_yaml_refuse (self->document, node->start, error,
                             "resources.%s cannot be %s; write a size from %s to %s, as in 64KiB", name, quoted, from,
                             to);
}

/* Whole seconds: a limit has to be what peers are told. @min: of seconds; 0 stands for no limit. */
static gboolean
read_seconds (PeerupConfigReader *self, const char *name, gint64 min, gint64 *value, GError **error)
{
  const PeerupYamlNode *node = peerup_config_reader_find (self, "resources", name, NULL);
  g_autofree char *full = g_strconcat ("resources.", name, NULL);
  g_autofree char *quoted = NULL;

  if (node == NULL)
    return TRUE;
  if (!read_duration (self, node, full, value, error))
    return FALSE;
  if (*value >= min * G_USEC_PER_SEC && *value % G_USEC_PER_SEC == 0 && *value / G_USEC_PER_SEC <= SECONDS_MAX)
    return TRUE;
  quoted = peerup_config_quote (node->text);
  return peerup_yaml_refuse (self->document, node->start, error, "%s cannot be %s; write whole seconds, as in 10m%s",
                             full, quoted, min == 0 ? ", or 0 for no limit" : "");
}

static gboolean
read_resources (PeerupConfigReader *self, GError **error)
{
  PeerupConfigResources *to = &self->config->resources;

  return read_number (self, "max_reservations", &to->max_reservations, error) &&
         read_number (self, "max_circuits", &to->max_circuits, error) &&
         read_number (self, "max_circuits_total", &to->max_circuits_total, error) &&
         read_number (self, "max_reservations_per_ip", &to->max_reservations_per_ip, error) &&
         read_number (self, "max_reservations_per_asn", &to->max_reservations_per_asn, error) &&
         read_size (self, "buffer_size", BUFFER_SIZE_MIN, BUFFER_SIZE_MAX, &to->buffer_size, error) &&
         read_seconds (self, "reservation_ttl", 1, &to->reservation_ttl, error) &&
         read_seconds (self, "session_duration", 0, &to->session_duration, error) &&
         read_size (self, "session_data_limit", 0, G_MAXUINT64, &to->session_data_limit, error) &&
         read_seconds (self, "authorized_session_duration", 0, &to->authorized_session_duration, error) &&
         read_size (self, "authorized_session_data_limit", 0, G_MAXUINT64, &to->authorized_session_data_limit, error);
}

gboolean
peerup_config_read_relay (PeerupConfigReader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const PeerupYamlNode *addresses = peerup_config_reader_find (self, "relay", "addresses", NULL);

  config->relay_serve = peerup_config_reader_flag (peerup_config_reader_find (self, "relay", "serve", NULL), FALSE);
  config->relay_sponsor = peerup_config_reader_flag (peerup_config_reader_find (self, "relay", "sponsor", NULL), TRUE);
  config->relay_serve_peers =
    peerup_config_reader_flag (peerup_config_reader_find (self, "relay", "serve_peers", NULL), TRUE);
  return read_reservation_interval (self, error) && read_drain_time (self, error) &&
         peerup_config_reader_addresses (self, addresses, TRUE, config->relay_addresses, error) &&
         read_announce (self, error) && read_resources (self, error);
}
