/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where STUN can be asked: worked out anew each time from the relays, their connections and what is known of them.
 * Nothing is kept, and nothing is sent from here.
 */
#include "engine/peerup-engine-nat-servers.h"

#include "engine/peerup-engine-private.h"
#include "engine/peerup-path-history.h"

typedef struct
{
  int family;
  PeerupSocketAddress *servers;
  guint n;
} List;

static void
list_add (List *self, const PeerupSocketAddress *address)
{
  if (address->any.sa_family != self->family || self->n == PEERUP_ENGINE_NAT_SERVERS_MAX ||
      peerup_socket_address_get_port (address) == 0)
    return;
  for (guint i = 0; i < self->n; i++)
    if (peerup_socket_address_is_same_host (&self->servers[i], address))
      return;
  self->servers[self->n++] = *address;
}

/* FALSE unless @address is IP and a transport that is wanted. */
static gboolean
read_address (PeerupMultiaddr *address, gboolean quic, PeerupSocketAddress *result)
{
  g_auto (PeerupEndpoint) endpoint = { 0 };

  return peerup_endpoint_parse (address, &endpoint, NULL) && (endpoint.transport == PEERUP_IP_QUIC || !quic) &&
         peerup_endpoint_get_socket_address (&endpoint, result);
}

/* The port of QUIC at a host that is connected: as one of @addresses has it with that host or with a name. */
static guint16
find_port (GPtrArray *addresses, const PeerupSocketAddress *host)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      g_auto (PeerupEndpoint) endpoint = { 0 };
      PeerupSocketAddress address;

      if (!peerup_endpoint_parse (addresses->pdata[i], &endpoint, NULL) || endpoint.transport != PEERUP_IP_QUIC)
        continue;
      if (peerup_endpoint_is_name (&endpoint) || (peerup_endpoint_get_socket_address (&endpoint, &address) &&
                                                  peerup_socket_address_is_same_host (&address, host)))
        return endpoint.port;
    }
  return 0;
}

static void
list_add_connected (List *self, PeerupSwarm *swarm, PeerupPeerId *relay)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (swarm, relay);
  g_autoptr (GPtrArray) known = peerup_swarm_dup_addresses (swarm, relay);

  for (guint i = 0; i < connections->len; i++)
    {
      PeerupMultiaddr *address = peerup_connection_get_info (connections->pdata[i])->remote_address;
      PeerupSocketAddress remote;

      if (address == NULL || peerup_swarm_is_relayed (connections->pdata[i]) || !read_address (address, FALSE, &remote))
        continue;
      if (!read_address (address, TRUE, &remote))
        peerup_socket_address_set_port (&remote, find_port (known, &remote));
      list_add (self, &remote);
    }
}

static void
list_add_carriers (List *self, PeerupSwarm *swarm)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (swarm, NULL);

  for (guint i = 0; i < connections->len; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_path_dup_relay (connections->pdata[i]);

      if (relay != NULL)
        list_add_connected (self, swarm, relay);
    }
}

guint
peerup_engine_nat_list_servers (PeerupEngine *engine, int family, gboolean carriers,
                                PeerupSocketAddress servers[PEERUP_ENGINE_NAT_SERVERS_MAX])
{
  GPtrArray *configured = engine->config != NULL ? peerup_config_get_relay_addresses (engine->config) : NULL;
  List list = { .family = family, .servers = servers };
  PeerupRelayInfo info;

  if (carriers)
    list_add_carriers (&list, engine->swarm);

  for (guint i = 0; i < peerup_relay_client_get_n_relays (engine->relays); i++)
    {
      peerup_relay_client_get_info (engine->relays, i, &info);
      list_add_connected (&list, engine->swarm, info.relay);
    }
  for (guint i = 0; configured != NULL && i < configured->len; i++)
    {
      PeerupSocketAddress address;

      if (read_address (configured->pdata[i], TRUE, &address))
        list_add (&list, &address);
    }
  return list.n;
}

gboolean
peerup_engine_nat_is_connected (PeerupEngine *engine)
{
  PeerupRelayInfo info;

  for (guint i = 0; i < peerup_relay_client_get_n_relays (engine->relays); i++)
    {
      g_autoptr (GPtrArray) connections = NULL;

      peerup_relay_client_get_info (engine->relays, i, &info);
      connections = peerup_swarm_dup_connections (engine->swarm, info.relay);
      if (connections->len > 0)
        return TRUE;
    }
  return FALSE;
}
