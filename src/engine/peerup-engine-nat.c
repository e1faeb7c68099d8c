/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Looks at what is between this machine and the internet: soon after the start, after each change of the network,
 * when relays come that can tell what the others could not, and again while nobody answers. Lives from the start
 * to the end of a run. It judges nothing itself: peerup-nat-behaviour.h says what answers mean, and
 * peerup-reach-grade.h what that is worth.
 */
#include "engine/peerup-engine-private.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-nat-servers.h"
#include "engine/peerup-engine-nat.h"
#include "engine/peerup-reach-grade.h"
#include "nat/peerup-nat-measure.h"
#include "nat/peerup-nat-meter.h"
#include "nat/peerup-port-mapping.h"
#include "transport/quic/peerup-quic.h"

/* Microseconds of quiet before it looks, so that one look is enough for a network that comes up bit by bit. */
#define SETTLE_TIME ((gint64) 300000)
/* Until it asks again those who have not answered: each time twice as long. */
#define RETRY_TIME     (15 * (gint64) G_USEC_PER_SEC)
#define RETRY_TIME_MAX (600 * (gint64) G_USEC_PER_SEC)

/* What is known of one IP version. */
typedef struct
{
  int family;
  PeerupNatMeasure *measure; /* NULL: nobody is being asked */
  PeerupNatFacts facts;
  PeerupSocketAddress servers[PEERUP_ENGINE_NAT_SERVERS_MAX]; /* that were asked last */
  guint n_servers;
  gboolean is_asked;               /* they have answered, or not */
  PeerupSocketAddress seen_before; /* what was mapped at the last measurement, of this network or another */
} Side;

typedef struct
{
  PeerupEngineNatFunc func;
  gpointer data;
} Watcher;

struct _PeerupEngineNat
{
  PeerupEngine *engine; /* owns this */
  Side sides[2];
  PeerupPortMapping *mapping;  /* NULL: routers are not asked for anything */
  PeerupPortMapping *given_up; /* NULL, or was switched off and is telling the router */
  DexFuture *giving_up;        /* frees it then, unless it is dropped */
  PeerupNatMeter *meter;       /* of IPv4, where the NATs are */
  PeerupTimer look;
  gint64 retry_time;
  GPtrArray *listening; /* of PeerupMultiaddr: where, at the last look */
  GArray *watchers;     /* of Watcher */
  const PeerupReachVerdict *verdict;
  GStrv forwarded; /* as it was logged last */
};

/* What we have */

static gboolean
is_loopback (const PeerupSocketAddress *address)
{
  if (address->any.sa_family == AF_INET)
    return g_ntohl (address->ip4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  return IN6_IS_ADDR_LOOPBACK (&address->ip6.sin6_addr);
}

/* (nullable): the socket of @family that others outside of this machine can reach. */
static PeerupStunSocket *
nat_get_socket (PeerupEngineNat *self, int family)
{
  for (guint i = 0; i < peerup_engine_stun_get_n_sockets (self->engine->stun); i++)
    {
      PeerupStunSocket *socket = peerup_engine_stun_get_socket (self->engine->stun, i);
      PeerupSocketAddress bound;

      peerup_udp_socket_get_address (peerup_stun_socket_get_udp (socket), &bound);
      if (bound.any.sa_family == family && !is_loopback (&bound))
        return socket;
    }
  return NULL;
}

static Side *
nat_get_side (PeerupEngineNat *self, int family)
{
  return &self->sides[family == AF_INET ? 0 : 1];
}

/* Where we listen, on networks that others are on. */
static GPtrArray *
nat_dup_listening (PeerupEngineNat *self)
{
  g_autoptr (GPtrArray) all = peerup_swarm_dup_listen_addresses (self->engine->swarm);
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < all->len; i++)
    {
      g_auto (PeerupEndpoint) endpoint = { 0 };
      PeerupSocketAddress address;

      if (peerup_endpoint_parse (all->pdata[i], &endpoint, NULL) &&
          peerup_endpoint_get_socket_address (&endpoint, &address) && !is_loopback (&address) &&
          !peerup_socket_address_is_link_local (&address))
        g_ptr_array_add (result, peerup_multiaddr_ref (all->pdata[i]));
    }
  return result;
}

static gboolean
has_same_addresses (GPtrArray *a, GPtrArray *b)
{
  guint n = 0;

  while (n < a->len && n < b->len && peerup_multiaddr_equal (a->pdata[n], b->pdata[n]))
    n++;
  return n == a->len && n == b->len;
}

/* What routers forward */

static gboolean
is_global (const PeerupSocketAddress *address)
{
  g_autoptr (PeerupMultiaddr) multiaddr = peerup_socket_address_to_multiaddr (address, PEERUP_IP_QUIC);

  return multiaddr != NULL && peerup_reachability_is_global (multiaddr);
}

guint
peerup_engine_nat_list_mappings (PeerupEngineNat *self, PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX])
{
  return self->mapping != NULL ? peerup_port_mapping_list (self->mapping, infos) : 0;
}

/* A router that says it forwards an address of the internet at which nobody sees us is wrong, or has another router
 * before it. */
static gboolean
nat_believes (PeerupEngineNat *self, const PeerupPortMappingInfo *info)
{
  const PeerupSocketAddress *external = &info->mapped.external;
  const PeerupSocketAddress *seen = &nat_get_side (self, external->any.sa_family)->facts.mapped;

  return is_global (external) &&
         (seen->any.sa_family == AF_UNSPEC || peerup_socket_address_is_same_host (external, seen));
}

/* Every transport that listens on a port which is forwarded, where others find it. */
static void
nat_add_forwarded (PeerupEngineNat *self, const PeerupPortMappingInfo *info, GPtrArray *addresses)
{
  for (guint i = 0; i < self->listening->len; i++)
    {
      g_auto (PeerupEndpoint) endpoint = { 0 };
      g_autoptr (PeerupMultiaddr) address = NULL;

      if (!peerup_endpoint_parse (self->listening->pdata[i], &endpoint, NULL) || endpoint.port != info->mapped.port ||
          (endpoint.transport == PEERUP_IP_QUIC) != (info->mapped.protocol == IPPROTO_UDP))
        continue;
      address = peerup_socket_address_to_multiaddr (&info->mapped.external, endpoint.transport);
      if (!g_ptr_array_find_with_equal_func (addresses, address, peerup_multiaddr_equal, NULL) &&
          !g_ptr_array_find_with_equal_func (self->listening, address, peerup_multiaddr_equal, NULL))
        g_ptr_array_add (addresses, g_steal_pointer (&address));
    }
}

/* (transfer full): the addresses that are forwarded to us. */
static GPtrArray *
nat_dup_forwarded (PeerupEngineNat *self)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX];
  guint n = peerup_engine_nat_list_mappings (self, infos);

  for (guint i = 0; i < n; i++)
    if (nat_believes (self, &infos[i]))
      nat_add_forwarded (self, &infos[i], addresses);
  return addresses;
}

static gboolean
nat_is_forwarded (PeerupEngineNat *self)
{
  PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX];
  guint n = peerup_engine_nat_list_mappings (self, infos);

  for (guint i = 0; i < n; i++)
    if (nat_believes (self, &infos[i]))
      return TRUE;
  return FALSE;
}

/* The ports that others may want to reach. */
static void
nat_map_ports (PeerupEngineNat *self)
{
  PeerupPortMapped ports[PEERUP_PORT_MAPPER_PORTS_MAX] = { 0 };
  guint n = 0;

  if (self->mapping == NULL)
    return;
  for (guint i = 0; i < self->listening->len; i++)
    {
      g_auto (PeerupEndpoint) endpoint = { 0 };
      guint8 protocol;
      guint known = 0;

      if (!peerup_endpoint_parse (self->listening->pdata[i], &endpoint, NULL))
        continue;
      protocol = endpoint.transport == PEERUP_IP_QUIC ? IPPROTO_UDP : IPPROTO_TCP;
      while (known < n && (ports[known].port != endpoint.port || ports[known].protocol != protocol))
        known++;
      if (known < n || n == G_N_ELEMENTS (ports))
        continue;
      ports[n].protocol = protocol;
      ports[n++].port = endpoint.port;
    }
  peerup_port_mapping_set_ports (self->mapping, ports, n);
}

/* What is known */

/* (transfer full) (nullable): where the side's socket is seen by everybody alike. */
static PeerupMultiaddr *
side_dup_mapped (const Side *self)
{
  return self->facts.mapping == PEERUP_NAT_ENDPOINT_INDEPENDENT
           ? peerup_socket_address_to_multiaddr (&self->facts.mapped, PEERUP_IP_QUIC)
           : NULL;
}

/* What was measured, with what happened: who was reached there by a stranger lets anybody in, and what a
 * router says of its own outside. */
static void
nat_get_facts (PeerupEngineNat *self, const Side *side, PeerupNatFacts *facts)
{
  PeerupReachability *reachability = peerup_engine_peer_relay_get_reachability (self->engine->peer_relay);
  g_autoptr (GPtrArray) reached = peerup_reachability_dup_addresses (reachability);
  g_autoptr (PeerupMultiaddr) mapped = side_dup_mapped (side);
  PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX];
  guint n = peerup_engine_nat_list_mappings (self, infos);

  *facts = side->facts;
  if (side->family == AF_INET && facts->has_nat)
    facts->lifetime = peerup_nat_lifetime_get (peerup_nat_meter_get_lifetime (self->meter));
  if (mapped != NULL && g_ptr_array_find_with_equal_func (reached, mapped, peerup_multiaddr_equal, NULL))
    facts->filtering = PEERUP_NAT_ENDPOINT_INDEPENDENT;
  for (guint i = 0; i < n; i++)
    facts->is_shared |=
      infos[i].mapped.external.any.sa_family == side->family && peerup_nat_is_shared (&infos[i].mapped.external);
}

/* Where we say that we can be reached: what is forwarded, and a mapping that lets anybody in. */
static void
nat_announce (PeerupEngineNat *self)
{
  g_autoptr (GPtrArray) addresses = nat_dup_forwarded (self);

  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    {
      g_autoptr (PeerupMultiaddr) mapped = side_dup_mapped (&self->sides[i]);
      PeerupNatFacts facts;

      nat_get_facts (self, &self->sides[i], &facts);
      if (mapped != NULL && facts.has_nat && facts.filtering == PEERUP_NAT_ENDPOINT_INDEPENDENT &&
          is_global (&facts.mapped) &&
          !g_ptr_array_find_with_equal_func (addresses, mapped, peerup_multiaddr_equal, NULL))
        g_ptr_array_add (addresses, g_steal_pointer (&mapped));
    }
  peerup_swarm_set_mapped_addresses (self->engine->swarm, addresses);
}

static void
nat_get_view (PeerupEngineNat *self, PeerupReachView *view)
{
  PeerupEngine *engine = self->engine;

  *view = (PeerupReachView) {
    .has_network = self->listening->len > 0,
    .has_relays = peerup_relay_client_get_n_relays (engine->relays) > 0,
    .is_connected = peerup_engine_nat_is_connected (engine),
    .was_reached = peerup_reachability_is_confirmed (peerup_engine_peer_relay_get_reachability (engine->peer_relay)),
    .was_asked = (self->sides[0].is_asked || self->sides[1].is_asked) && self->sides[0].measure == NULL &&
                 self->sides[1].measure == NULL,
    .is_forwarded = nat_is_forwarded (self),
  };
  nat_get_facts (self, &self->sides[0], &view->ip4);
  nat_get_facts (self, &self->sides[1], &view->ip6);
}

static const char *
get_word (PeerupNatBehaviour behaviour)
{
  static const char *const words[] = { "unknown", "endpoint-independent", "address-dependent",
                                       "address-and-port-dependent" };

  return words[behaviour];
}

static char *
format_facts (const PeerupNatFacts *facts)
{
  g_autofree char *local = peerup_socket_address_to_string (&facts->local);
  g_autofree char *mapped = peerup_socket_address_to_string (&facts->mapped);

  if (facts->mapped.any.sa_family == AF_UNSPEC)
    return g_strdup ("not seen by anybody");
  return g_strdup_printf ("%s seen as %s, mapping %s, filtering %s%s%s, step %d", local, mapped,
                          get_word (facts->mapping), get_word (facts->filtering),
                          facts->keeps_port ? ", port kept" : "", facts->is_shared ? ", shared" : "", facts->port_step);
}

static void
nat_log_facts (PeerupEngineNat *self, const Side *side)
{
  g_autofree char *facts = format_facts (&side->facts);

  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "IPv%d: %s", side->family == AF_INET ? 4 : 6, facts);
}

/* For those who look for direct paths. */
static void
nat_tell_paths (PeerupEngineNat *self)
{
  g_autoptr (GPtrArray) addresses = peerup_engine_nat_dup_addresses (self);
  PeerupSocketAddress servers[2 * PEERUP_ENGINE_NAT_SERVERS_MAX];
  PeerupNatFacts facts;
  guint n = 0;

  if (self->engine->paths == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    for (guint j = 0; self->sides[i].facts.mapped.any.sa_family != AF_UNSPEC && j < self->sides[i].n_servers; j++)
      servers[n++] = self->sides[i].servers[j];
  nat_get_facts (self, &self->sides[0], &facts);
  peerup_engine_paths_set_nat (self->engine->paths, self->sides[0].is_asked ? &facts : NULL, addresses, servers, n);
}

/* Something has changed that others may ask for. */
static void
nat_tell (PeerupEngineNat *self)
{
  const PeerupReachVerdict *before = self->verdict;
  PeerupReachView view;

  nat_announce (self);
  nat_get_view (self, &view);
  self->verdict = peerup_reach_grade (&view);
  if (self->verdict != before && self->verdict->grade != PEERUP_REACH_UNKNOWN)
    peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "Reachability %c: %s",
                       'A' + (self->verdict->grade - PEERUP_REACH_A), self->verdict->sentence);
  nat_tell_paths (self);
  for (guint i = 0; i < self->watchers->len; i++)
    {
      const Watcher *watcher = &g_array_index (self->watchers, Watcher, i);

      watcher->func (self, watcher->data);
    }
}

/* The grade depends on more than what is measured. */
static void
nat_judge (PeerupEngineNat *self)
{
  PeerupReachView view;

  nat_get_view (self, &view);
  if (peerup_reach_grade (&view) != self->verdict)
    nat_tell (self);
}

/* Looking */

static void
nat_look_in (PeerupEngineNat *self, gint64 delay)
{
  peerup_timer_set (&self->look, g_get_monotonic_time () + delay);
}

/* Whether another look could tell more than the last one. */
static gboolean
side_could_know_more (const Side *self)
{
  return self->facts.mapped.any.sa_family == AF_UNSPEC || self->facts.mapping == PEERUP_NAT_UNKNOWN ||
         self->facts.filtering == PEERUP_NAT_UNKNOWN;
}

static gboolean
side_has_asked (const Side *self, const PeerupSocketAddress *server)
{
  for (guint i = 0; i < self->n_servers; i++)
    if (peerup_socket_address_equal (&self->servers[i], server))
      return TRUE;
  return FALSE;
}

/* How long a mapping lasts is worth knowing where there is a NAT and somebody is connected through it. */
static void
nat_review_meter (PeerupEngineNat *self, gboolean anew)
{
  const Side *side = &self->sides[0];
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);
  gboolean wanted = side->facts.has_nat && side->n_servers > 0 && connections->len > 0;

  if (!wanted)
    peerup_nat_meter_stop (self->meter);
  else if (anew || (!peerup_nat_meter_is_running (self->meter) &&
                    !peerup_nat_lifetime_is_known (peerup_nat_meter_get_lifetime (self->meter))))
    peerup_nat_meter_start (self->meter, &side->servers[0]);
}

static void
on_measured (PeerupNatMeasure *measure, const PeerupNatFacts *facts, gpointer data)
{
  PeerupEngineNat *self = data;
  Side *side = &self->sides[self->sides[0].measure == measure ? 0 : 1];
  PeerupSocketAddress before;

  g_clear_pointer (&side->measure, peerup_nat_measure_free);
  before = side->seen_before;
  side->facts = *facts;
  side->seen_before = facts->mapped;
  side->is_asked = TRUE;
  if (facts->mapped.any.sa_family == AF_UNSPEC)
    {
      nat_look_in (self, self->retry_time);
      self->retry_time = MIN (2 * self->retry_time, RETRY_TIME_MAX);
    }
  else
    self->retry_time = RETRY_TIME;
  nat_log_facts (self, side);
  if (side->family == AF_INET)
    nat_review_meter (self, !peerup_socket_address_is_same_host (&before, &facts->mapped));
  nat_tell (self);
}

/* @anew: what is known is of another network. */
static void
nat_measure (PeerupEngineNat *self, Side *side, gboolean anew)
{
  PeerupStunSocket *socket = nat_get_socket (self, side->family);
  PeerupSocketAddress servers[PEERUP_ENGINE_NAT_SERVERS_MAX];
  guint n = peerup_engine_nat_list_servers (self->engine, side->family, FALSE, servers);
  gboolean has_new = FALSE;

  for (guint i = 0; i < n; i++)
    has_new |= !side_has_asked (side, &servers[i]);
  if (socket == NULL || n == 0 ||
      !(anew || side->facts.mapped.any.sa_family == AF_UNSPEC || (has_new && side_could_know_more (side))))
    return;
  g_clear_pointer (&side->measure, peerup_nat_measure_free);
  memcpy (side->servers, servers, sizeof servers);
  side->n_servers = n;
  side->measure = peerup_nat_measure_new (socket, servers, n, on_measured, self);
}

static void
nat_forget (PeerupEngineNat *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    {
      Side *side = &self->sides[i];

      g_clear_pointer (&side->measure, peerup_nat_measure_free);
      side->facts = (PeerupNatFacts) { 0 };
      side->n_servers = 0;
      side->is_asked = FALSE;
    }
  self->retry_time = RETRY_TIME;
}

/* A socket that is given up asks nobody any more. */
static void
on_socket_leaves (PeerupStunSocket *socket, gpointer data)
{
  nat_forget (data);
}

static void
on_look (gpointer data)
{
  PeerupEngineNat *self = data;
  GPtrArray *listening = nat_dup_listening (self);
  gboolean anew = !has_same_addresses (listening, self->listening);

  g_ptr_array_unref (self->listening);
  self->listening = listening;
  if (anew)
    nat_forget (self);
  nat_map_ports (self);
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    nat_measure (self, &self->sides[i], anew);
  nat_review_meter (self, FALSE);
  nat_judge (self);
}

/* What happens */

static void
on_addresses_changed (PeerupSwarm *swarm, gpointer data)
{
  nat_look_in (data, SETTLE_TIME);
}

static void
on_relay_changed (PeerupRelayClient *relays, PeerupPeerId *relay, gpointer data)
{
  nat_look_in (data, SETTLE_TIME);
}

static void
on_reachability_changed (PeerupReachability *reachability, gpointer data)
{
  nat_tell (data);
}

static void
on_lifetime (PeerupNatMeter *meter, gpointer data)
{
  gint64 lifetime = peerup_nat_lifetime_get (peerup_nat_meter_get_lifetime (meter));
  const PeerupEngineNat *self = data;

  peerup_engine_say (self->engine, G_LOG_LEVEL_INFO,
                     "The router keeps a mapping that is not used for %" G_GINT64_FORMAT " s at least",
                     lifetime / (gint64) G_USEC_PER_SEC);
  nat_tell (data);
}

/* (transfer full): one line for each port that is forwarded. */
static GStrv
nat_describe_forwarded (PeerupEngineNat *self)
{
  PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX];
  guint n = peerup_engine_nat_list_mappings (self, infos);
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *external = peerup_socket_address_to_string (&infos[i].mapped.external);

      g_strv_builder_take (lines, g_strdup_printf (_ ("The router forwards %s %s to port %u, by %s%s"),
                                                   infos[i].mapped.protocol == IPPROTO_TCP ? "TCP" : "UDP", external,
                                                   infos[i].mapped.port, infos[i].by,
                                                   nat_believes (self, &infos[i])
                                                     ? ""
                                                     : _ ("; others see this computer elsewhere")));
    }
  return g_strv_builder_end (lines);
}

static void
on_mapping_changed (PeerupPortMapping *mapping, gpointer data)
{
  PeerupEngineNat *self = data;
  GStrv lines = nat_describe_forwarded (self);

  for (guint i = 0; lines[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) self->forwarded, lines[i]))
      peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "%s", lines[i]);
  if (lines[0] == NULL && self->forwarded[0] != NULL)
    peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "The router no longer forwards anything");
  g_strfreev (self->forwarded);
  self->forwarded = lines;
  nat_tell (self);
}

void
peerup_engine_nat_changed (PeerupEngineNat *self)
{
  nat_forget (self);
  nat_look_in (self, SETTLE_TIME);
  nat_tell (self);
}

/* Answers */

void
peerup_engine_nat_watch (PeerupEngineNat *self, PeerupEngineNatFunc func, gpointer data)
{
  Watcher watcher = { func, data };

  g_array_append_val (self->watchers, watcher);
}

void
peerup_engine_nat_unwatch (PeerupEngineNat *self, gpointer data)
{
  for (guint i = self->watchers->len; i > 0; i--)
    if (g_array_index (self->watchers, Watcher, i - 1).data == data)
      g_array_remove_index (self->watchers, i - 1);
}

void
peerup_engine_nat_get_facts (PeerupEngineNat *self, int family, PeerupNatFacts *facts)
{
  g_return_if_fail (family == AF_INET || family == AF_INET6);

  nat_get_facts (self, nat_get_side (self, family), facts);
}

PeerupReachGrade
peerup_engine_nat_get_grade (PeerupEngineNat *self)
{
  return self->verdict->grade;
}

static guint16
nat_get_port (PeerupEngineNat *self)
{
  PeerupStunSocket *socket = nat_get_socket (self, AF_INET);
  PeerupSocketAddress bound;

  if (socket == NULL)
    socket = nat_get_socket (self, AF_INET6);
  if (socket == NULL)
    return 0;
  peerup_udp_socket_get_address (peerup_stun_socket_get_udp (socket), &bound);
  return peerup_socket_address_get_port (&bound);
}

char *
peerup_engine_nat_dup_sentence (PeerupEngineNat *self)
{
  return peerup_reach_format (_ (self->verdict->sentence), nat_get_port (self));
}

char *
peerup_engine_nat_dup_advice (PeerupEngineNat *self)
{
  return self->verdict->advice != NULL ? peerup_reach_format (_ (self->verdict->advice), nat_get_port (self)) : NULL;
}

GPtrArray *
peerup_engine_nat_dup_addresses (PeerupEngineNat *self)
{
  GPtrArray *addresses = nat_dup_forwarded (self);

  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    {
      g_autoptr (PeerupMultiaddr) mapped = side_dup_mapped (&self->sides[i]);

      if (mapped != NULL && !g_ptr_array_find_with_equal_func (addresses, mapped, peerup_multiaddr_equal, NULL))
        g_ptr_array_add (addresses, g_steal_pointer (&mapped));
    }
  return addresses;
}

gint64
peerup_engine_nat_get_keep_alive (PeerupEngineNat *self)
{
  gint64 measured = peerup_nat_lifetime_get_keep_alive (peerup_nat_meter_get_lifetime (self->meter));

  return measured > 0 && self->sides[0].facts.has_nat ? measured : PEERUP_QUIC_KEEP_ALIVE;
}

/* Life */

PeerupEngineNat *
peerup_engine_nat_new (PeerupEngine *engine)
{
  PeerupEngineNat *self = g_new0 (PeerupEngineNat, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  PeerupReachability *reachability = peerup_engine_peer_relay_get_reachability (engine->peer_relay);
  PeerupReachView nothing = { .has_network = TRUE, .has_relays = TRUE };

  self->engine = engine;
  self->sides[0].family = AF_INET;
  self->sides[1].family = AF_INET6;
  self->retry_time = RETRY_TIME;
  self->listening = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->watchers = g_array_new (FALSE, FALSE, sizeof (Watcher));
  self->verdict = peerup_reach_grade (&nothing);
  self->forwarded = g_new0 (char *, 1);
  peerup_timer_init (&self->look, reactor, on_look, self);
  self->meter = peerup_nat_meter_new (on_lifetime, self);
  peerup_engine_nat_apply (self, engine->config);
  peerup_engine_stun_set_leave_func (engine->stun, on_socket_leaves, self);
  g_signal_connect (engine->swarm, "addresses-changed", G_CALLBACK (on_addresses_changed), self);
  g_signal_connect (engine->relays, "changed", G_CALLBACK (on_relay_changed), self);
  g_signal_connect (reachability, "changed", G_CALLBACK (on_reachability_changed), self);
  return self;
}

static void
nat_drop_given_up (PeerupEngineNat *self)
{
  dex_clear (&self->giving_up);
  g_clear_pointer (&self->given_up, peerup_port_mapping_free);
}

/* The router knows, or does not answer. */
static DexFuture *
on_given_up (DexFuture *future, gpointer data)
{
  PeerupEngineNat *self = data;

  g_clear_pointer (&self->given_up, peerup_port_mapping_free);
  return NULL;
}

void
peerup_engine_nat_apply (PeerupEngineNat *self, PeerupConfig *config)
{
  /* A relay's address is the owner's choice. */
  gboolean wanted = peerup_config_get_port_mapping (config) && !(self->engine->flags & PEERUP_ENGINE_RELAY);

  if (wanted == (self->mapping != NULL))
    return;
  if (wanted)
    {
      self->mapping = peerup_port_mapping_new (on_mapping_changed, self);
      nat_map_ports (self);
      return;
    }
  nat_drop_given_up (self);
  self->given_up = g_steal_pointer (&self->mapping);
  self->giving_up = dex_future_finally (peerup_port_mapping_stop (self->given_up), on_given_up, self, NULL);
  on_mapping_changed (self->given_up, self);
}

DexFuture *
peerup_engine_nat_stop (PeerupEngineNat *self)
{
  return self->mapping != NULL ? peerup_port_mapping_stop (self->mapping) : dex_future_new_true ();
}

void
peerup_engine_nat_free (PeerupEngineNat *self)
{
  PeerupReachability *reachability = peerup_engine_peer_relay_get_reachability (self->engine->peer_relay);

  g_signal_handlers_disconnect_by_data (self->engine->swarm, self);
  g_signal_handlers_disconnect_by_data (self->engine->relays, self);
  g_signal_handlers_disconnect_by_data (reachability, self);
  nat_forget (self);
  peerup_engine_stun_set_leave_func (self->engine->stun, NULL, NULL);
  g_clear_pointer (&self->mapping, peerup_port_mapping_free);
  nat_drop_given_up (self);
  peerup_nat_meter_free (self->meter);
  peerup_timer_clear (&self->look);
  g_array_unref (self->watchers);
  g_ptr_array_unref (self->listening);
  g_strfreev (self->forwarded);
  g_free (self);
}
