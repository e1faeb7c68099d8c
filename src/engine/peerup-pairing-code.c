/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a code and an offer say of this machine: at which relays it is found, and where it listens itself. Few
 * addresses, because a code is typed and drawn; the rest is found by those.
 */
#include "engine/peerup-engine-pairing-private.h"

#include "engine/peerup-engine-private.h"
#include "net/peerup-ip-global.h"

/* Of one relay; private ones of this machine. */
#define ADDRESSES_PER_RELAY 2
#define PRIVATE_MAX         2

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

static gboolean
is_udp (PeerupMultiaddr *address)
{
  return peerup_multiaddr_find (address, PEERUP_MULTIADDR_UDP, NULL);
}

/* Relays */

/* Whether @address of @relay says more than what @list has of the same relay. */
static gboolean
is_wanted (GPtrArray *list, PeerupMultiaddr *address, PeerupPeerId *relay, gboolean other_transport)
{
  guint n = 0;

  for (guint i = 0; i < list->len; i++)
    {
      g_autoptr (PeerupPeerId) peer = peerup_multiaddr_dup_peer_id (list->pdata[i]);

      if (!peerup_peer_id_equal (peer, relay))
        continue;
      if (peerup_multiaddr_equal (list->pdata[i], address) ||
          (other_transport && is_udp (list->pdata[i]) == is_udp (address)))
        return FALSE;
      n++;
    }
  return n < ADDRESSES_PER_RELAY;
}

static void
add_relays (GPtrArray *list, GPtrArray *candidates, guint max, gboolean other_transport)
{
  for (guint i = 0; i < candidates->len && list->len < max; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_multiaddr_dup_peer_id (candidates->pdata[i]);

      if (relay != NULL && is_wanted (list, candidates->pdata[i], relay, other_transport))
        g_ptr_array_add (list, peerup_multiaddr_ref (candidates->pdata[i]));
    }
}

static gboolean
is_reserved (PeerupEnginePairing *self, PeerupPeerId *relay)
{
  PeerupRelayClient *client = self->engine->relays;
  PeerupRelayInfo info;

  for (guint i = 0; i < peerup_relay_client_get_n_relays (client); i++)
    {
      peerup_relay_client_get_info (client, i, &info);
      if (!info.of_peer && info.state == PEERUP_RELAY_RESERVED && peerup_peer_id_equal (info.relay, relay))
        return TRUE;
    }
  return FALSE;
}

/* ".../p2p/RELAY/p2p-circuit" without its end; NULL for one of a peer that relays for us. */
static PeerupMultiaddr *
relay_of (PeerupEnginePairing *self, PeerupMultiaddr *relayed)
{
  g_autofree char *text = g_strdup (peerup_multiaddr_get_string (relayed));
  char *end = g_strrstr (text, "/p2p-circuit");
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (PeerupPeerId) relay = NULL;

  if (end == NULL)
    return NULL;
  *end = '\0';
  address = peerup_multiaddr_new_from_string (text, NULL);
  relay = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;
  return relay != NULL && is_reserved (self, relay) ? g_steal_pointer (&address) : NULL;
}

/* The best relay first; of each what the configuration says, which may be a name, before what the relay says. */
static GPtrArray *
dup_candidates (PeerupEnginePairing *self)
{
  g_autoptr (GPtrArray) relayed = peerup_relay_client_dup_addresses (self->engine->relays);
  GPtrArray *configured = peerup_config_get_relay_addresses (self->engine->config);
  GPtrArray *list = new_list ();

  for (guint i = 0; i < relayed->len; i++)
    {
      g_autoptr (PeerupMultiaddr) address = relay_of (self, relayed->pdata[i]);
      g_autoptr (PeerupPeerId) relay = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;

      for (guint j = 0; relay != NULL && j < configured->len; j++)
        {
          g_autoptr (PeerupPeerId) other = peerup_multiaddr_dup_peer_id (configured->pdata[j]);

          if (peerup_peer_id_equal (relay, other))
            g_ptr_array_add (list, peerup_multiaddr_ref (configured->pdata[j]));
        }
      if (address != NULL)
        g_ptr_array_add (list, g_steal_pointer (&address));
    }
  return list;
}

GPtrArray *
peerup_pairing_dup_relays (PeerupEnginePairing *self, guint max)
{
  g_autoptr (GPtrArray) candidates = dup_candidates (self);
  GPtrArray *list = new_list ();

  add_relays (list, candidates, max, TRUE);
  add_relays (list, candidates, max, FALSE);
  return list;
}

/* Addresses of our own */

typedef enum
{
  ADDRESS_GLOBAL,
  ADDRESS_PRIVATE,
  ADDRESS_LOOPBACK,
  ADDRESS_OTHER,
} AddressClass;

static AddressClass
classify (PeerupMultiaddr *address)
{
  PeerupMultiaddrComponent ip;

  if (!peerup_multiaddr_find (address, PEERUP_MULTIADDR_IP4, &ip) &&
      !peerup_multiaddr_find (address, PEERUP_MULTIADDR_IP6, &ip))
    return ADDRESS_OTHER;
  if (peerup_multiaddr_find (address, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL))
    return ADDRESS_OTHER;
  if (peerup_ip_is_global (ip.value, ip.length))
    return ADDRESS_GLOBAL;
  if (ip.length == 4 ? ip.value[0] == 127 : ip.value[0] == 0)
    return ADDRESS_LOOPBACK;
  if (ip.length == 16 && ip.value[0] == 0xfe)
    return ADDRESS_OTHER; /* link-local: of no use without the interface */
  return ADDRESS_PRIVATE;
}

static void
add_of_class (GPtrArray *list, GPtrArray *from, AddressClass class, guint max)
{
  guint n = 0;

  for (guint i = 0; i < from->len && n < max && list->len < PEERUP_CODE_ADDRESSES_MAX; i++)
    if (classify (from->pdata[i]) == class)
      {
        g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (from->pdata[i]);

        g_ptr_array_add (list, g_steal_pointer (&bare));
        n++;
      }
}

/* Loopback only where there is nothing else: for programs of one machine. */
static GPtrArray *
dup_addresses (PeerupEnginePairing *self)
{
  g_autoptr (GPtrArray) announced = peerup_swarm_dup_announced_addresses (self->swarm);
  GPtrArray *list = new_list ();

  add_of_class (list, announced, ADDRESS_GLOBAL, 2);
  add_of_class (list, announced, ADDRESS_PRIVATE, PRIVATE_MAX);
  if (list->len == 0)
    add_of_class (list, announced, ADDRESS_LOOPBACK, PRIVATE_MAX);
  return list;
}

/* Together */

PeerupInviteCode *
peerup_pairing_make_code (PeerupEnginePairing *self, guint number, GBytes *secret, gboolean left)
{
  PeerupInviteCode *code = peerup_invite_code_new (PEERUP_CODE_LONG);

  code->number = number;
  code->secret = g_bytes_ref (secret);
  code->inviter = peerup_peer_id_ref (peerup_pairing_get_own_id (self));
  g_clear_pointer (&code->relays, g_ptr_array_unref);
  code->relays = peerup_pairing_dup_relays (self, PEERUP_CODE_RELAYS_MAX);
  g_clear_pointer (&code->addresses, g_ptr_array_unref);
  code->addresses = dup_addresses (self);
  code->network = g_strdup (peerup_pairing_get_network (self));
  code->left = left;
  return code;
}

static char *
clean_name (const char *name)
{
  return peerup_pairing_name_sanitize (name, strlen (name));
}

char *
peerup_engine_pairing_dup_machine_name (void)
{
  return clean_name (g_get_host_name ());
}

PeerupPairingOffer *
peerup_pairing_make_offer (PeerupEnginePairing *self, const char *name, const char *const *services)
{
  g_autofree char *clean = name != NULL ? clean_name (name) : peerup_engine_pairing_dup_machine_name ();
  PeerupPairingOffer *offer = peerup_pairing_offer_new (clean);

  offer->guest = services != NULL;
  if (services != NULL)
    {
      g_strfreev (offer->services);
      offer->services = g_strdupv ((char **) services);
    }
  offer->until = G_MAXINT64;
  g_clear_pointer (&offer->relays, g_ptr_array_unref);
  offer->relays = peerup_pairing_dup_relays (self, PEERUP_PAIRING_ADDRESSES_MAX);
  return offer;
}
