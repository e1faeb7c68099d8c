/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which of several connections to a peer is the better one. There are two orders. The rank is the same on both
 * sides, so it may decide which of two is given up. The order of use is the rank with what one side alone knows
 * before it, silence: it decides where new streams go, and closes nothing. */

#include "swarm/peerup-swarm-private.h"

/* The kinds of paths, worst first. */
typedef enum
{
  KIND_LIMITED,
  KIND_RELAYED,
  KIND_PUNCHED,
  KIND_IP4,
  KIND_IP6,
  KIND_NEAR_IP4,
  KIND_NEAR_IP6,
} Kind;

/* More than any kind comes to. */
#define RETIRED_RANK 64

static gboolean
is_near_ip4 (const guint8 *bytes)
{
  return bytes[0] == 10 || bytes[0] == 127 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) ||
         (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254);
}

/* ::1, fe80::/10, fc00::/7. */
static gboolean
is_near_ip6 (const guint8 *bytes)
{
  static const guint8 loopback[16] = { [15] = 1 };

  return memcmp (bytes, loopback, sizeof loopback) == 0 || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) ||
         (bytes[0] & 0xfe) == 0xfc;
}

/* Of a direct path to @address, which may be NULL. */
static Kind
kind_of_address (PeerupMultiaddr *address)
{
  PeerupMultiaddrComponent component;

  if (address == NULL || peerup_multiaddr_get_n_components (address) == 0)
    return KIND_IP4;
  peerup_multiaddr_get_component (address, 0, &component);
  if (component.code == PEERUP_MULTIADDR_IP6ZONE)
    return KIND_NEAR_IP6;
  if (component.code == PEERUP_MULTIADDR_IP6)
    return is_near_ip6 (component.value) ? KIND_NEAR_IP6 : KIND_IP6;
  return component.code == PEERUP_MULTIADDR_IP4 && is_near_ip4 (component.value) ? KIND_NEAR_IP4 : KIND_IP4;
}

static Kind
kind_of_connection (PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  if (info->limited)
    return KIND_LIMITED;
  if (peerup_swarm_is_relayed (connection))
    return KIND_RELAYED;
  return info->punched ? KIND_PUNCHED : kind_of_address (info->remote_address);
}

static Kind
kind_of_candidate (const PeerupDialCandidate *candidate)
{
  const PeerupEndpoint *endpoint = &candidate->endpoint;
  gboolean is_ip6, is_near;

  if (candidate->relayed)
    return KIND_RELAYED;
  is_ip6 = endpoint->family == PEERUP_MULTIADDR_IP6 || endpoint->family == PEERUP_MULTIADDR_DNS6;
  is_near = peerup_endpoint_get_scope (endpoint) != PEERUP_SCOPE_PUBLIC;
  if (is_near)
    return is_ip6 ? KIND_NEAR_IP6 : KIND_NEAR_IP4;
  return is_ip6 ? KIND_IP6 : KIND_IP4;
}

static int
rank (PeerupSwarm *self, PeerupPeerId *peer, Kind kind, gboolean quic, gboolean outbound)
{
  gboolean ours_smaller = peerup_peer_id_compare (peerup_swarm_get_peer_id (self), peer) < 0;

  return (int) kind * PEERUP_SWARM_RANK_KIND + (quic ? PEERUP_SWARM_RANK_KIND / 2 : 0) +
         (outbound == ours_smaller ? 1 : 0);
}

int
peerup_swarm_rank (PeerupSwarm *self, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  gboolean quic = g_str_equal (info->transport, "quic-v1");

  return rank (self, info->remote_peer, kind_of_connection (connection), quic, info->outbound) -
         (peerup_connection_is_retired (connection) ? RETIRED_RANK : 0);
}

int
peerup_swarm_rank_dialed (PeerupSwarm *self, PeerupPeerId *peer, const PeerupDialCandidate *candidate)
{
  gboolean quic = !candidate->relayed && candidate->endpoint.transport == PEERUP_IP_QUIC;

  return rank (self, peer, kind_of_candidate (candidate), quic, TRUE);
}

gboolean
peerup_swarm_may_outdo (PeerupSwarm *self, const PeerupDialCandidate *candidate, PeerupConnection *connection)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);

  return peerup_swarm_rank_dialed (self, peer, candidate) / 2 > peerup_swarm_rank (self, connection) / 2;
}

/* The order of use */

/* Worst of all is what is retired, then what is silent; within each, newer before older. */
static int
get_doubt (PeerupConnection *connection)
{
  return peerup_connection_is_retired (connection) ? 2 : peerup_connection_is_silent (connection) ? 1 : 0;
}

static int
compare_connections (gconstpointer a, gconstpointer b, gpointer data)
{
  PeerupConnection *x = *(PeerupConnection **) a, *y = *(PeerupConnection **) b;
  int difference = get_doubt (x) - get_doubt (y);
  gint64 age = peerup_connection_get_opened_at (y) - peerup_connection_get_opened_at (x);

  if (difference == 0)
    difference = peerup_swarm_rank (data, y) - peerup_swarm_rank (data, x);
  return difference != 0 ? difference : (age > 0) - (age < 0);
}

static void
extend (GPtrArray *result, GPtrArray *list)
{
  g_ptr_array_extend (result, list, (GCopyFunc) (void (*) (void)) g_object_ref, NULL);
}

GPtrArray *
peerup_swarm_dup_connections (PeerupSwarm *self, PeerupPeerId *peer)
{
  GPtrArray *result = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer list;

  if (peer != NULL)
    {
      list = g_hash_table_lookup (self->connections, peer);
      if (list != NULL)
        extend (result, list);
    }
  else
    {
      g_hash_table_iter_init (&iter, self->connections);
      while (g_hash_table_iter_next (&iter, NULL, &list))
        extend (result, list);
    }
  g_ptr_array_sort_with_data (result, compare_connections, self);
  return result;
}

PeerupConnection *
peerup_swarm_best_connection (PeerupSwarm *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self, peer);

  return list->len > 0 && get_doubt (list->pdata[0]) == 0 ? list->pdata[0] : NULL;
}

/* A direct connection is never a limited one: it comes first, if there is one. */
PeerupConnection *
peerup_swarm_best_direct (PeerupSwarm *self, PeerupPeerId *peer)
{
  PeerupConnection *best = peerup_swarm_best_connection (self, peer);

  return best != NULL && !peerup_swarm_is_relayed (best) ? best : NULL;
}

PeerupConnection *
peerup_swarm_best_silent (PeerupSwarm *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self, peer);

  return list->len > 0 && get_doubt (list->pdata[0]) == 1 ? list->pdata[0] : NULL;
}

gboolean
peerup_swarm_supersedes (PeerupSwarm *self, PeerupConnection *better, PeerupConnection *worse)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (worse);
  int difference = peerup_swarm_rank (self, better) - peerup_swarm_rank (self, worse);
  gint64 age = peerup_connection_get_opened_at (better) - peerup_connection_get_opened_at (worse);

  if (get_doubt (better) > 0 || peerup_connection_is_retired (worse))
    return FALSE;
  if (peerup_swarm_is_relayed (worse) && !peerup_swarm_is_relayed (better))
    return TRUE;
  /* Should the two sides not see the same order, at least never both are given up. */
  return peerup_peer_id_compare (peerup_swarm_get_peer_id (self), peer) < 0 &&
         (difference > 0 || (difference == 0 && age > 0));
}
