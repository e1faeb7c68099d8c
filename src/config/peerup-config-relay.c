/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a configuration says of relays: those that are used, and, in the sections relay and
 * resources, what this node grants to others when it is one. The names and the defaults of
 * resources are the original's, so that a file of its relay can be used as it is. */

#include "config/peerup-config-reader.h"

#include <glib/gi18n-lib.h>

#include "config/peerup-config-keys.h"

static gboolean
read_announce (PeerupConfigReader *self, GError **error)
{
  const PeerupYamlNode *list = peerup_config_reader_get (self, "relay.announce");
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
                                   _ ("relay.announce cannot hold %s, which leads through another relay; write an "
                                      "address of this one, as in /ip4/203.0.113.7/tcp/7777"),
                                   quoted);
      if (!peerup_multiaddr_find (address, PEERUP_MULTIADDR_TCP, NULL) &&
          !peerup_multiaddr_find (address, PEERUP_MULTIADDR_UDP, NULL))
        return peerup_yaml_refuse (self->document, node->start, error,
                                   _ ("relay.announce cannot hold %s, which has no port; write it as in "
                                      "/ip4/203.0.113.7/tcp/7777"),
                                   quoted);
    }
  return TRUE;
}

/* Numbers of the table are at most of 32 bits. */
static void
read_resources (PeerupConfigReader *self)
{
  self->config->resources = (PeerupConfigResources) {
    .max_reservations = peerup_config_reader_number (self, "resources.max_reservations"),
    .max_circuits = peerup_config_reader_number (self, "resources.max_circuits"),
    .max_circuits_total = peerup_config_reader_number (self, "resources.max_circuits_total"),
    .max_reservations_per_ip = peerup_config_reader_number (self, "resources.max_reservations_per_ip"),
    .max_reservations_per_asn = peerup_config_reader_number (self, "resources.max_reservations_per_asn"),
    .buffer_size = peerup_config_reader_size (self, "resources.buffer_size"),
    .reservation_ttl = peerup_config_reader_duration (self, "resources.reservation_ttl"),
    .session_duration = peerup_config_reader_duration (self, "resources.session_duration"),
    .session_data_limit = peerup_config_reader_size (self, "resources.session_data_limit"),
    .authorized_session_duration = peerup_config_reader_duration (self, "resources.authorized_session_duration"),
    .authorized_session_data_limit = peerup_config_reader_size (self, "resources.authorized_session_data_limit"),
  };
}

gboolean
peerup_config_read_relay (PeerupConfigReader *self, GError **error)
{
  PeerupConfig *config = self->config;
  const PeerupYamlNode *addresses = peerup_config_reader_get (self, "relay.addresses");

  config->reservation_interval = peerup_config_reader_duration (self, "relay.reservation_interval");
  config->relay_serve = peerup_config_reader_flag (self, "relay.serve");
  config->relay_sponsor = peerup_config_reader_flag (self, "relay.sponsor");
  config->relay_serve_peers = peerup_config_reader_flag (self, "relay.serve_peers");
  config->relay_drain_time = peerup_config_reader_duration (self, "relay.drain_time");
  read_resources (self);
  return peerup_config_reader_addresses (self, addresses, TRUE, config->relay_addresses, error) &&
         read_announce (self, error);
}
