/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * PCP and NAT-PMP read and written, a dozen to sixty bytes each. Options of PCP are neither sent nor read: none
 * changes what a mapping without them means. */

#include "nat/peerup-port-mapping-message.h"

#include <string.h>

#include "wire/peerup-bytes.h"
#include "wire/peerup-error.h"

#define PCP_VERSION     2
#define PCP_HEADER_SIZE 24
#define PCP_MAP_SIZE    36 /* behind the header */
#define PCP_ANNOUNCE    0
#define PCP_MAP         1

#define NAT_PMP_VERSION      0
#define NAT_PMP_ADDRESS      0
#define NAT_PMP_MAP_UDP      1
#define NAT_PMP_MAP_TCP      2
#define NAT_PMP_ADDRESS_SIZE 12
#define NAT_PMP_MAP_SIZE     16
#define NAT_PMP_ERROR_SIZE   8

/* Set in the operation of an answer. */
#define ANSWER 0x80

#define IP6_SIZE 16

/* Addresses in PCP are of IPv6, those of IPv4 mapped into them (RFC 6887 5). */
static void
write_host (const PeerupSocketAddress *host, gboolean is_ip4, guint8 *data)
{
  memset (data, 0, IP6_SIZE);
  if (is_ip4)
    data[10] = data[11] = 0xff;
  if (host->any.sa_family == AF_INET)
    memcpy (data + 12, &host->ip4.sin_addr, sizeof host->ip4.sin_addr);
  else if (host->any.sa_family == AF_INET6)
    memcpy (data, &host->ip6.sin6_addr, sizeof host->ip6.sin6_addr);
}

static gboolean
is_one_host (const PeerupSocketAddress *host)
{
  if (peerup_socket_address_is_wildcard (host))
    return FALSE;
  if (host->any.sa_family == AF_INET)
    return g_ntohl (host->ip4.sin_addr.s_addr) >> 28 < 0xe;
  return !IN6_IS_ADDR_MULTICAST (&host->ip6.sin6_addr);
}

static void
read_host6 (const guint8 *data, PeerupSocketAddress *host)
{
  struct sockaddr_in6 native = { .sin6_family = AF_INET6 };

  memcpy (&native.sin6_addr, data, sizeof native.sin6_addr);
  if (!peerup_socket_address_set_native (host, &native, sizeof native) || !is_one_host (host))
    *host = (PeerupSocketAddress) { 0 };
}

static void
read_host4 (const guint8 *data, PeerupSocketAddress *host)
{
  struct sockaddr_in native = { .sin_family = AF_INET };

  memcpy (&native.sin_addr, data, sizeof native.sin_addr);
  if (!peerup_socket_address_set_native (host, &native, sizeof native) || !is_one_host (host))
    *host = (PeerupSocketAddress) { 0 };
}

/* Requests */

static void
pcp_write_header (guint8 operation, guint32 lifetime, const PeerupSocketAddress *client, guint8 *data)
{
  data[0] = PCP_VERSION;
  data[1] = operation;
  peerup_store_be16 (data + 2, 0);
  peerup_store_be32 (data + 4, lifetime);
  write_host (client, client->any.sa_family == AF_INET, data + 8);
}

gsize
peerup_pcp_write_map (const PeerupPortMappingRequest *request, guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE])
{
  guint8 *map = data + PCP_HEADER_SIZE;

  g_return_val_if_fail (request->client.any.sa_family != AF_UNSPEC, 0);

  pcp_write_header (PCP_MAP, request->lifetime, &request->client, data);
  memcpy (map, request->nonce, PEERUP_PORT_MAPPING_NONCE_SIZE);
  peerup_store_be32 (map + 12, (guint32) request->protocol << 24);
  peerup_store_be16 (map + 16, request->port);
  peerup_store_be16 (map + 18, request->external_port);
  write_host (&request->external, request->client.any.sa_family == AF_INET, map + 20);
  return PCP_HEADER_SIZE + PCP_MAP_SIZE;
}

gsize
peerup_pcp_write_announce (const PeerupSocketAddress *client, guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE])
{
  pcp_write_header (PCP_ANNOUNCE, 0, client, data);
  return PCP_HEADER_SIZE;
}

gsize
peerup_nat_pmp_write_map (const PeerupPortMappingRequest *request, guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE])
{
  data[0] = NAT_PMP_VERSION;
  data[1] = request->protocol == IPPROTO_TCP ? NAT_PMP_MAP_TCP : NAT_PMP_MAP_UDP;
  peerup_store_be16 (data + 2, 0);
  peerup_store_be16 (data + 4, request->port);
  peerup_store_be16 (data + 6, request->external_port);
  peerup_store_be32 (data + 8, request->lifetime);
  return 12;
}

gsize
peerup_nat_pmp_write_address (guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE])
{
  data[0] = NAT_PMP_VERSION;
  data[1] = NAT_PMP_ADDRESS;
  return 2;
}

/* Answers */

static gboolean
refuse (GError **error, const char *what)
{
  if (error != NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The router's answer about ports %s", what);
  return FALSE;
}

static gboolean
pcp_parse (PeerupPortMappingAnswer *self, const guint8 *data, gsize length, GError **error)
{
  const guint8 *map = data + PCP_HEADER_SIZE;

  if (length < PCP_HEADER_SIZE || length % 4 != 0)
    return refuse (error, "is cut off");
  self->type = PEERUP_PORT_MAPPING_PCP_OTHER;
  self->result = data[3];
  self->lifetime = peerup_load_be32 (data + 4);
  self->epoch = peerup_load_be32 (data + 8);
  if (data[1] == (ANSWER | PCP_ANNOUNCE))
    self->type = PEERUP_PORT_MAPPING_PCP_ANNOUNCE;
  if (data[1] != (ANSWER | PCP_MAP) || length - PCP_HEADER_SIZE < PCP_MAP_SIZE)
    return self->result != PEERUP_PORT_MAPPING_SUCCESS || data[1] != (ANSWER | PCP_MAP) || refuse (error, "is cut off");
  self->type = PEERUP_PORT_MAPPING_PCP_MAP;
  memcpy (self->nonce, map, sizeof self->nonce);
  self->protocol = map[12];
  self->port = peerup_load_be16 (map + 16);
  self->external_port = peerup_load_be16 (map + 18);
  read_host6 (map + 20, &self->external);
  return TRUE;
}

static gboolean
nat_pmp_parse (PeerupPortMappingAnswer *self, const guint8 *data, gsize length, GError **error)
{
  guint8 operation = data[1] & ~ANSWER;

  if (length < NAT_PMP_ERROR_SIZE)
    return refuse (error, "is cut off");
  self->result = peerup_load_be16 (data + 2);
  self->epoch = peerup_load_be32 (data + 4);
  self->type = operation == NAT_PMP_ADDRESS ? PEERUP_PORT_MAPPING_NAT_PMP_ADDRESS : PEERUP_PORT_MAPPING_NAT_PMP_MAP;
  self->protocol = operation == NAT_PMP_MAP_TCP ? IPPROTO_TCP : operation == NAT_PMP_MAP_UDP ? IPPROTO_UDP : 0;
  if (self->result == PEERUP_PORT_MAPPING_SUCCESS && operation > NAT_PMP_MAP_TCP)
    return refuse (error, "is to something else");
  if (length < (operation == NAT_PMP_ADDRESS ? NAT_PMP_ADDRESS_SIZE : NAT_PMP_MAP_SIZE))
    return self->result != PEERUP_PORT_MAPPING_SUCCESS || refuse (error, "is cut off");
  if (operation == NAT_PMP_ADDRESS)
    {
      read_host4 (data + 8, &self->external);
      return TRUE;
    }
  self->port = peerup_load_be16 (data + 8);
  self->external_port = peerup_load_be16 (data + 10);
  self->lifetime = peerup_load_be32 (data + 12);
  return TRUE;
}

gboolean
peerup_port_mapping_answer_parse (PeerupPortMappingAnswer *answer, const guint8 *data, gsize length, GError **error)
{
  g_return_val_if_fail (answer != NULL && (data != NULL || length == 0), FALSE);

  *answer = (PeerupPortMappingAnswer) { 0 };
  if (length < 2 || length > PEERUP_PORT_MAPPING_ANSWER_MAX)
    return refuse (error, "has the wrong length");
  if ((data[1] & ANSWER) == 0)
    return refuse (error, "is a request");
  if (data[0] == PCP_VERSION)
    return pcp_parse (answer, data, length, error);
  if (data[0] == NAT_PMP_VERSION)
    return nat_pmp_parse (answer, data, length, error);
  return refuse (error, "is of another version");
}
