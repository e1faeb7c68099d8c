/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * TXT records of libp2p's discovery (discovery/mdns.md): each string is dnsaddr= and an address with the peer's ID at
 * its end, or, of invites, n= and a number. Some programs send a record for each address, others all in one. Bounded in
 * all directions; decides nothing about what is true. */

#include "mdns/peerup-mdns-claim.h"

#include <string.h>

#define ADDRESS_KEY "dnsaddr="
#define NUMBER_KEY  "n="

void
peerup_mdns_claim_free (PeerupMdnsClaim *self)
{
  peerup_peer_id_unref (self->peer);
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

gboolean
peerup_mdns_claim_has_number (const PeerupMdnsClaim *self, guint number)
{
  for (guint i = 0; i < self->n_numbers; i++)
    if (self->numbers[i] == number)
      return TRUE;
  return FALSE;
}

/* The transport, from component 1 on: /tcp/… or /udp/…/quic-v1, and nothing behind it but /p2p. */
static gboolean
get_port (PeerupMultiaddr *address, guint16 *port)
{
  PeerupMultiaddrComponent component;
  guint n = peerup_multiaddr_get_n_components (address);
  gboolean is_udp;

  if (n < 2)
    return FALSE;
  peerup_multiaddr_get_component (address, 1, &component);
  is_udp = component.code == PEERUP_MULTIADDR_UDP;
  if (!is_udp && component.code != PEERUP_MULTIADDR_TCP)
    return FALSE;
  *port = component.value[0] << 8 | component.value[1];
  for (guint i = 2; i < n; i++)
    {
      gboolean is_quic = is_udp && i == 2;

      peerup_multiaddr_get_component (address, i, &component);
      if (component.code != (is_quic ? PEERUP_MULTIADDR_QUIC_V1 : PEERUP_MULTIADDR_P2P) || (!is_quic && i + 1 < n))
        return FALSE;
    }
  return *port != 0 && (!is_udp || n > 2);
}

static gboolean
is_one_machine (const PeerupSocketAddress *address)
{
  const guint8 *ip4 = (const guint8 *) &address->ip4.sin_addr;

  if (peerup_socket_address_is_wildcard (address) || peerup_socket_address_is_link_local (address))
    return FALSE;
  if (address->any.sa_family == AF_INET)
    return ip4[0] != 0 && ip4[0] != 127 && ip4[0] < 224;
  return !IN6_IS_ADDR_LOOPBACK (&address->ip6.sin6_addr) && !IN6_IS_ADDR_MULTICAST (&address->ip6.sin6_addr);
}

gboolean
peerup_mdns_address_get (PeerupMultiaddr *address, PeerupSocketAddress *result)
{
  struct sockaddr_in6 ip6 = { .sin6_family = AF_INET6 };
  struct sockaddr_in ip4 = { .sin_family = AF_INET };
  PeerupMultiaddrComponent host;
  gboolean is_native = FALSE;
  guint16 port;

  if (!get_port (address, &port))
    return FALSE;
  peerup_multiaddr_get_component (address, 0, &host);
  if (host.code == PEERUP_MULTIADDR_IP4)
    {
      memcpy (&ip4.sin_addr, host.value, sizeof ip4.sin_addr);
      is_native = peerup_socket_address_set_native (result, &ip4, sizeof ip4);
    }
  else if (host.code == PEERUP_MULTIADDR_IP6)
    {
      memcpy (&ip6.sin6_addr, host.value, sizeof ip6.sin6_addr);
      is_native = peerup_socket_address_set_native (result, &ip6, sizeof ip6) && result->any.sa_family == AF_INET6;
    }
  if (!is_native || !is_one_machine (result))
    return FALSE;
  peerup_socket_address_set_port (result, port);
  return TRUE;
}

/* Reading */

/* What stands behind @key in a string; NULL: it is another. */
static char *
get_value (const guint8 *string, gsize length, const char *key)
{
  gsize n = strlen (key);

  if (length <= n || g_ascii_strncasecmp ((const char *) string, key, n) != 0 || memchr (string, 0, length) != NULL)
    return NULL;
  return g_strndup ((const char *) string + n, length - n);
}

static void
claim_add_address (PeerupMdnsClaim *self, PeerupMultiaddr *address)
{
  g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (address);
  PeerupSocketAddress ignored;

  if (bare != NULL && self->addresses->len < PEERUP_MDNS_ADDRESSES_MAX && peerup_mdns_address_get (bare, &ignored) &&
      !g_ptr_array_find_with_equal_func (self->addresses, bare, peerup_multiaddr_equal, NULL))
    g_ptr_array_add (self->addresses, g_steal_pointer (&bare));
}

static void
claim_add_number (PeerupMdnsClaim *self, const char *text)
{
  guint64 number;

  if (self->n_numbers < PEERUP_MDNS_NUMBERS_MAX &&
      g_ascii_string_to_unsigned (text, 10, 1, PEERUP_MDNS_NUMBER_MAX, &number, NULL) &&
      !peerup_mdns_claim_has_number (self, number))
    self->numbers[self->n_numbers++] = number;
}

/* NULL: there are too many. */
static PeerupMdnsClaim *
ensure_claim (GPtrArray *claims, PeerupPeerId *peer, guint32 ttl)
{
  PeerupMdnsClaim *claim;

  for (guint i = 0; i < claims->len; i++)
    {
      claim = claims->pdata[i];
      if (peerup_peer_id_equal (claim->peer, peer))
        return claim;
    }
  if (claims->len == PEERUP_MDNS_CLAIMS_MAX)
    return NULL;
  claim = g_new0 (PeerupMdnsClaim, 1);
  claim->peer = peerup_peer_id_ref (peer);
  claim->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  claim->ttl = ttl;
  g_ptr_array_add (claims, claim);
  return claim;
}

/* Its own peer is the one that it names first. */
static PeerupMdnsClaim *
read_addresses (GPtrArray *claims, const PeerupMdnsRecord *record)
{
  PeerupReader reader = PEERUP_READER_INIT (record->data, record->length);
  PeerupMdnsClaim *claim = NULL;
  const guint8 *string;
  gsize length;

  while (peerup_mdns_text_next (&reader, &string, &length))
    {
      g_autofree char *text = get_value (string, length, ADDRESS_KEY);
      g_autoptr (PeerupMultiaddr) address = text != NULL ? peerup_multiaddr_new_from_string (text, NULL) : NULL;
      g_autoptr (PeerupPeerId) peer = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;

      if (peer == NULL)
        continue;
      if (claim == NULL)
        claim = ensure_claim (claims, peer, record->ttl);
      if (claim == NULL)
        return NULL;
      if (peerup_peer_id_equal (claim->peer, peer))
        claim_add_address (claim, address);
    }
  return claim;
}

static void
read_numbers (PeerupMdnsClaim *claim, const PeerupMdnsRecord *record)
{
  PeerupReader reader = PEERUP_READER_INIT (record->data, record->length);
  const guint8 *string;
  gsize length;

  while (peerup_mdns_text_next (&reader, &string, &length))
    {
      g_autofree char *text = get_value (string, length, NUMBER_KEY);

      if (text != NULL)
        claim_add_number (claim, text);
    }
}

GPtrArray *
peerup_mdns_claims_read (const PeerupMdnsMessage *message, const PeerupMdnsName *service)
{
  GPtrArray *claims = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_mdns_claim_free);
  PeerupMdnsCursor cursor;
  PeerupMdnsRecord record;

  peerup_mdns_cursor_init (&cursor, message);
  while (peerup_mdns_cursor_next_record (&cursor, &record))
    {
      PeerupMdnsClaim *claim;

      if (record.type != PEERUP_MDNS_TXT || !peerup_mdns_name_is_child (&record.name, service))
        continue;
      claim = read_addresses (claims, &record);
      if (claim != NULL)
        read_numbers (claim, &record);
    }
  return claims;
}
